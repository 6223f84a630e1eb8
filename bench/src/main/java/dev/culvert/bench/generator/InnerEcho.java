package dev.culvert.bench.generator;

import dev.culvert.crypto.Memory;
import dev.culvert.wire.InternetChecksum;

/// The inner packets of simulated peers: ICMP echo in IPv4 (RFC 792), with a time of sending in its data, so
/// that the hub's own kernel answers them.
///
/// ```
///  0  IPv4 header, no options
/// 20  type 8 or 0, code, checksum, identifier, sequence
/// 28  time of sending, 8 bytes; then zeros
/// ```
final class InnerEcho {
    static final int REQUEST = 8;
    static final int REPLY = 0;

    private static final int IP_BYTES = 20;
    private static final int ICMP_BYTES = 8;
    private static final int TIME = IP_BYTES + ICMP_BYTES;
    private static final int BYTES_MIN = TIME + 8;

    private InnerEcho() {}

    /// Writes a request of `lengthBytes` in all.
    static void write(long at, int lengthBytes, int source, int destination, int sequence, long nowNs) {
        assert lengthBytes >= BYTES_MIN : lengthBytes;
        Memory.zero(at, lengthBytes);
        Memory.putByte(at, 0x45);
        Memory.putShortBe(at + 2, lengthBytes);
        Memory.putByte(at + 8, 64);
        Memory.putByte(at + 9, 1);
        Memory.putIntBe(at + 12, source);
        Memory.putIntBe(at + 16, destination);
        Memory.putShortBe(at + 10, InternetChecksum.of(at, IP_BYTES));
        Memory.putByte(at + IP_BYTES, REQUEST);
        Memory.putShortBe(at + IP_BYTES + 4, sequence >>> 16);
        Memory.putShortBe(at + IP_BYTES + 6, sequence);
        Memory.putLong(at + TIME, nowNs);
        Memory.putShortBe(at + IP_BYTES + 2, InternetChecksum.of(at + IP_BYTES, lengthBytes - IP_BYTES));
    }

    /// [#REQUEST] or [#REPLY], or -1 if it is no echo.
    static int type(long at, int lengthBytes) {
        if (lengthBytes < IP_BYTES + ICMP_BYTES
                || Memory.getUnsignedByte(at) != 0x45
                || Memory.getUnsignedByte(at + 9) != 1) {
            return -1;
        }
        int type = Memory.getUnsignedByte(at + IP_BYTES);
        return type == REQUEST || type == REPLY ? type : -1;
    }

    static int totalLength(long at) {
        return Memory.getUnsignedShortBe(at + 2);
    }

    static int sequence(long at) {
        return Memory.getUnsignedShortBe(at + IP_BYTES + 4) << 16 | Memory.getUnsignedShortBe(at + IP_BYTES + 6);
    }

    /// When it was sent; 0 if it carries no time.
    static long sentNs(long at, int lengthBytes) {
        return lengthBytes < BYTES_MIN ? 0 : Memory.getLong(at + TIME);
    }

    /// Turns a request into its reply, in place.
    static void answer(long at) {
        int source = Memory.getIntBe(at + 12);
        Memory.putIntBe(at + 12, Memory.getIntBe(at + 16));
        Memory.putIntBe(at + 16, source);
        int length = totalLength(at);
        Memory.putByte(at + IP_BYTES, REPLY);
        Memory.putShortBe(at + IP_BYTES + 2, 0);
        Memory.putShortBe(at + IP_BYTES + 2, InternetChecksum.of(at + IP_BYTES, length - IP_BYTES));
    }
}
