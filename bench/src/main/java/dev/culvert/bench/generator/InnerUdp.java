package dev.culvert.bench.generator;

import dev.culvert.crypto.Memory;
import dev.culvert.wire.InternetChecksum;

/// The inner packets of a load: UDP in IPv4 (RFC 768) with valid checksums, so that a hub may coalesce them.
///
/// ```
///  0  IPv4 header, no options, may not be fragmented
/// 20  source port, destination port, length, checksum; then zeros
/// ```
public final class InnerUdp {
    private static final int IP_BYTES = 20;
    private static final int UDP_BYTES = 8;
    private static final int PROTOCOL = 17;
    private static final int DISCARD_PORT = 9;
    private static final int DONT_FRAGMENT = 0x4000;

    private InnerUdp() {}

    /// Writes a packet of `lengthBytes` in all.
    public static void write(long at, int lengthBytes, int source, int destination, int sourcePort) {
        assert lengthBytes >= IP_BYTES + UDP_BYTES : lengthBytes;
        int udpBytes = lengthBytes - IP_BYTES;
        Memory.zero(at, lengthBytes);
        Memory.putByte(at, 0x45);
        Memory.putShortBe(at + 2, lengthBytes);
        Memory.putShortBe(at + 6, DONT_FRAGMENT);
        Memory.putByte(at + 9, PROTOCOL);
        Memory.putIntBe(at + 12, source);
        Memory.putIntBe(at + 16, destination);
        Memory.putShortBe(at + IP_BYTES, sourcePort);
        Memory.putShortBe(at + IP_BYTES + 2, DISCARD_PORT);
        Memory.putShortBe(at + IP_BYTES + 4, udpBytes);
        // With the length in place of the header's checksum, bytes 8 to 19 are UDP's pseudo header.
        Memory.putShortBe(at + 10, udpBytes);
        int checksum = InternetChecksum.of(at + 8, lengthBytes - 8);
        Memory.putShortBe(at + IP_BYTES + 6, checksum == 0 ? 0xffff : checksum);
        Memory.putShortBe(at + 10, 0);
        Memory.putByte(at + 8, 64);
        Memory.putShortBe(at + 10, InternetChecksum.of(at, IP_BYTES));
    }
}
