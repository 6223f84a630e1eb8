package dev.culvert.device;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// Whether the device is under load, and the rate limiter that applies then (conformance 1.7): one for the
/// whole device, or the limit would multiply by lanes.
///
/// Any lane asks; the lock inside is taken once an initiation or response, never for data.
@AnyThread
final class HandshakeLoad {
    private final HandshakeQueue queue;
    private final HandshakeRateLimiter limiter;
    private final int cookieRepliesPerSecond;
    private final int underLoadAt;
    private final long underLoadForNs;
    private final AtomicBoolean told = new AtomicBoolean();
    private volatile long underLoadUntilNs = Long.MIN_VALUE;
    private volatile Consumer<Boolean> changes = begins -> {};

    HandshakeLoad(HandshakeQueue queue, HandshakeLimits limits, long seed, long nowNs) {
        this.queue = queue;
        limiter = new HandshakeRateLimiter(
                limits.perSourcePerSecond(), limits.perSourceBurst(), limits.sourcesMax(), seed, nowNs);
        cookieRepliesPerSecond = limits.cookieRepliesPerSecond();
        underLoadAt = limits.underLoadAt();
        underLoadForNs = limits.underLoadForNs();
    }

    /// @param listener gets true when the load begins, false when it is over: as far as anybody asks
    void tell(Consumer<Boolean> listener) {
        changes = listener;
    }

    /// For the [CookieReplyBudget] of a lane.
    int cookieRepliesPerSecond() {
        return cookieRepliesPerSecond;
    }

    /// True while so many initiations wait (by default an eighth of the queue), and for a while afterwards.
    boolean isUnderLoad(long nowNs) {
        if (queue.inboundDepth() >= underLoadAt) {
            underLoadUntilNs = nowNs + underLoadForNs;
            if (!told.get() && told.compareAndSet(false, true)) {
                changes.accept(true);
            }
            return true;
        }
        long until = underLoadUntilNs;
        boolean stillLoaded = until != Long.MIN_VALUE && nowNs - until < 0;
        if (!stillLoaded && told.get() && told.compareAndSet(true, false)) {
            changes.accept(false);
        }
        return stillLoaded;
    }

    /// Takes a token of the source's bucket.
    ///
    /// @param hi the upper half of its address, left-aligned: for IPv6 the /64
    boolean allows(boolean ipv6, long hi, long nowNs) {
        return limiter.allow(ipv6, hi, nowNs);
    }
}
