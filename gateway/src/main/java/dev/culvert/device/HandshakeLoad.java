package dev.culvert.device;

/// Whether the device is under load, and the rate limiter that applies then (conformance 1.7): one for the whole
/// device, or the limit would multiply by lanes.
///
/// Any lane asks; the lock inside is taken once an initiation or response, never for data.
@AnyThread
final class HandshakeLoad {
    private static final long UNDER_LOAD_AFTERWARDS_NS = 1_000_000_000L;

    private final HandshakeQueue queue;
    private final HandshakeRateLimiter limiter;
    private volatile long underLoadUntilNs = Long.MIN_VALUE;

    HandshakeLoad(HandshakeQueue queue, HandshakeRateLimiter limiter) {
        this.queue = queue;
        this.limiter = limiter;
    }

    /// True while the inbound queue is an eighth full or more, and for a second afterwards.
    boolean isUnderLoad(long nowNs) {
        if (queue.inboundDepth() >= queue.inboundCapacity() / 8) {
            underLoadUntilNs = nowNs + UNDER_LOAD_AFTERWARDS_NS;
            return true;
        }
        long until = underLoadUntilNs;
        return until != Long.MIN_VALUE && nowNs - until < 0;
    }

    /// Takes a token of the source's bucket.
    boolean allows(Endpoint source, long nowNs) {
        return limiter.allow(source.ipv6, source.hi, nowNs);
    }
}
