package dev.culvert.bench.generator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class InnerUdpTest {
    private static byte[] packet(int lengthBytes, int port) {
        try (Arena arena = Arena.ofConfined()) {
            long at = arena.allocate(lengthBytes, 8).address();
            InnerUdp.write(at, lengthBytes, 0x0a4e0001, 0x0a4d0001, port);
            byte[] bytes = new byte[lengthBytes];
            Memory.copyOut(at, bytes, 0, lengthBytes);
            return bytes;
        }
    }

    /// The ones' complement sum of 16-bit words; over a packet with its checksum it is 0xffff (RFC 1071).
    private static int sum(int begin, byte[] bytes, int from, int to) {
        int sum = begin;
        for (int i = from; i < to; i += 2) {
            sum += (bytes[i] & 0xff) << 8 | (i + 1 < to ? bytes[i + 1] & 0xff : 0);
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(ints = {28, 29, 100, 228, 1420})
    void bothChecksumsAreValid(int lengthBytes) {
        for (int port = 20_000; port < 20_100; port++) {
            byte[] packet = packet(lengthBytes, port);
            int pseudoHeader = 17 + lengthBytes - 20;

            assertThat(sum(0, packet, 0, 20)).isEqualTo(0xffff);
            assertThat(sum(pseudoHeader, packet, 12, lengthBytes)).isEqualTo(0xffff);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {28, 228, 1420})
    void lengthsAndAddressesAreWhatTheyAreSaidToBe(int lengthBytes) {
        ByteBuffer packet = ByteBuffer.wrap(packet(lengthBytes, 20_001));
        assertThat(packet.get(0)).isEqualTo((byte) 0x45);
        assertThat(packet.getShort(2)).isEqualTo((short) lengthBytes);
        assertThat(packet.get(8)).isEqualTo((byte) 64);
        assertThat(packet.getInt(12)).isEqualTo(0x0a4e0001);
        assertThat(packet.getInt(16)).isEqualTo(0x0a4d0001);
        assertThat(packet.getShort(20)).isEqualTo((short) 20_001);
        assertThat(packet.getShort(24)).isEqualTo((short) (lengthBytes - 20));
    }
}
