package dev.culvert.uapi;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.IpText;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Writes a peer's lines of a `get`, one after the other: `key=value` and LF. Makes no object for a peer
/// without a session, since there are tens of thousands of them. Never for secrets: what it has written stays
/// in its array.
final class AnswerLine {
    static final byte[] PUBLIC_KEY = ascii("public_key=");
    static final byte[] NO_PRESHARED_KEY = ascii("preshared_key=" + "0".repeat(2 * UapiValues.KEY_BYTES));
    static final byte[] PROTOCOL_VERSION = ascii("protocol_version=");
    static final byte[] LAST_HANDSHAKE_SEC = ascii("last_handshake_time_sec=");
    static final byte[] LAST_HANDSHAKE_NSEC = ascii("last_handshake_time_nsec=");
    static final byte[] TX_BYTES = ascii("tx_bytes=");
    static final byte[] RX_BYTES = ascii("rx_bytes=");
    static final byte[] KEEPALIVE = ascii("persistent_keepalive_interval=");
    static final byte[] ALLOWED_IP = ascii("allowed_ip=");

    /// The longest key and the longest value, a public key.
    private static final int BYTES_MAX = 128;

    private final ByteBuffer target;
    private final byte[] line = new byte[BYTES_MAX];
    private int length;

    /// @param target has room for [#BYTES_MAX] bytes whenever a line ends
    AnswerLine(ByteBuffer target) {
        this.target = target;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /// @param key with its `=`
    AnswerLine key(byte[] key) {
        length = 0;
        return text(key);
    }

    private AnswerLine text(byte[] text) {
        System.arraycopy(text, 0, line, length, text.length);
        length += text.length;
        return this;
    }

    AnswerLine hex(PublicKey key) {
        key.writeHex(line, length);
        length += 2 * PublicKey.BYTES;
        return this;
    }

    AnswerLine prefix(AllowedIp prefix) {
        length = IpText.write(prefix, line, length);
        return this;
    }

    /// Unsigned.
    AnswerLine number(long value) {
        if (value >= 0 && value < 10) {
            line[length++] = (byte) ('0' + value);
            return this;
        }
        return text(ascii(Long.toUnsignedString(value)));
    }

    void end() {
        line[length++] = '\n';
        target.put(line, 0, length);
    }
}
