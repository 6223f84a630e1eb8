package dev.culvert.wire;

import dev.culvert.crypto.Memory;

/// What the kernel says of a packet that comes from a TUN, and is told of one that goes there: `struct
/// virtio_net_hdr` (include/uapi/linux/virtio_net.h), 10 bytes in the machine's byte order.
///
/// ```
/// flags 0 | type 1 | header length 2..3 | segment size 4..5 | checksum start 6..7 | checksum offset 8..9
/// ```
public final class VirtioNetHeader {
    public static final int BYTES = 10;

    /// The checksum field holds the pseudo header's sum; the rest, from the checksum start on, is to be added.
    public static final int NEEDS_CHECKSUM = 1;

    /// A packet of its own.
    public static final int NONE = 0;

    public static final int TCP_IPV4 = 1;
    public static final int TCP_IPV6 = 4;
    /// UDP segmentation offload, either version of IP; since kernel 6.2.
    public static final int UDP_SEGMENTS = 5;

    /// Beside the type, if ECN was asked for, which we do not.
    private static final int TYPE_ECN = 0x80;

    private VirtioNetHeader() {}

    /// Says: a packet of its own, nothing to be done.
    public static void clear(long address) {
        Memory.putNativeLong(address, 0);
        Memory.putNativeShort(address + 8, 0);
    }

    /// Says: a packet that stands for many, or whose checksum is to be completed.
    ///
    /// @param segmentBytes of payload, 0 with [#NONE]
    public static void write(
            long address, int type, int headerBytes, int segmentBytes, int checksumStart, int checksumOffset) {
        Memory.putByte(address, NEEDS_CHECKSUM);
        Memory.putByte(address + 1, type);
        Memory.putNativeShort(address + 2, headerBytes);
        Memory.putNativeShort(address + 4, segmentBytes);
        Memory.putNativeShort(address + 6, checksumStart);
        Memory.putNativeShort(address + 8, checksumOffset);
    }

    static boolean needsChecksum(long address) {
        return (Memory.getUnsignedByte(address) & NEEDS_CHECKSUM) != 0;
    }

    static int type(long address) {
        return Memory.getUnsignedByte(address + 1) & ~TYPE_ECN;
    }

    /// Payload bytes of each packet that this one stands for, but perhaps the last.
    static int segmentBytes(long address) {
        return Memory.getNativeUnsignedShort(address + 4);
    }

    static int checksumStart(long address) {
        return Memory.getNativeUnsignedShort(address + 6);
    }

    static int checksumOffset(long address) {
        return Memory.getNativeUnsignedShort(address + 8);
    }
}
