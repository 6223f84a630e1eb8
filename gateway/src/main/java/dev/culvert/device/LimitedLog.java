package dev.culvert.device;

import java.util.concurrent.atomic.AtomicLong;

/// Lets one log line through in ten seconds, so that what happens with each packet can be told at all.
@AnyThread
final class LimitedLog {
    static final long INTERVAL_NS = 10_000_000_000L;

    private final AtomicLong nextNs = new AtomicLong(Long.MIN_VALUE);

    /// True once in the interval.
    boolean allows(long nowNs) {
        long next = nextNs.get();
        return (next == Long.MIN_VALUE || nowNs - next >= 0) && nextNs.compareAndSet(next, nowNs + INTERVAL_NS);
    }
}
