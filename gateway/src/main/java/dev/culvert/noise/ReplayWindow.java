package dev.culvert.noise;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Which counters of a keypair have been received: the sliding window of RFC 6479 with 8192 bits, of which 8128
/// are usable (kernel `counter_validate` in receive.c). Counters are unsigned and fed only after their packet
/// proved authentic. Touched by the peer's home lane only.
///
/// The bitmap, 1 KiB, is allocated with the first gap. Up to there every counter below `next` has been received,
/// so `next` says all.
///
/// ```
///   too old: refused  │  known by bits: a ring of 128 words,  │  greater than all received
///                     │  counter c in word (c / 64) mod 128   │
///  ───────────────────┼───────────────────────────────────────┼───────────────────────────
///                next - 1 - 8128                            next
/// ```
public final class ReplayWindow {
    private static final int WORDS = Protocol.COUNTER_BITS_TOTAL / Long.SIZE;
    private static final int LOG2_BITS = 6;

    private long next;
    private long @Nullable [] words;

    /// Whether a packet with this counter is worth opening. Changes nothing.
    public boolean mayAccept(long counter) {
        if (Long.compareUnsigned(counter, Protocol.REJECT_AFTER_MESSAGES) >= 0) {
            return false;
        }
        if (Long.compareUnsigned(counter, next) >= 0) {
            return true;
        }
        long[] bits = words;
        if (bits == null) {
            return false; // no gap: it was received
        }
        long behind = next - 1 - counter;
        return Long.compareUnsigned(behind, Protocol.COUNTER_WINDOW_SIZE) <= 0
                && (bits[word(counter)] & 1L << counter) == 0;
    }

    /// Marks the counter of an authentic packet as received.
    ///
    /// @return false if it was received before, is too old or too great: the packet must be dropped
    public boolean accept(long counter) {
        if (!mayAccept(counter)) {
            return false;
        }
        long[] bits = words;
        if (bits == null) {
            if (counter == next) {
                next++;
                return true;
            }
            bits = allReceivedBelowNext();
            words = bits;
        }
        if (Long.compareUnsigned(counter, next) >= 0) {
            advance(bits, counter);
        }
        bits[word(counter)] |= 1L << counter;
        return true;
    }

    /// Clears the words between the one of the greatest counter so far and that of the new one, including it.
    private void advance(long[] bits, long counter) {
        long first = (next + Long.SIZE - 1) >>> LOG2_BITS;
        long last = counter >>> LOG2_BITS;
        if (last - first >= WORDS) {
            Arrays.fill(bits, 0);
        } else {
            for (long word = first; word <= last; word++) {
                bits[(int) word & (WORDS - 1)] = 0;
            }
        }
        next = counter + 1;
    }

    private long[] allReceivedBelowNext() {
        long[] bits = new long[WORDS];
        Arrays.fill(bits, -1);
        if ((next & (Long.SIZE - 1)) != 0) {
            bits[word(next)] = (1L << next) - 1;
        }
        return bits;
    }

    private static int word(long counter) {
        return (int) (counter >>> LOG2_BITS) & (WORDS - 1);
    }
}
