package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Arrays;

/// Off-heap memory for a test: one block at a time, at an address as odd as wanted, with guard bytes on both sides.
final class GuardedMemory implements AutoCloseable {
    private static final int GUARD_BYTES = 64;
    private static final byte GUARD = (byte) 0xa5;

    private final Arena arena = Arena.ofConfined();
    private final long base;
    private final int capacity;
    private long address;
    private int length;

    GuardedMemory(int maxLength) {
        capacity = maxLength + 3 * GUARD_BYTES;
        base = arena.allocate(capacity, GUARD_BYTES).address();
    }

    /// @param misalignment 0 to 63, added to an address that is a multiple of 64
    long place(int blockLength, int misalignment) {
        byte[] guards = new byte[capacity];
        Arrays.fill(guards, GUARD);
        Memory.copyIn(guards, 0, base, capacity);
        address = base + GUARD_BYTES + misalignment;
        length = blockLength;
        return address;
    }

    long place(byte[] content, int blockLength, int misalignment) {
        place(blockLength, misalignment);
        Memory.copyIn(content, 0, address, content.length);
        return address;
    }

    byte[] read(int count) {
        return HeapBuffers.bytes(address, count);
    }

    void assertGuardsIntact() {
        byte[] all = HeapBuffers.bytes(base, capacity);
        int start = (int) (address - base);
        for (int i = 0; i < capacity; i++) {
            if (i == start) {
                i += length;
            }
            if (all[i] != GUARD) {
                assertThat(i - start).as("offset of an overwritten guard byte").isNull();
            }
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
