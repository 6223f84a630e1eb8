package dev.culvert.device;

import java.util.concurrent.atomic.AtomicLong;

/// A second's worth at once and so many a second in the long run, for all threads together: a refusal writes nothing.
@AnyThread
final class Allowance {
    private static final long SECOND_NS = 1_000_000_000L;

    private final long costNs;
    private final AtomicLong paidUntilNs = new AtomicLong(Long.MIN_VALUE / 2);

    Allowance(int perSecond) {
        costNs = SECOND_NS / perSecond;
    }

    /// @param nowNs boot time
    boolean take(long nowNs) {
        long paid = paidUntilNs.get();
        if (paid - nowNs >= SECOND_NS) {
            return false;
        }
        return paidUntilNs.compareAndSet(paid, Math.max(paid, nowNs) + costNs);
    }
}
