package dev.culvert.crypto;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/// The two texts of a 32-byte key: base64 as wg(8) writes it (44 characters, one `=`, the unused low bits zero) and hex
/// as the UAPI does.
/// Messages never quote the text: it may be a secret.
final class KeyText {
    static final int KEY_BYTES = 32;

    private KeyText() {}

    static byte[] fromBase64(String text) {
        if (text.length() != 44 || text.charAt(43) != '=') {
            throw new IllegalArgumentException(
                    "a key is 44 characters of base64 that end in '=', this text has " + text.length());
        }
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            // The decoder's message quotes the offending character of what may be a secret: not chained on purpose.
            throw new IllegalArgumentException("a key is 44 characters of base64, this text has others"); // NOPMD
        }
        if (bytes.length != KEY_BYTES
                || !Base64.getEncoder().encodeToString(bytes).equals(text)) {
            Arrays.fill(bytes, (byte) 0);
            throw new IllegalArgumentException("the last character of the key has bits that no key has");
        }
        return bytes;
    }

    static byte[] fromHex(String text) {
        if (text.length() != 2 * KEY_BYTES) {
            throw new IllegalArgumentException("a key is 64 hexadecimal digits, this text has " + text.length());
        }
        for (int i = 0; i < text.length(); i++) {
            if (!HexFormat.isHexDigit(text.charAt(i))) {
                throw new IllegalArgumentException("a key is 64 hexadecimal digits, this text has others");
            }
        }
        return HexFormat.of().parseHex(text);
    }

    static String toBase64(byte[] key) {
        return Base64.getEncoder().encodeToString(key);
    }

    static void writeHex(byte[] key, ByteBuffer target) {
        for (byte b : key) {
            target.put((byte) Character.forDigit(b >> 4 & 0xf, 16));
            target.put((byte) Character.forDigit(b & 0xf, 16));
        }
    }

    static String toHex(byte[] key) {
        return HexFormat.of().formatHex(key);
    }
}
