package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.noise.Protocol;
import java.lang.foreign.Arena;

/// Who is answered with a cookie when more ask for one than a lane can answer without losing data.
///
/// A flood costs its sender nothing but the bytes, and an answer costs us a system call's share: at 100,000 a
/// second the answers alone fill two cores, and the data that waits in the same socket is lost. So a lane
/// answers anyone up to its rate. Beyond, it remembers who asked and answers those who behave as a WireGuard
/// initiator does: who come again after REKEY_TIMEOUT, from the same address and port, and have been silent in
/// between. Such a sender has a session with its third try, 11 s after the first. Forged addresses do not come
/// back; one address that asks all the time is never silent.
///
/// Who asked is kept in four Bloom filters, of 2.5 s each: 5.0 to 5.33 s ago is two or three filters back.
/// Under 50,000 senders a second, fewer than 1 of 100 clients is taken for another (`CookieReplyBudgetTest`).
@LaneConfined
final class CookieReplyBudget implements AutoCloseable {
    private static final long SECOND_NS = 1_000_000_000L;
    /// Tokens a bucket holds: so many seconds of its rate. After a restart, all spokes ask at once.
    private static final int BURST_S = 2;
    private static final int FILTERS = 4;
    private static final long FILTER_NS = Protocol.REKEY_TIMEOUT_NS / 2;
    private static final int FILTER_WORDS = 1 << 15;
    private static final int FILTER_BYTES = Long.BYTES * FILTER_WORDS;

    private final long costNs;
    private final long seed;
    private long anyoneNs;
    private long returningNs;
    private long paidNs;

    private final Arena arena = Arena.ofShared();
    private long filters; // 0 until the rate is first exceeded
    private long newest;

    /// @param perSecond replies to anyone, and as many more to those who come again
    /// @param seed random
    CookieReplyBudget(int perSecond, long seed, long nowNs) {
        costNs = SECOND_NS / perSecond;
        this.seed = seed;
        anyoneNs = BURST_S * SECOND_NS;
        returningNs = BURST_S * SECOND_NS;
        paidNs = nowNs;
    }

    /// Whether a sender without a valid cookie, at this address and port, is told one. Allocates nothing but
    /// once.
    boolean allows(long hi, long lo, int port, long nowNs) {
        long passedNs = nowNs - paidNs;
        paidNs = nowNs;
        anyoneNs = Math.min(anyoneNs + passedNs, BURST_S * SECOND_NS);
        returningNs = Math.min(returningNs + passedNs, BURST_S * SECOND_NS);
        if (anyoneNs >= costNs) {
            anyoneNs -= costNs;
            return true;
        }
        if (!comesAgain(hash(hi, lo, port), nowNs) || returningNs < costNs) {
            return false;
        }
        returningNs -= costNs;
        return true;
    }

    /// Remembers the sender.
    private boolean comesAgain(long hash, long nowNs) {
        turn(Math.floorDiv(nowNs, FILTER_NS));
        long word = (hash & FILTER_WORDS - 1) * Long.BYTES;
        // Four bits of one word: one access to memory a filter.
        long bits = 1L << (hash >>> 16) | 1L << (hash >>> 22) | 1L << (hash >>> 28) | 1L << (hash >>> 34);
        boolean again = !has(0, word, bits) && !has(1, word, bits) && (has(2, word, bits) || has(3, word, bits));
        long address = filter(0) + word;
        Memory.putLong(address, Memory.getLong(address) | bits);
        return again;
    }

    private boolean has(int back, long word, long bits) {
        return (Memory.getLong(filter(back) + word) & bits) == bits;
    }

    private long filter(int back) {
        return filters + Math.floorMod(newest - back, FILTERS) * (long) FILTER_BYTES;
    }

    private void turn(long now) {
        if (filters == 0) {
            filters = arena.allocate((long) FILTERS * FILTER_BYTES, Long.BYTES).address();
            newest = now;
        }
        if (now - newest >= FILTERS || now - newest < 0) {
            newest = now - FILTERS; // whatever the clock did, all are emptied
        }
        while (newest != now) {
            newest++;
            Memory.zero(filter(0), FILTER_BYTES);
        }
    }

    private long hash(long hi, long lo, int port) {
        long h = (hi ^ seed) * 0x9e3779b97f4a7c15L;
        h = (h ^ h >>> 32 ^ lo) * 0xff51afd7ed558ccdL;
        h = (h ^ h >>> 29 ^ port) * 0xc4ceb9fe1a85ec53L;
        h = (h ^ h >>> 32) * 0x9e3779b97f4a7c15L;
        return h ^ h >>> 30;
    }

    @Override
    public void close() {
        arena.close();
    }
}
