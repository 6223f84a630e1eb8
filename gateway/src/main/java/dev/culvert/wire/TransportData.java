package dev.culvert.wire;

import dev.culvert.crypto.Memory;

/// A data packet, at least 32 bytes (paper section 5.4.6), at a raw address: the packet path's message. Callers
/// have checked length and type. There is no additional data in its seal.
///
/// ```
/// offset  bytes
///      0      4  type 4, little-endian
///      4      4  receiver index
///      8      8  counter
///     16      n  sealed inner packet, padded
///   16+n     16  tag
/// ```
public final class TransportData {
    public static final int RECEIVER_INDEX = 4;
    public static final int COUNTER = 8;
    public static final int HEADER_BYTES = 16;
    public static final int TAG_BYTES = 16;
    /// What the protocol adds to a padded inner packet; also the length of a keepalive.
    public static final int OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;
    public static final int PADDING_MULTIPLE = 16;

    private TransportData() {}

    public static int receiverIndex(long address) {
        return Memory.getInt(address + RECEIVER_INDEX);
    }

    /// The receiver index of any message that bears one: whose lane it belongs to.
    ///
    /// @param type any but INITIATION
    public static int receiverIndex(MessageType type, long address) {
        assert type != MessageType.INITIATION : "an initiation names no receiver";
        return Memory.getInt(
                address + (type == MessageType.RESPONSE ? HandshakeResponse.RECEIVER_INDEX : RECEIVER_INDEX));
    }

    /// Unsigned.
    public static long counter(long address) {
        return Memory.getLong(address + COUNTER);
    }

    /// Writes all 16 bytes before the sealed packet.
    public static void writeHeader(long address, int receiverIndex, long counter) {
        Memory.putInt(address, MessageType.DATA.code());
        Memory.putInt(address + RECEIVER_INDEX, receiverIndex);
        Memory.putLong(address + COUNTER, counter);
    }

    /// The length to which an inner packet is padded with zeros (kernel `calculate_skb_padding` in send.c): a
    /// multiple of 16, but never beyond the MTU; of a packet larger than the MTU only the last part counts.
    ///
    /// @param mtu of the link; 0 if unknown
    public static int paddedLength(int length, int mtu) {
        if (mtu == 0) {
            return roundedUp(length);
        }
        int last = length > mtu ? length % mtu : length;
        return length - last + Math.min(mtu, roundedUp(last));
    }

    private static int roundedUp(int length) {
        return (length + PADDING_MULTIPLE - 1) & -PADDING_MULTIPLE;
    }
}
