package dev.culvert.device;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;

/// A lane's packet memory: equal slots, each large enough for any datagram or GRO buffer, in one off-heap block. A
/// slot has a count of references, so that several packets of one buffer can be lent to other lanes.
///
/// Taken and freed by the owning lane only; others hand slots back through a [SlotReturnRing].
@LaneConfined
final class SlotPool implements AutoCloseable {
    /// Room before an inner packet that is read from the TUN: for its virtio header, or for the headers of an ICMP
    /// answer with one.
    static final int HEADROOM_BYTES = 64;

    /// Beyond the longest packet.
    static final int TAILROOM_BYTES = 64;

    static final int PACKET_BYTES = 65_536;
    /// Slots at equal distances of a page multiple would share their cache sets: an odd number of lines apart.
    private static final int COLOUR_BYTES = 19 * 64;

    private static final int STRIDE_BYTES = PACKET_BYTES + HEADROOM_BYTES + TAILROOM_BYTES + COLOUR_BYTES;

    private static final int ALIGNMENT_BYTES = 64;

    /// From malloc, not from an arena: an arena zeroes, and would make every page of slots that are never used
    /// resident.
    private final ByteBuf memory;

    private final long base;
    private final int[] references;
    private final int[] free;
    private int freeCount;

    SlotPool(int slots) {
        memory = new UnpooledByteBufAllocator(true, true).directBuffer(slots * STRIDE_BYTES + ALIGNMENT_BYTES);
        base = memory.memoryAddress() + ALIGNMENT_BYTES - 1 & -ALIGNMENT_BYTES;
        references = new int[slots];
        free = new int[slots];
        for (int i = slots - 1; i >= 0; i--) {
            free[freeCount++] = i;
        }
    }

    long address(int slot) {
        return base + (long) slot * STRIDE_BYTES;
    }

    /// What may be read into a slot at its address plus [#HEADROOM_BYTES].
    int capacityBytes() {
        return PACKET_BYTES;
    }

    /// How many slots nobody holds.
    int free() {
        return freeCount;
    }

    /// A slot with one reference, -1 if none is free.
    int take() {
        if (freeCount == 0) {
            return -1;
        }
        int slot = free[--freeCount];
        assert references[slot] == 0;
        references[slot] = 1;
        return slot;
    }

    int references(int slot) {
        return references[slot];
    }

    void retain(int slot) {
        assert references[slot] > 0;
        references[slot]++;
    }

    /// Gives one reference back; the last one frees the slot.
    void release(int slot) {
        assert references[slot] > 0;
        if (--references[slot] == 0) {
            free[freeCount++] = slot;
        }
    }

    @Override
    public void close() {
        memory.release();
    }
}
