package dev.culvert.device;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Brings lent slots home: the borrowing lane offers, the owning lane polls. Never full: it holds as many as can
/// be
/// lent
/// (the owner's [HandOverRing] bounds them).
@AnyThread
final class SlotReturnRing {
    private static final VarHandle HEAD;
    private static final VarHandle TAIL;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(SlotReturnRing.class, "head", int.class);
            TAIL = lookup.findVarHandle(SlotReturnRing.class, "tail", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int[] slots;
    private final int mask;

    @SuppressWarnings("unused") // through HEAD: written by the owner
    private int head;

    @SuppressWarnings("unused") // through TAIL: written by the borrower
    private int tail;

    /// @param capacity a power of two, no less than what can be lent at a time
    SlotReturnRing(int capacity) {
        assert Integer.bitCount(capacity) == 1;
        slots = new int[capacity];
        mask = capacity - 1;
    }

    /// The borrower's side.
    void offer(int slot) {
        int position = (int) TAIL.get(this);
        assert position - (int) HEAD.getAcquire(this) < slots.length : "more slots come back than were lent";
        slots[position & mask] = slot;
        TAIL.setRelease(this, position + 1);
    }

    /// The owner's side: -1 if none is there.
    int poll() {
        int position = (int) HEAD.get(this);
        if (position == (int) TAIL.getAcquire(this)) {
            return -1;
        }
        int slot = slots[position & mask];
        HEAD.setRelease(this, position + 1);
        return slot;
    }
}
