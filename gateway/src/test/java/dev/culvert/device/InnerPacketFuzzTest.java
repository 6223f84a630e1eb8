package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.culvert.crypto.Memory;
import dev.culvert.wire.Ecn;
import dev.culvert.wire.IcmpUnreachable;
import dev.culvert.wire.IpPacket;
import java.lang.foreign.Arena;

/// Any bytes as an inner packet: what is read depends on nothing outside it, and what is written stays inside.
@LaneConfined
final class InnerPacketFuzzTest {
    private static final int BYTES_MAX = 1500;
    private static final int MARGIN = 64;

    @FuzzTest(maxDuration = "60s")
    void readsAndWritesInsideThePacketOnly(FuzzedDataProvider data) {
        int outerEcn = data.consumeInt(0, 3);
        byte[] packet = data.consumeBytes(BYTES_MAX);
        try (Arena arena = Arena.ofConfined()) {
            long first = judge(arena, packet, outerEcn, 0x00);
            assertThat(judge(arena, packet, outerEcn, 0xff))
                    .as("what lies around it does not matter")
                    .isEqualTo(first);
        }
    }

    /// @return a hash of all that was found out about the packet
    private static long judge(Arena arena, byte[] packet, int outerEcn, int around) {
        int whole = packet.length + 2 * MARGIN;
        long start = arena.allocate(whole).address();
        for (int i = 0; i < whole; i++) {
            Memory.putByte(start + i, around);
        }
        long address = start + MARGIN;
        Memory.copyIn(packet, 0, address, packet.length);
        int length = IpPacket.totalLength(address, packet.length);
        long found = length;
        if (length >= 0) {
            assertThat(length).isBetween(20, packet.length);
            found = found * 31 + IpPacket.sourceHi(address) + IpPacket.sourceLo(address);
            found = found * 31 + IpPacket.destinationHi(address) + IpPacket.destinationLo(address);
            int before = IpPacket.ecn(address);
            Ecn.decapsulate(address, outerEcn);
            assertThat(IpPacket.ecn(address)).isEqualTo(Ecn.decapsulate(before, outerEcn));
            requireUntouched(start, MARGIN, around);
            found = found * 31 + hash(address, packet.length);
            boolean answers = IcmpUnreachable.mayAnswer(address, length);
            found = found * 31 + (answers ? 1 : 0);
            if (answers) {
                int prefix = IcmpUnreachable.prefixBytes(address);
                int written = IcmpUnreachable.write(address, length);
                assertThat(IpPacket.totalLength(address - prefix, written)).isEqualTo(written);
                requireUntouched(start, MARGIN - prefix, around);
                found = found * 31 + hash(address - prefix, written);
            }
        }
        requireUntouched(address + packet.length, MARGIN, around);
        return found;
    }

    private static long hash(long address, int length) {
        long hash = 0;
        for (int i = 0; i < length; i++) {
            hash = hash * 31 + Memory.getByte(address + i);
        }
        return hash;
    }

    private static void requireUntouched(long from, int length, int around) {
        for (int i = 0; i < length; i++) {
            assertThat(Memory.getUnsignedByte(from + i)).isEqualTo(around);
        }
    }
}
