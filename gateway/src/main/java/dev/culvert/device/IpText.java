package dev.culvert.device;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Addresses and prefixes as text, strictly as inet_pton(3) reads and inet_ntop(3) writes them: `010.0.0.1`,
/// `10.1` and names are no addresses here. Called by whoever reads or prints configuration; never asks a name
/// server, and keeps no state.
@AnyThread
public final class IpText {
    /// What the text of a prefix takes at most: eight groups of four digits, their colons, and `/128`.
    public static final int PREFIX_BYTES_MAX = 43;

    private static final int GROUPS = 8;

    private IpText() {}

    /// 4 or 16 bytes in network order, or null if the text is not an address.
    public static byte @Nullable [] parse(String text) {
        return text.indexOf(':') >= 0 ? parseV6(text) : parseV4(text);
    }

    /// A prefix; without a `/` it is one address. Host bits are masked. Null if the text is none.
    public static @Nullable AllowedIp parsePrefix(String text) {
        int slash = text.indexOf('/');
        byte[] address = parse(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            return null;
        }
        int lengthMax = 8 * address.length;
        int length = slash < 0 ? lengthMax : parseDecimal(text, slash + 1, text.length(), lengthMax);
        return length < 0 ? null : AllowedIp.of(address, length);
    }

    /// Whether the bits of `address` behind the prefix length are not all zero.
    public static boolean hasHostBits(byte[] address, int length) {
        AllowedIp whole = AllowedIp.of(address, 8 * address.length);
        AllowedIp masked = AllowedIp.of(address, length);
        return whole.hi() != masked.hi() || whole.lo() != masked.lo();
    }

    /// `address/length`.
    public static String format(AllowedIp prefix) {
        byte[] text = new byte[PREFIX_BYTES_MAX];
        return new String(text, 0, write(prefix, text, 0), StandardCharsets.ISO_8859_1);
    }

    /// The address alone.
    public static String formatAddress(AllowedIp prefix) {
        byte[] text = new byte[PREFIX_BYTES_MAX];
        return new String(text, 0, writeAddress(prefix, text, 0), StandardCharsets.ISO_8859_1);
    }

    /// Writes what [#format] gives, without making an object: lists are long.
    ///
    /// @param target has room for [#PREFIX_BYTES_MAX] bytes from `at`
    /// @return where the text ends
    public static int write(AllowedIp prefix, byte[] target, int at) {
        int slash = writeAddress(prefix, target, at);
        target[slash] = '/';
        return writeDecimal(prefix.length(), target, slash + 1);
    }

    /// `1.2.3.4:5` or `[fe80::1%eth0]:5`.
    public static String format(InetSocketAddress endpoint) {
        InetAddress address = endpoint.getAddress();
        byte[] bytes = address.getAddress();
        String text = formatAddress(AllowedIp.of(bytes, 8 * bytes.length));
        if (address instanceof Inet6Address v6) {
            return '[' + text + zone(v6.getScopeId()) + "]:" + endpoint.getPort();
        }
        return text + ':' + endpoint.getPort();
    }

    /// An address with an optional zone after `%`, or null if the text is not one or its zone is no interface
    /// here.
    public static @Nullable InetAddress parseScoped(String text) {
        int percent = text.indexOf('%');
        byte[] bytes = parse(percent < 0 ? text : text.substring(0, percent));
        if (bytes == null || percent >= 0 && (bytes.length != 16 || percent == text.length() - 1)) {
            return null;
        }
        try {
            if (percent < 0) {
                return InetAddress.getByAddress(bytes);
            }
            int scope = scope(text.substring(percent + 1));
            return scope <= 0 ? null : Inet6Address.getByAddress(null, bytes, scope);
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /// An endpoint as the UAPI writes it, or null if the text is none.
    public static @Nullable InetSocketAddress parseEndpoint(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            return null;
        }
        boolean bracketed = text.charAt(0) == '[' && text.charAt(colon - 1) == ']';
        String host = bracketed ? text.substring(1, colon - 1) : text.substring(0, colon);
        InetAddress address = bracketed == host.indexOf(':') >= 0 ? parseScoped(host) : null;
        int port = parseDecimal(text, colon + 1, text.length(), 65535);
        return address == null || port < 0 ? null : new InetSocketAddress(address, port);
    }

    /// An interface's number, by name or as it is; 0 if there is none of that name.
    private static int scope(String zone) {
        int number = parseDecimal(zone, 0, zone.length(), Integer.MAX_VALUE / 10 - 1);
        try {
            NetworkInterface link = number >= 0 ? null : NetworkInterface.getByName(zone);
            return number >= 0 ? number : link == null ? 0 : link.getIndex();
        } catch (SocketException e) {
            return 0;
        }
    }

    private static String zone(int scope) {
        if (scope == 0) {
            return "";
        }
        try {
            NetworkInterface link = NetworkInterface.getByIndex(scope);
            return link == null ? "%" + scope : '%' + link.getName();
        } catch (SocketException e) {
            return "%" + scope;
        }
    }

    /// Decimal digits only, or -1.
    public static int parseDecimal(String text, int from, int to, int max) {
        if (from >= to) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
            if (value > max) {
                return -1;
            }
        }
        return value;
    }

    private static byte @Nullable [] parseV4(String text) {
        byte[] bytes = new byte[4];
        return parseV4(text, 0, bytes, 0) ? bytes : null;
    }

    private static boolean parseV4(String text, int from, byte[] target, int offset) {
        int at = from;
        for (int i = 0; i < 4; i++) {
            int end = i < 3 ? text.indexOf('.', at) : text.length();
            if (end < 0 || end - at > 3 || end - at > 1 && text.charAt(at) == '0') {
                return false;
            }
            int octet = parseDecimal(text, at, end, 255);
            if (octet < 0) {
                return false;
            }
            target[offset + i] = (byte) octet;
            at = end + 1;
        }
        return true;
    }

    private static byte @Nullable [] parseV6(String text) {
        byte[] bytes = new byte[16];
        int filled = 0;
        int gapAt = -1;
        int at = 0;
        if (text.startsWith("::")) {
            gapAt = 0;
            at = 2;
        } else if (text.startsWith(":")) {
            return null;
        }
        while (at < text.length()) {
            int colon = text.indexOf(':', at);
            int end = colon < 0 ? text.length() : colon;
            if (colon < 0 && text.indexOf('.', at) >= 0) {
                if (filled > 12 || !parseV4(text, at, bytes, filled)) {
                    return null;
                }
                filled += 4;
                break;
            }
            int group = parseGroup(text, at, end);
            if (group < 0 || filled == 16) {
                return null;
            }
            bytes[filled++] = (byte) (group >>> 8);
            bytes[filled++] = (byte) group;
            if (colon < 0) {
                break;
            }
            at = colon + 1;
            if (at < text.length() && text.charAt(at) == ':') {
                if (gapAt >= 0) {
                    return null;
                }
                gapAt = filled;
                at++;
            } else if (at == text.length()) {
                return null;
            }
        }
        return closeGap(bytes, filled, gapAt);
    }

    private static byte @Nullable [] closeGap(byte[] bytes, int filled, int gapAt) {
        if (gapAt < 0) {
            return filled == 16 ? bytes : null;
        }
        if (filled == 16) {
            return null;
        }
        byte[] whole = new byte[16];
        System.arraycopy(bytes, 0, whole, 0, gapAt);
        System.arraycopy(bytes, gapAt, whole, 16 - (filled - gapAt), filled - gapAt);
        return whole;
    }

    private static int parseGroup(String text, int from, int to) {
        if (from >= to || to - from > 4) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            int digit = c < 128 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private static int writeAddress(AllowedIp prefix, byte[] target, int at) {
        return prefix.ipv6()
                ? writeV6(prefix.hi(), prefix.lo(), target, at)
                : writeV4((int) (prefix.hi() >>> 32), target, at);
    }

    private static int writeV4(int address, byte[] target, int at) {
        int end = at;
        for (int shift = 24; shift >= 0; shift -= 8) {
            end = writeDecimal(address >>> shift & 0xff, target, end);
            target[end++] = '.';
        }
        return end - 1; // without the last dot
    }

    /// @param value 0..999
    private static int writeDecimal(int value, byte[] target, int at) {
        int end = at;
        if (value >= 100) {
            target[end++] = (byte) ('0' + value / 100);
        }
        if (value >= 10) {
            target[end++] = (byte) ('0' + value / 10 % 10);
        }
        target[end++] = (byte) ('0' + value % 10);
        return end;
    }

    private static int group(long hi, long lo, int index) {
        return (int) ((index < 4 ? hi >>> (48 - 16 * index) : lo >>> (112 - 16 * index)) & 0xffff);
    }

    private static int writeV6(long hi, long lo, byte[] target, int at) {
        int bestAt = -1;
        int bestLength = 1;
        for (int i = 0; i < GROUPS; i++) {
            int end = i;
            while (end < GROUPS && group(hi, lo, end) == 0) {
                end++;
            }
            if (end - i > bestLength) {
                bestAt = i;
                bestLength = end - i;
            }
            i = Math.max(i, end - 1);
        }
        boolean endsInV4 = bestAt == 0 && (bestLength == 6 || bestLength == 5 && group(hi, lo, 5) == 0xffff);
        int groups = endsInV4 ? 6 : GROUPS;
        int end = at;
        for (int i = 0; i < groups; i++) {
            if (i == bestAt) {
                target[end++] = ':';
                target[end++] = ':';
                i += bestLength - 1;
                continue;
            }
            end = writeGroup(group(hi, lo, i), target, end);
            if (i + 1 < GROUPS && i + 1 != bestAt) {
                target[end++] = ':';
            }
        }
        return endsInV4 ? writeV4((int) lo, target, end) : end;
    }

    /// Hexadecimal, without leading zeros.
    private static int writeGroup(int group, byte[] target, int at) {
        int end = at;
        for (int shift = 12; shift >= 0; shift -= 4) {
            if (group >>> shift != 0 || shift == 0) {
                target[end++] = (byte) Character.forDigit(group >>> shift & 0xf, 16);
            }
        }
        return end;
    }
}
