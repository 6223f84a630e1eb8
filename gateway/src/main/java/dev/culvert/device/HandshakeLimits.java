package dev.culvert.device;

import dev.culvert.noise.Protocol;

/// What a device does against floods of handshakes (conformance 1.7). The defaults are the kernel's figures,
/// with two exceptions: the queue is four times as long, since ten thousand spokes come back at once when a hub
/// restarts, and only those with a cookie can fill it; and the kernel answers every initiation with a cookie.
///
/// @param queue initiations from the network that may wait for a worker; more are dropped
/// @param underLoadAt so many waiting put the device under load: then a cookie is required
/// @param underLoadForNs how long it stays under load after the last time that so many waited
/// @param perSourcePerSecond under load, handshakes an IPv4 address or IPv6 /64 may start in the long run
/// @param perSourceBurst and at once
/// @param sourcesMax sources that are remembered; when they are that many, others are refused
/// @param cookieRepliesPerSecond of a lane: beyond it, only senders that come again are answered, and at most
/// as many of those
@Published
public record HandshakeLimits(
        int queue,
        int underLoadAt,
        long underLoadForNs,
        int perSourcePerSecond,
        int perSourceBurst,
        int sourcesMax,
        int cookieRepliesPerSecond) {
    public static final HandshakeLimits DEFAULTS = new HandshakeLimits(
            4 * Protocol.MAX_QUEUED_INCOMING_HANDSHAKES,
            Protocol.MAX_QUEUED_INCOMING_HANDSHAKES / 8,
            1_000_000_000L,
            20,
            5,
            65_536,
            4_000);

    private static final int QUEUE_MAX = 1 << 20;
    private static final int UNDER_LOAD_FOR_MS_MAX = 3_600_000;
    private static final long MS = 1_000_000;
    private static final int RATE_MAX = 1_000_000;
    private static final int SOURCES_MAX = 1 << 20;

    public HandshakeLimits {
        require("queue", queue, 1, QUEUE_MAX);
        require("under-load-at", underLoadAt, 1, queue);
        require("under-load-for-ms", Math.floorDiv(underLoadForNs, MS), 0, UNDER_LOAD_FOR_MS_MAX);
        require("per-source-per-second", perSourcePerSecond, 1, RATE_MAX);
        require("per-source-burst", perSourceBurst, 1, RATE_MAX);
        require("sources-max", sourcesMax, 1, SOURCES_MAX);
        require("cookie-replies-per-second", cookieRepliesPerSecond, 1, RATE_MAX);
    }

    private static void require(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be from " + min + " to " + max + ", not " + value);
        }
    }
}
