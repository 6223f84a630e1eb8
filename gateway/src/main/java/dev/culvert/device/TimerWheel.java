package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// A lane's deadlines: one entry a peer, in a hierarchical wheel whose lists run through the entries themselves.
///
/// The lane arms and disarms entries, sleeps until [#nextWakeUpNs()] and then calls [#expire]. Nothing is
/// allocated after construction, and the cost of a call does not depend on how much time has passed: slots are
/// found by bitmaps. An entry never fires early, and at most one tick (4.2 ms) after its deadline when the
/// wake-ups are followed. The wheel never reads a clock; times are nanoseconds of any origin, compared by
/// subtraction, deadlines within 2^62 ns of the time of construction.
///
/// Ticks since construction are seven digits of six bits. An entry's level is the highest digit in which its tick
/// differs from the wheel's, its slot is that digit:
/// ```
/// level 0   64 slots of 4.2 ms      an entry of the slot that is reached is due
/// level 1   64 slots of 268 ms      the slot that is reached is moved down, entry by entry,
/// level 2   64 slots of 17 s        at most MOVES_MAX a call
/// ...
/// level 6   64 slots of 9 years
/// ```
/// All entries of a level are nearer than those of the levels above, and a lower slot is nearer than a higher one,
/// so the nearest slot is the lowest bit of the lowest level that has one.
@LaneConfined
final class TimerWheel {
    /// log2 of the tick's nanoseconds.
    static final int TICK_SHIFT = 22;

    /// Entries that one call moves to a lower level; more wait for the next call, which is due at once.
    static final int MOVES_MAX = 4096;

    private static final int DIGIT_BITS = 6;
    private static final int SLOTS = 1 << DIGIT_BITS;
    private static final int LEVELS = 7; // 7 * 6 bits hold every tick of 2^63 ns
    private static final int NONE = -1;

    private final long startNs;
    private final @Nullable Entry[] first = new @Nullable Entry[LEVELS * SLOTS];
    private final long[] nearestTick = new long[LEVELS * SLOTS]; // of the slot's entries, or of one disarmed since
    private final long[] occupied = new long[LEVELS];
    private long tick;
    private int movingSlot = NONE; // reached, but not yet empty

    TimerWheel(long nowNs) {
        startNs = nowNs;
    }

    /// Sets the entry's only deadline, moving it if it is armed. A deadline that has passed is due at the next
    /// call.
    void arm(Entry entry, long deadlineNs) {
        if (entry.slot != NONE) {
            unlink(entry);
        }
        entry.deadlineNs = deadlineNs;
        link(entry);
    }

    void disarm(Entry entry) {
        if (entry.slot != NONE) {
            unlink(entry);
        }
    }

    boolean armed(Entry entry) {
        return entry.slot != NONE;
    }

    /// Disarms and hands over entries whose deadline has come, nearest tick first, in order of arming within a
    /// tick. The listener may arm and disarm any entry of this wheel; one that it arms in the past comes again
    /// within this call. What is left at the limit stays due: [#nextWakeUpNs()] then lies in the past.
    ///
    /// @return entries handed over, at most `maxExpiries`
    int expire(long nowNs, int maxExpiries, ExpiryListener listener) {
        long nowTick = (nowNs - startNs) >> TICK_SHIFT;
        int expired = 0;
        int moves = 0;
        while (expired < maxExpiries) {
            int slot = movingSlot != NONE ? movingSlot : nearestSlot();
            if (slot == NONE || slotTick(slot) > nowTick) {
                tick = Math.max(tick, nowTick);
                break;
            }
            tick = slotTick(slot);
            Entry entry = first[slot];
            assert entry != null;
            if (slot < SLOTS) {
                unlink(entry);
                expired++;
                listener.expired(entry);
            } else {
                if (moves == MOVES_MAX) {
                    break;
                }
                movingSlot = slot;
                moves++;
                unlink(entry);
                link(entry);
            }
        }
        return expired;
    }

    /// When to call [#expire] next: the nearest deadline, rounded up to a tick. It is in the past when entries are
    /// due or half moved; it may be too early once for each slot whose nearest entry was disarmed or moved.
    ///
    /// @return `Long.MAX_VALUE` if nothing is armed
    long nextWakeUpNs() {
        int slot = movingSlot != NONE ? movingSlot : nearestSlot();
        if (slot == NONE) {
            return Long.MAX_VALUE;
        }
        return startNs + ((movingSlot != NONE ? tick : nearestTick[slot]) << TICK_SHIFT);
    }

    private int nearestSlot() {
        for (int level = 0; level < LEVELS; level++) {
            if (occupied[level] != 0) {
                return level * SLOTS + Long.numberOfTrailingZeros(occupied[level]);
            }
        }
        return NONE;
    }

    /// The first tick of a slot: the wheel's own digits above the slot's level, its digit, zeros.
    private long slotTick(int slot) {
        int shift = slot / SLOTS * DIGIT_BITS;
        return (tick >> shift >> DIGIT_BITS << DIGIT_BITS | slot % SLOTS) << shift;
    }

    private void link(Entry entry) {
        long sinceStartNs = entry.deadlineNs - startNs;
        long roundedUp = (sinceStartNs >> TICK_SHIFT) + ((sinceStartNs & ((1L << TICK_SHIFT) - 1)) == 0 ? 0 : 1);
        long entryTick = Math.max(tick, roundedUp);
        int level = (63 - Long.numberOfLeadingZeros((entryTick ^ tick) | 1)) / DIGIT_BITS;
        int digit = (int) (entryTick >> (level * DIGIT_BITS)) & (SLOTS - 1);
        int slot = level * SLOTS + digit;
        entry.slot = slot;
        Entry head = first[slot];
        if (head == null) {
            entry.next = entry;
            entry.previous = entry;
            first[slot] = entry;
            nearestTick[slot] = entryTick;
            occupied[level] |= 1L << digit;
        } else {
            Entry last = head.previous;
            assert last != null;
            entry.next = head;
            entry.previous = last;
            last.next = entry;
            head.previous = entry;
            nearestTick[slot] = Math.min(nearestTick[slot], entryTick);
        }
    }

    @SuppressWarnings("ReferenceEquality") // entries are linked by identity
    private void unlink(Entry entry) {
        int slot = entry.slot;
        Entry next = entry.next;
        Entry previous = entry.previous;
        assert next != null && previous != null;
        if (next == entry) {
            first[slot] = null;
            occupied[slot / SLOTS] &= ~(1L << slot);
            if (movingSlot == slot) {
                movingSlot = NONE;
            }
        } else {
            previous.next = next;
            next.previous = previous;
            if (first[slot] == entry) {
                first[slot] = next;
            }
        }
        entry.next = null;
        entry.previous = null;
        entry.slot = NONE;
    }

    /// What can be armed: the peer's state extends it. Belongs to one wheel for as long as it is armed.
    @LaneConfined
    abstract static class Entry {
        private @Nullable Entry next;
        private @Nullable Entry previous;
        private int slot = NONE;
        private long deadlineNs;

        /// The deadline that the entry was last armed with; without meaning before.
        final long armedDeadlineNs() {
            return deadlineNs;
        }
    }

    /// Called by [#expire], once for each due entry, which is disarmed by then.
    @LaneConfined
    interface ExpiryListener {
        void expired(Entry entry);
    }
}
