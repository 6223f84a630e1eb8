package dev.culvert.wire;

import dev.culvert.crypto.Memory;

/// The checksum of IPv4, ICMP, TCP and UDP (RFC 1071): the ones' complement sum of 16-bit big-endian words.
public final class InternetChecksum {
    private InternetChecksum() {}

    /// Of `length` bytes at `address`, whose checksum field is zero.
    public static int of(long address, int length) {
        return finish(add(0, address, length));
    }

    /// Adds `length` bytes at `address` to a sum; only the last part of a whole may have an odd length.
    ///
    /// @param sum 0, or what an earlier part gave
    static long add(long sum, long address, int length) {
        long result = sum;
        int at = 0;
        for (; at + 4 <= length; at += 4) {
            result += Memory.getIntBe(address + at) & 0xffffffffL; // 2^16 is 1 in this arithmetic
        }
        if (at + 2 <= length) {
            result += Memory.getUnsignedShortBe(address + at);
            at += 2;
        }
        if (at < length) {
            result += (long) Memory.getUnsignedByte(address + at) << 8;
        }
        return result;
    }

    /// What is written to the packet, whose checksum field was zero while it was summed up.
    static int finish(long sum) {
        long folded = (sum & 0xffffffffL) + (sum >>> 32);
        folded = (folded & 0xffff) + (folded >>> 16);
        folded = (folded & 0xffff) + (folded >>> 16);
        folded = (folded & 0xffff) + (folded >>> 16);
        return (int) (~folded & 0xffff);
    }
}
