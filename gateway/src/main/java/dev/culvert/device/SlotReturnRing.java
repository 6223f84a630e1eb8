package dev.culvert.device;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Brings lent slots home: the borrowing lane offers, the owning lane polls. Never full: it holds as many as can
/// be lent, which the owner counts (`HandOver.outstanding`) from lending to polling.
@AnyThread
final class SlotReturnRing {
    private static final VarHandle CURSOR = MethodHandles.arrayElementVarHandle(int[].class);

    // Each on lines of its own, as in HandOverRing.
    private static final int TAIL = 32; // written by the borrower
    private static final int HEAD = 64; // written by the owner
    private static final int WORDS = 96;

    private final int[] slots;
    private final int mask;
    private final int[] cursors = new int[WORDS];

    /// @param capacity a power of two, no less than what can be lent at a time
    SlotReturnRing(int capacity) {
        assert Integer.bitCount(capacity) == 1;
        slots = new int[capacity];
        mask = capacity - 1;
    }

    /// The borrower's side.
    void offer(int slot) {
        int position = cursors[TAIL];
        assert position - (int) CURSOR.getAcquire(cursors, HEAD) < slots.length : "more slots come back than were lent";
        slots[position & mask] = slot;
        CURSOR.setRelease(cursors, TAIL, position + 1);
    }

    /// The owner's side: -1 if none is there.
    int poll() {
        int position = cursors[HEAD];
        if (position == (int) CURSOR.getAcquire(cursors, TAIL)) {
            return -1;
        }
        int slot = slots[position & mask];
        CURSOR.setRelease(cursors, HEAD, position + 1);
        return slot;
    }
}
