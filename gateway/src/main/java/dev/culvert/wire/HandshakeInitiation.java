package dev.culvert.wire;

import dev.culvert.crypto.PublicKey;

/// The initiation, 148 bytes (paper section 5.4.2). Callers have checked length and type.
///
/// ```
/// offset  bytes
///      0      4  type 1, little-endian
///      4      4  sender index
///      8     32  ephemeral public key
///     40     48  sealed static public key (32 + 16)
///     88     28  sealed TAI64N (12 + 16)
///    116     16  mac1 over 0..115
///    132     16  mac2 over 0..131, or zeros
/// ```
public final class HandshakeInitiation {
    public static final int BYTES = 148;

    public static final int SENDER_INDEX = 4;
    public static final int EPHEMERAL = 8;
    public static final int SEALED_STATIC = 40;
    public static final int SEALED_STATIC_BYTES = 48;
    public static final int SEALED_TIMESTAMP = 88;
    public static final int SEALED_TIMESTAMP_BYTES = 28;
    public static final int MAC1 = 116;
    public static final int MAC2 = 132;

    private HandshakeInitiation() {}

    /// Writes the type and the three reserved zeros.
    public static void writeType(byte[] message) {
        LittleEndian.putInt(message, 0, MessageType.INITIATION.code());
    }

    public static int senderIndex(byte[] message) {
        return LittleEndian.intAt(message, SENDER_INDEX);
    }

    public static void writeSenderIndex(byte[] message, int index) {
        LittleEndian.putInt(message, SENDER_INDEX, index);
    }

    public static PublicKey ephemeral(byte[] message) {
        return PublicKey.fromBytes(message, EPHEMERAL);
    }
}
