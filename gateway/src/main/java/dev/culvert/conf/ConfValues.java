package dev.culvert.conf;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.IpText;
import java.util.regex.Pattern;

/// What may stand behind the `=` of one key: wg(8)'s config.c and wg-quick(8), value by value. Called by the
/// sections.
final class ConfValues {
    static final String ZERO_KEY = "A".repeat(43) + '=';

    private static final int MTU_MIN = 68;
    private static final int MTU_MAX = 65535;
    private static final Pattern TABLE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})");
    private static final Pattern SEARCH_DOMAIN = Pattern.compile("~?[A-Za-z0-9_.-]{1,253}|~");
    private static final Pattern DNS_SERVER = Pattern.compile("[0-9.]+|.*:.*");

    private ConfValues() {}

    static PrivateKey privateKey(String value) throws BadValue {
        try {
            return PrivateKey.fromBase64(value);
        } catch (IllegalArgumentException e) {
            throw keyError(ConfKey.PRIVATE_KEY, e, "`culvert genkey` prints one");
        }
    }

    static PublicKey publicKey(String value) throws BadValue {
        try {
            return PublicKey.fromBase64(value);
        } catch (IllegalArgumentException e) {
            throw keyError(ConfKey.PUBLIC_KEY, e, "`culvert pubkey` makes one of a private key");
        }
    }

    static PresharedKey presharedKey(String value) throws BadValue {
        try {
            return PresharedKey.fromBase64(value);
        } catch (IllegalArgumentException e) {
            throw keyError(ConfKey.PRESHARED_KEY, e, "`culvert genpsk` prints one");
        }
    }

    private static BadValue keyError(ConfKey key, IllegalArgumentException cause, String advice) {
        return new BadValue(key.text + " is not a key: " + cause.getMessage() + "; " + advice);
    }

    /// A number or the name of a UDP service.
    static int port(String value, String what) throws BadValue {
        int port = IpText.parseDecimal(value, 0, value.length(), 65535);
        if (port < 0) {
            port = ServiceNames.ofSystem().port(value);
        }
        if (port < 0) {
            throw new BadValue(what + " is " + Redaction.quote(value, value)
                    + "; a number from 0 to 65535 would be right, or the name of a UDP service in /etc/services");
        }
        return port;
    }

    static int fwMark(String value) throws BadValue {
        if (value.equalsIgnoreCase("off")) {
            return 0;
        }
        boolean hex = value.startsWith("0x");
        try {
            String digits = hex ? value.substring(2) : value;
            if (!digits.isEmpty() && Character.digit(digits.charAt(0), 16) >= 0) {
                return Integer.parseUnsignedInt(digits, hex ? 16 : 10);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new BadValue("FwMark is " + Redaction.quote(value, value)
                + "; `off`, a number up to 4294967295, or 0x and hexadecimal digits would be right");
    }

    static int keepalive(String value) throws BadValue {
        if (value.equalsIgnoreCase("off")) {
            return 0;
        }
        int seconds = IpText.parseDecimal(value, 0, value.length(), 65535);
        if (seconds < 0) {
            throw new BadValue("PersistentKeepalive is " + Redaction.quote(value, value)
                    + "; `off` or seconds from 0 to 65535 would be right");
        }
        return seconds;
    }

    static int mtu(String value) throws BadValue {
        int mtu = IpText.parseDecimal(value, 0, value.length(), MTU_MAX);
        if (mtu < MTU_MIN) {
            throw new BadValue("MTU is " + Redaction.quote(value, value) + "; a number from " + MTU_MIN + " to "
                    + MTU_MAX + " would be right, 1420 is usual");
        }
        return mtu;
    }

    static WgQuickFile.Table table(String value) throws BadValue {
        boolean digits = value.chars().allMatch(c -> c >= '0' && c <= '9');
        if (digits
                ? value.length() > 10 || Long.parseLong(value) > 0xffff_ffffL
                : !TABLE_NAME.matcher(value).matches()) {
            throw new BadValue("Table is " + Redaction.quote(value, value)
                    + "; `off`, `auto`, a number up to 4294967295 or a name in /etc/iproute2/rt_tables would be right");
        }
        return new WgQuickFile.Table(value);
    }

    static boolean saveConfig(String value) throws BadValue {
        if (value.equalsIgnoreCase("true")) {
            return true;
        }
        if (value.equalsIgnoreCase("false")) {
            return false;
        }
        throw new BadValue("SaveConfig is " + Redaction.quote(value, value) + "; `true` or `false` would be right");
    }

    /// An interface address; its text is kept, host bits and all.
    static String address(String token, String whole) throws BadValue {
        if (IpText.parsePrefix(token) == null) {
            throw new BadValue("Address has " + Redaction.quote(token, whole)
                    + ", which is not an IP address; 10.0.0.1/24 or fd00::1/64 would be right");
        }
        return token;
    }

    static boolean isDnsServer(String token, String whole) throws BadValue {
        if (DNS_SERVER.matcher(token).matches()) {
            if (IpText.parse(token) == null) {
                throw new BadValue("DNS has " + Redaction.quote(token, whole)
                        + ", which is not an IP address; 10.0.0.1 or fd00::1 would be right, or a search domain");
            }
            return true;
        }
        if (!SEARCH_DOMAIN.matcher(token).matches()) {
            throw new BadValue("DNS has " + Redaction.quote(token, whole)
                    + ", which is neither an IP address nor a search domain; 10.0.0.1 or example.com would be right");
        }
        return false;
    }

    /// `host:port` with the last colon, or `[host]:port`.
    static EndpointText endpoint(String value) throws BadValue {
        String shown = "Endpoint is " + Redaction.quote(value, value);
        int hostEnd;
        String host;
        if (value.startsWith("[")) {
            hostEnd = value.indexOf(']') + 1;
            if (hostEnd == 0) {
                throw new BadValue(shown + ", without the closing bracket; [fd00::1]:51820 would be right");
            }
            host = value.substring(1, hostEnd - 1);
        } else {
            hostEnd = value.lastIndexOf(':');
            host = value.substring(0, Math.max(0, hostEnd));
        }
        if (hostEnd <= 0 || hostEnd >= value.length() - 1 || value.charAt(hostEnd) != ':') {
            throw new BadValue(shown + ", without a port; " + (host.isEmpty() ? "vpn.example.com" : "the same")
                    + " with a colon and a port (51820 is usual) at its end would be right");
        }
        int percent = host.indexOf('%');
        String bare = percent < 0 ? host : host.substring(0, percent);
        if (host.indexOf(':') >= 0
                ? IpText.parse(bare) == null
                : !HOST.matcher(bare).matches()) {
            throw new BadValue(shown + "; a name or an address, a colon and a port would be right:"
                    + " vpn.example.com:51820, 192.0.2.1:51820 or [2001:db8::1]:51820");
        }
        return new EndpointText(host, port(value.substring(hostEnd + 1), "the port of Endpoint"));
    }
}
