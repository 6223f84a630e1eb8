package dev.culvert.uapi;

import dev.culvert.device.AllowedIp;
import dev.culvert.device.IpText;
import java.net.InetSocketAddress;
import java.util.regex.Pattern;

/// The texts of values: decimal numbers, hex keys, addresses. Readers throw [UapiException] with EINVAL.
final class UapiValues {
    static final int KEY_BYTES = 32;
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

    /// `IP:PORT` or `[IP6]:PORT`, with a zone where there is one.
    static InetSocketAddress endpoint(String text) throws UapiException {
        InetSocketAddress endpoint = IpText.parseEndpoint(text);
        if (endpoint == null) {
            throw invalid();
        }
        return endpoint;
    }

    /// `IP/CIDR`.
    static AllowedIp prefix(String text) throws UapiException {
        AllowedIp prefix = text.indexOf('/') < 0 ? null : IpText.parsePrefix(text);
        if (prefix == null) {
            throw invalid();
        }
        return prefix;
    }
}
