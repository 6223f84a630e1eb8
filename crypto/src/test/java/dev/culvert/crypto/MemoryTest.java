package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryTest {
    private static final byte[] COUNTING = {(byte) 0x81, 0x12, 0x23, 0x34, 0x45, 0x56, 0x67, (byte) 0xf8, 0x09, 0x1a};

    private final GuardedMemory memory = new GuardedMemory(128);

    @AfterEach
    void free() {
        memory.close();
    }

    @Test
    void readsEachWidthAndOrderAtOddAddresses() {
        for (int misalignment = 0; misalignment < 9; misalignment++) {
            long at = memory.place(COUNTING, COUNTING.length, misalignment);
            assertThat(Memory.getByte(at)).isEqualTo((byte) 0x81);
            assertThat(Memory.getUnsignedByte(at)).isEqualTo(0x81);
            assertThat(Memory.getInt(at)).isEqualTo(0x34231281);
            assertThat(Memory.getIntBe(at)).isEqualTo(0x81122334);
            assertThat(Memory.getLong(at)).isEqualTo(0xf867564534231281L);
            assertThat(Memory.getLongBe(at)).isEqualTo(0x81122334455667f8L);
            assertThat(Memory.getUnsignedShortBe(at)).isEqualTo(0x8112);
            ByteBuffer host = ByteBuffer.wrap(COUNTING).order(ByteOrder.nativeOrder());
            assertThat(Memory.getNativeInt(at)).isEqualTo(host.getInt(0));
            assertThat(Memory.getNativeLong(at)).isEqualTo(host.getLong(0));
            assertThat(Memory.getNativeUnsignedShort(at)).isEqualTo(host.getShort(0) & 0xffff);
        }
    }

    @Test
    void writesEachWidthAndOrderAndNothingBeside() {
        for (int misalignment = 0; misalignment < 9; misalignment++) {
            Memory.putByte(memory.place(1, misalignment), 0x1ff);
            assertWrote(0xff);
            Memory.putInt(memory.place(4, misalignment), 0x81020304);
            assertWrote(0x04, 0x03, 0x02, 0x81);
            Memory.putIntBe(memory.place(4, misalignment), 0x81020304);
            assertWrote(0x81, 0x02, 0x03, 0x04);
            Memory.putLong(memory.place(8, misalignment), 0x8102030405060708L);
            assertWrote(8, 7, 6, 5, 4, 3, 2, 0x81);
            Memory.putLongBe(memory.place(8, misalignment), 0x8102030405060708L);
            assertWrote(0x81, 2, 3, 4, 5, 6, 7, 8);
            Memory.putShortBe(memory.place(2, misalignment), 0xff8102);
            assertWrote(0x81, 0x02);
            long at = memory.place(8, misalignment);
            Memory.putNativeLong(at, 0x8102030405060708L);
            assertThat(Memory.getNativeLong(at)).isEqualTo(0x8102030405060708L);
            Memory.putNativeInt(at, 0x81020304);
            assertThat(Memory.getNativeInt(at)).isEqualTo(0x81020304);
            Memory.putNativeShort(at, 0x8102);
            assertThat(Memory.getNativeUnsignedShort(at)).isEqualTo(0x8102);
            memory.assertGuardsIntact();
        }
    }

    private void assertWrote(int... expected) {
        byte[] bytes = new byte[expected.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) expected[i];
        }
        assertThat(memory.read(bytes.length)).isEqualTo(bytes);
        memory.assertGuardsIntact();
    }

    @Test
    void copiesBetweenOverlappingRanges() {
        long at = memory.place(COUNTING, 12, 1);
        Memory.copy(at, at + 2, COUNTING.length);
        assertThat(HeapBuffers.bytes(at + 2, COUNTING.length)).isEqualTo(COUNTING);
        Memory.copy(at + 2, at, COUNTING.length);
        assertThat(memory.read(COUNTING.length)).isEqualTo(COUNTING);
        memory.assertGuardsIntact();
    }

    @Test
    void copiesPartsOfArraysInAndOut() {
        long at = memory.place(5, 3);
        Memory.copyIn(COUNTING, 2, at, 5);
        memory.assertGuardsIntact();
        byte[] out = new byte[9];
        Memory.copyOut(at, out, 1, 5);
        assertThat(out).containsExactly(0, 0x23, 0x34, 0x45, 0x56, 0x67, 0, 0, 0);
    }

    @Test
    void zeroesTheRangeAlone() {
        for (int length = 0; length < 70; length++) {
            long at = memory.place(length, length % 16);
            Memory.zero(at, length);
            for (byte b : memory.read(length)) {
                assertThat(b).isZero();
            }
            memory.assertGuardsIntact();
        }
    }
}
