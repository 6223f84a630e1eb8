package dev.culvert.wire;

import dev.culvert.crypto.PublicKey;

/// The response, 92 bytes (paper section 5.4.3). Callers have checked length and type.
///
/// ```
/// offset  bytes
///      0      4  type 2, little-endian
///      4      4  sender index
///      8      4  receiver index: the initiation's sender index
///     12     32  ephemeral public key
///     44     16  sealed nothing (0 + 16)
///     60     16  mac1 over 0..59
///     76     16  mac2 over 0..75, or zeros
/// ```
public final class HandshakeResponse {
    public static final int BYTES = 92;

    public static final int SENDER_INDEX = 4;
    public static final int RECEIVER_INDEX = 8;
    public static final int EPHEMERAL = 12;
    public static final int SEALED_NOTHING = 44;
    public static final int SEALED_NOTHING_BYTES = 16;
    public static final int MAC1 = 60;
    public static final int MAC2 = 76;

    private HandshakeResponse() {}

    /// Writes the type and the three reserved zeros.
    public static void writeType(byte[] message) {
        LittleEndian.putInt(message, 0, MessageType.RESPONSE.code());
    }

    public static int senderIndex(byte[] message) {
        return LittleEndian.intAt(message, SENDER_INDEX);
    }

    public static void writeSenderIndex(byte[] message, int index) {
        LittleEndian.putInt(message, SENDER_INDEX, index);
    }

    public static int receiverIndex(byte[] message) {
        return LittleEndian.intAt(message, RECEIVER_INDEX);
    }

    public static void writeReceiverIndex(byte[] message, int index) {
        LittleEndian.putInt(message, RECEIVER_INDEX, index);
    }

    public static PublicKey ephemeral(byte[] message) {
        return PublicKey.fromBytes(message, EPHEMERAL);
    }
}
