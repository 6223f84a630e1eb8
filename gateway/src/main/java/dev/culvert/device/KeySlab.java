package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.noise.SessionKeys;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// A lane's off-heap store of session keys: slots of 64 bytes (sending key, receiving key), zeroed when they are
/// freed. The packet path passes a key's address with each packet, so a freed slot must not be in use: slots are
/// taken and freed by the home lane only (architecture, decision 1).
@LaneConfined
final class KeySlab implements AutoCloseable {
    static final int KEY_BYTES = 32;
    private static final int SLOT_BYTES = 2 * KEY_BYTES;
    private static final int CHUNK_SLOTS = 256;

    private final Arena arena = Arena.ofShared();
    private final List<Long> chunks = new ArrayList<>();
    private long[] free = new long[CHUNK_SLOTS];
    private int freeCount;

    /// Copies both keys off heap; the caller still closes `keys`.
    ///
    /// @return the slot's address: the sending key; the receiving key follows it
    long take(SessionKeys keys) {
        if (freeCount == 0) {
            grow();
        }
        long slot = free[--freeCount];
        Memory.copyIn(keys.sending(), 0, slot, KEY_BYTES);
        Memory.copyIn(keys.receiving(), 0, slot + KEY_BYTES, KEY_BYTES);
        return slot;
    }

    void free(long slot) {
        Memory.zero(slot, SLOT_BYTES);
        free[freeCount++] = slot;
    }

    /// Slots that are taken.
    int used() {
        return chunks.size() * CHUNK_SLOTS - freeCount;
    }

    private void grow() {
        long chunk = arena.allocate((long) CHUNK_SLOTS * SLOT_BYTES, SLOT_BYTES).address();
        chunks.add(chunk);
        int capacity = chunks.size() * CHUNK_SLOTS;
        if (free.length < capacity) {
            long[] larger = new long[Math.max(capacity, 2 * free.length)];
            System.arraycopy(free, 0, larger, 0, freeCount);
            free = larger;
        }
        for (int i = CHUNK_SLOTS - 1; i >= 0; i--) {
            free[freeCount++] = chunk + (long) i * SLOT_BYTES;
        }
    }

    /// Zeroes every slot, used or not, and gives the memory back.
    @Override
    public void close() {
        for (long chunk : chunks) {
            Memory.zero(chunk, (long) CHUNK_SLOTS * SLOT_BYTES);
        }
        arena.close();
    }
}
