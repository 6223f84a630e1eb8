package dev.culvert.wire;

/// The cookie reply, 64 bytes (paper section 5.4.7). It bears no macs. Callers have checked length and type.
///
/// ```
/// offset  bytes
///      0      4  type 3, little-endian
///      4      4  receiver index: the sender index of the message answered
///      8     24  nonce
///     32     32  sealed cookie (16 + 16)
/// ```
public final class CookieReply {
    public static final int BYTES = 64;

    public static final int RECEIVER_INDEX = 4;
    public static final int NONCE = 8;
    public static final int NONCE_BYTES = 24;
    public static final int SEALED_COOKIE = 32;
    public static final int SEALED_COOKIE_BYTES = 32;
    public static final int COOKIE_BYTES = 16;

    private CookieReply() {}

    /// Writes the type and the three reserved zeros.
    public static void writeType(byte[] message) {
        LittleEndian.putInt(message, 0, MessageType.COOKIE_REPLY.code());
    }

    public static int receiverIndex(byte[] message) {
        return LittleEndian.intAt(message, RECEIVER_INDEX);
    }

    public static void writeReceiverIndex(byte[] message, int index) {
        LittleEndian.putInt(message, RECEIVER_INDEX, index);
    }
}
