package dev.culvert.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;

/// Any bytes behind any virtio header, and any packets of a batch: nothing is read or written outside.
final class SegmentsFuzzTest {
    private static final int MARGIN = 64;
    private static final int BYTES_MAX = 4000;

    @FuzzTest(maxDuration = "60s")
    void cutsInsideThePacketOnly(FuzzedDataProvider data) {
        byte[] header = data.consumeBytes(VirtioNetHeader.BYTES);
        byte[] packet = data.consumeBytes(BYTES_MAX);
        try (Arena arena = Arena.ofConfined()) {
            assertThat(cut(arena, header, packet, 0x00))
                    .as("what lies behind it does not matter")
                    .isEqualTo(cut(arena, header, packet, 0xff));
        }
    }

    private static long cut(Arena arena, byte[] header, byte[] packet, int around) {
        long address = filled(arena, packet.length, around);
        Memory.zero(address - VirtioNetHeader.BYTES, VirtioNetHeader.BYTES);
        Memory.copyIn(header, 0, address - VirtioNetHeader.BYTES, header.length);
        Memory.copyIn(packet, 0, address, packet.length);
        if (IpPacket.totalLength(address, packet.length) < 0) {
            return -1;
        }
        SegmentSplitter splitter = new SegmentSplitter();
        int segments = splitter.open(address, packet.length);
        long found = segments;
        for (int i = 0; i < segments; i++) {
            int length = splitter.lengthBytes(i);
            assertThat(length).isBetween(1, packet.length);
            long to = filled(arena, length, around);
            splitter.write(i, to);
            requireUntouched(to + length, around);
            found = found * 31 + hash(to, length);
        }
        requireUntouched(address + packet.length, around);
        return found;
    }

    @FuzzTest(maxDuration = "60s")
    void joinsInsideThePacketsOnly(FuzzedDataProvider data) {
        try (Arena arena = Arena.ofConfined();
                SegmentCoalescer coalescer = new SegmentCoalescer(true, true)) {
            int bytes = 0;
            for (int packets = 0; packets < SegmentCoalescer.PACKETS_MAX && data.remainingBytes() > 0; packets++) {
                byte[] packet = data.consumeBytes(data.consumeInt(0, 200));
                long address = filled(arena, packet.length, packets);
                Memory.copyIn(packet, 0, address, packet.length);
                int length = IpPacket.totalLength(address, packet.length);
                if (length > 0) {
                    coalescer.add(address, length);
                    requireUntouched(address + packet.length, packets);
                    bytes += length;
                }
            }
            int units = coalescer.finish();
            int joined = 0;
            for (int unit = 0; unit < units; unit++) {
                joined += coalescer.lengthBytes(unit);
                assertThat(coalescer.packets(unit)).isBetween(1, SegmentCoalescer.UNIT_PACKETS_MAX);
            }
            assertThat(joined).isLessThanOrEqualTo(bytes);
        }
    }

    private static long filled(Arena arena, int length, int around) {
        long start = arena.allocate(length + 2L * MARGIN).address();
        for (int i = 0; i < length + 2 * MARGIN; i++) {
            Memory.putByte(start + i, around);
        }
        return start + MARGIN;
    }

    private static void requireUntouched(long from, int around) {
        for (int i = 0; i < MARGIN; i++) {
            assertThat(Memory.getByte(from + i)).isEqualTo((byte) around);
        }
    }

    private static long hash(long address, int length) {
        long hash = 0;
        for (int i = 0; i < length; i++) {
            hash = hash * 31 + Memory.getByte(address + i);
        }
        return hash;
    }
}
