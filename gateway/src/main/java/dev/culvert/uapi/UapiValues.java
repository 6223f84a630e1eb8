package dev.culvert.uapi;

import dev.culvert.device.AllowedIp;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/// The texts of values: decimal numbers, hex keys, addresses. Readers throw [UapiException] with EINVAL.
final class UapiValues {
    static final int KEY_BYTES = 32;
    private static final Pattern IPV4 = Pattern.compile("(0|[1-9]\\d{0,2})(\\.(0|[1-9]\\d{0,2})){3}");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,10}");

    private UapiValues() {}

    private static UapiException invalid() {
        return new UapiException(UapiException.EINVAL);
    }

    /// Decimal digits only, 0..max.
    static long number(String text, long max) throws UapiException {
        if (!NUMBER.matcher(text).matches()) {
            throw invalid();
        }
        long value = Long.parseLong(text);
        if (value > max) {
            throw invalid();
        }
        return value;
    }

    static void mustBeTrue(String text) throws UapiException {
        if (!text.equals("true")) {
            throw invalid();
        }
    }

    /// 64 hex digits, of either case, straight from the line's bytes: a key never becomes a String here.
    static byte[] key(byte[] line, int from, int to) throws UapiException {
        if (to - from != 2 * KEY_BYTES) {
            throw invalid();
        }
        byte[] key = new byte[KEY_BYTES];
        for (int i = 0; i < KEY_BYTES; i++) {
            int high = Character.digit(line[from + 2 * i], 16);
            int low = Character.digit(line[from + 2 * i + 1], 16);
            if (high < 0 || low < 0) {
                throw invalid();
            }
            key[i] = (byte) (high << 4 | low);
        }
        return key;
    }

    /// Java's own parser wants the interface of a zone to have such an address; wg(8) only wants it to be there.
    private static InetAddress zoned(String text) throws UapiException {
        int percent = text.indexOf('%');
        if (percent < 0) {
            return address(text);
        }
        try {
            NetworkInterface zone = NetworkInterface.getByName(text.substring(percent + 1));
            if (zone == null || !(address(text.substring(0, percent)) instanceof Inet6Address v6)) {
                throw invalid();
            }
            return Inet6Address.getByAddress(null, v6.getAddress(), zone.getIndex());
        } catch (SocketException | UnknownHostException e) {
            throw invalid();
        }
    }

    /// As inet_pton(3) takes them: names are never resolved here, "1.2" and "010.1.1.1" are no addresses, and an
    /// IPv4-mapped IPv6 address stays one.
    private static InetAddress address(String text) throws UapiException {
        boolean ipv6 = text.indexOf(':') >= 0;
        if (ipv6
                ? text.startsWith("[") || text.indexOf('%') >= 0
                : !IPV4.matcher(text).matches()) {
            throw invalid();
        }
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        if (bytes == null || bytes.length != (ipv6 ? 16 : 4)) {
            throw invalid();
        }
        return AllowedIp.of(bytes, bytes.length * 8).address();
    }

    /// `IP:PORT` or `[IP6]:PORT`, with a zone where there is one.
    static InetSocketAddress endpoint(String text) throws UapiException {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw invalid();
        }
        String host = text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (bracketed) {
            host = host.substring(1, host.length() - 1);
        }
        if (bracketed != host.contains(":")) {
            throw invalid();
        }
        return new InetSocketAddress(zoned(host), (int) number(text.substring(colon + 1), 65_535));
    }

    /// `IP/CIDR`.
    static AllowedIp prefix(String text) throws UapiException {
        int slash = text.indexOf('/');
        if (slash < 1) {
            throw invalid();
        }
        byte[] address = address(text.substring(0, slash)).getAddress();
        int bits = address.length * 8;
        return AllowedIp.of(address, (int) number(text.substring(slash + 1), bits));
    }

    static String text(AllowedIp prefix) {
        return NetUtil.toAddressString(prefix.address()) + "/" + prefix.length();
    }

    static String text(InetSocketAddress endpoint) {
        InetAddress host = endpoint.getAddress();
        if (!(host instanceof Inet6Address v6)) {
            return host.getHostAddress() + ":" + endpoint.getPort();
        }
        String zone = v6.getScopeId() == 0 ? "" : "%" + zone(v6.getScopeId());
        return "[" + NetUtil.toAddressString(v6) + zone + "]:" + endpoint.getPort();
    }

    private static String zone(int index) {
        try {
            NetworkInterface networkInterface = NetworkInterface.getByIndex(index);
            return networkInterface == null ? Integer.toString(index) : networkInterface.getName();
        } catch (SocketException e) {
            return Integer.toString(index);
        }
    }
}
