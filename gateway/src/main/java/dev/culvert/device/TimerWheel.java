package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// A hierarchical timer wheel with intrusive entries: arming and disarming is a handful of stores, nothing is
/// allocated,
/// and an entry that is idle costs nothing. Levels of 64 buckets each; a tick is 2^22 ns (4.2 ms).
///
/// An entry goes off never before its deadline, and less than two ticks after it if [#nextWakeUpNs] is followed. A
/// jump
/// of the clock costs the number of occupied buckets, not of ticks.
@LaneConfined
final class TimerWheel {
    private static final int TICK_SHIFT = 22;
    private static final int LEVEL_BITS = 6;
    private static final int BUCKETS = 1 << LEVEL_BITS;
    /// 64^6 ticks: nine years.
    private static final int LEVELS = 6;

    /// What is armed: extended by what the timer is for, so that no object is made.
    abstract static class Entry {
        private @Nullable Entry next;
        private @Nullable Entry previous;
        private long deadlineTick;
        private int bucket = -1;
    }

    /// Called for an entry that has gone off; it may be armed again inside.
    @LaneConfined
    interface ExpiryListener {
        void expired(Entry entry);
    }

    private final @Nullable Entry[] heads = new Entry[LEVELS * BUCKETS];
    /// A bit a bucket that is not empty, one word a level.
    private final long[] occupied = new long[LEVELS];
    /// Every tick up to here has been worked through; entries of it may still wait in [#due].
    private long tick;

    private @Nullable Entry due;

    TimerWheel(long nowNs) {
        tick = nowNs >> TICK_SHIFT;
    }

    /// Moves the entry if it was armed.
    void arm(Entry entry, long deadlineNs) {
        disarm(entry);
        // Rounded up: a tick's entries go off when all of its deadlines have passed.
        entry.deadlineTick = Math.max((deadlineNs + (1L << TICK_SHIFT) - 1) >> TICK_SHIFT, tick + 1);
        insert(entry);
    }

    void disarm(Entry entry) {
        if (entry.bucket == -1) {
            return;
        }
        unlink(entry);
    }

    boolean armed(Entry entry) {
        return entry.bucket != -1;
    }

    private static final int DUE = LEVELS * BUCKETS;

    private void insert(Entry entry) {
        long delta = entry.deadlineTick - tick;
        int level = delta <= 0 ? 0 : (63 - Long.numberOfLeadingZeros(entry.deadlineTick ^ tick)) / LEVEL_BITS;
        if (level >= LEVELS) {
            level = LEVELS - 1;
        }
        int at = (int) (entry.deadlineTick >> level * LEVEL_BITS) & BUCKETS - 1;
        int bucket = level * BUCKETS + at;
        link(entry, bucket, heads[bucket]);
        heads[bucket] = entry;
        occupied[level] |= 1L << at;
    }

    private static void link(Entry entry, int bucket, @Nullable Entry before) {
        entry.bucket = bucket;
        entry.previous = null;
        entry.next = before;
        if (before != null) {
            before.previous = entry;
        }
    }

    @SuppressWarnings("ReferenceEquality") // entries are linked by identity
    private void unlink(Entry entry) {
        Entry next = entry.next;
        Entry previous = entry.previous;
        if (next != null) {
            next.previous = previous;
        }
        if (previous != null) {
            previous.next = next;
        } else if (entry.bucket == DUE) {
            due = next;
        } else {
            heads[entry.bucket] = next;
            if (next == null) {
                occupied[entry.bucket / BUCKETS] &= ~(1L << entry.bucket % BUCKETS);
            }
        }
        entry.next = null;
        entry.previous = null;
        entry.bucket = -1;
    }

    /// Lets entries go off whose deadline has passed; those beyond `expiriesMax` stay due for the next call.
    ///
    /// @return how many went off
    int expire(long nowNs, int expiriesMax, ExpiryListener listener) {
        advance(nowNs >> TICK_SHIFT);
        int expired = 0;
        while (expired < expiriesMax) {
            Entry entry = due;
            if (entry == null) {
                break;
            }
            unlink(entry);
            expired++;
            listener.expired(entry);
        }
        return expired;
    }

    /// Turns the wheel to `target`, from one occupied bucket to the next.
    private void advance(long target) {
        while (tick < target) {
            long next = nextOccupiedTick();
            if (next > target) {
                tick = target;
                return;
            }
            tick = next;
            // From the top down: what a bucket holds falls to a lower level, at last to the due list.
            for (int level = LEVELS - 1; level >= 0; level--) {
                if ((tick & (1L << level * LEVEL_BITS) - 1) == 0) {
                    empty(level, (int) (tick >> level * LEVEL_BITS) & BUCKETS - 1);
                }
            }
        }
    }

    private void empty(int level, int at) {
        int bucket = level * BUCKETS + at;
        Entry entry = heads[bucket];
        heads[bucket] = null;
        occupied[level] &= ~(1L << at);
        while (entry != null) {
            Entry following = entry.next;
            if (entry.deadlineTick <= tick) {
                link(entry, DUE, due);
                due = entry;
            } else {
                insert(entry);
            }
            entry = following;
        }
    }

    /// The first tick after this one at which a bucket must be emptied; Long.MAX_VALUE if none is occupied.
    private long nextOccupiedTick() {
        long nearest = Long.MAX_VALUE;
        for (int level = 0; level < LEVELS; level++) {
            if (occupied[level] != 0) {
                int shift = level * LEVEL_BITS;
                int at = (int) (tick >> shift) & BUCKETS - 1;
                // Buckets after the current one, and behind the turn those up to it.
                long rotated = Long.rotateRight(occupied[level], at + 1);
                int distance = Long.numberOfTrailingZeros(rotated) + 1;
                nearest = Math.min(nearest, (tick >> shift) + distance << shift);
            }
        }
        return nearest;
    }

    /// When [#expire] should be called next: now if entries are due, Long.MAX_VALUE if nothing is armed. It may
    /// come
    /// before the nearest deadline when a bucket of a higher level must be emptied first.
    long nextWakeUpNs() {
        if (due != null) {
            return tick << TICK_SHIFT;
        }
        long next = nextOccupiedTick();
        return next == Long.MAX_VALUE ? Long.MAX_VALUE : next << TICK_SHIFT;
    }
}
