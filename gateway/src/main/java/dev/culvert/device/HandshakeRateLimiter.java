package dev.culvert.device;

/// Token buckets a source, an IPv4 address or an IPv6 /64 (kernel: ratelimiter.c; conformance 1.7). Asked only
/// under load and only for packets with a valid cookie, so a lock serves all lanes.
@AnyThread
final class HandshakeRateLimiter {
    private static final long SECOND_NS = 1_000_000_000L;

    private final long costNs;
    private final long bucketMaxNs;
    private final int entriesMax;
    /// Sources are chosen by attackers: unseeded, they could choose them to collide.
    private final long seed;

    // Open addressing, at most half full; guarded by this object's monitor. A zero `used` ends a probe.
    private final long[] sources;
    private final boolean[] ipv6s;
    private final boolean[] used;
    private final long[] tokensNs;
    private final long[] lastNs;
    private final int mask;
    private int entries;
    private long collectedNs;

    /// @param perSecond packets a source may send in the long run
    /// @param burst packets it may send at once
    /// @param entriesMax sources remembered; when they are that many, others are refused
    /// @param seed random
    HandshakeRateLimiter(int perSecond, int burst, int entriesMax, long seed, long nowNs) {
        this.seed = seed;
        costNs = SECOND_NS / perSecond;
        bucketMaxNs = costNs * burst;
        this.entriesMax = entriesMax;
        int capacity = Integer.highestOneBit(Math.max(entriesMax, 2) - 1) << 2;
        mask = capacity - 1;
        sources = new long[capacity];
        ipv6s = new boolean[capacity];
        used = new boolean[capacity];
        tokensNs = new long[capacity];
        lastNs = new long[capacity];
        collectedNs = nowNs;
    }

    /// Takes a token of the source's bucket; a new source starts with a full one.
    ///
    /// @param hi the upper half of the source's address, left-aligned: for IPv6 the /64
    synchronized boolean allow(boolean ipv6, long hi, long nowNs) {
        if (nowNs - collectedNs >= SECOND_NS) {
            collect(nowNs);
        }
        int i = home(ipv6, hi);
        for (; used[i]; i = i + 1 & mask) {
            if (sources[i] == hi && ipv6s[i] == ipv6) {
                return take(i, nowNs);
            }
        }
        if (entries == entriesMax) {
            return false;
        }
        entries++;
        used[i] = true;
        sources[i] = hi;
        ipv6s[i] = ipv6;
        tokensNs[i] = bucketMaxNs - costNs;
        lastNs[i] = nowNs;
        return true;
    }

    private boolean take(int i, long nowNs) {
        long tokens = Math.min(tokensNs[i] + (nowNs - lastNs[i]), bucketMaxNs);
        lastNs[i] = nowNs;
        boolean allowed = tokens >= costNs;
        tokensNs[i] = allowed ? tokens - costNs : tokens;
        return allowed;
    }

    synchronized int entries() {
        return entries;
    }

    /// Forgets sources that were idle for more than a second: their buckets are full again.
    private void collect(long nowNs) {
        collectedNs = nowNs;
        for (int i = 0; i <= mask; i++) {
            while (used[i] && nowNs - lastNs[i] > SECOND_NS) {
                removeAt(i); // what moved into the gap is looked at next
            }
        }
    }

    private void removeAt(int removed) {
        int gap = removed;
        for (int j = gap + 1 & mask; used[j]; j = j + 1 & mask) {
            int distance = j - home(ipv6s[j], sources[j]) & mask;
            if (distance >= (j - gap & mask)) {
                sources[gap] = sources[j];
                ipv6s[gap] = ipv6s[j];
                tokensNs[gap] = tokensNs[j];
                lastNs[gap] = lastNs[j];
                gap = j;
            }
        }
        used[gap] = false;
        entries--;
    }

    private int home(boolean ipv6, long hi) {
        long h = (hi ^ seed) * 0x9e3779b97f4a7c15L + (ipv6 ? 1 : 0);
        h ^= h >>> 32;
        return (int) (h * 0xff51afd7ed558ccdL >>> 32) & mask;
    }
}
