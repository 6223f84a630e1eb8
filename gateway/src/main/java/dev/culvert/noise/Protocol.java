package dev.culvert.noise;

import dev.culvert.wire.TransportData;

/// The protocol's constants on one page: paper section 6.1, with the names of the kernel's messages.h and
/// cookie.h.
///
/// Times are nanoseconds of a clock that runs during suspend. Two times are compared by subtraction, never
/// directly; counters are unsigned, compare them with `Long.compareUnsigned`.
public final class Protocol {
    private static final long SECOND_NS = 1_000_000_000L;

    /// 2^60: an initiator then wants new keys.
    public static final long REKEY_AFTER_MESSAGES = 1L << 60;
    /// 2^64 - 2^13 - 1, the paper's; the kernel's own figure is 63 less.
    public static final long REJECT_AFTER_MESSAGES = -(1L << 13) - 1;
    public static final long REKEY_AFTER_TIME_NS = 120 * SECOND_NS;
    public static final long REJECT_AFTER_TIME_NS = 180 * SECOND_NS;
    public static final long REKEY_ATTEMPT_TIME_NS = 90 * SECOND_NS;
    public static final long REKEY_TIMEOUT_NS = 5 * SECOND_NS;
    /// Added to a timeout, uniformly from 0: two peers that initiate at once would otherwise do so for ever.
    public static final long REKEY_TIMEOUT_JITTER_MAX_NS = 333_000_000L;
    public static final long KEEPALIVE_TIMEOUT_NS = 10 * SECOND_NS;
    public static final int MAX_TIMER_HANDSHAKES = (int) (REKEY_ATTEMPT_TIME_NS / REKEY_TIMEOUT_NS);

    /// After data was sent and nothing came back (kernel `wg_timers_data_sent`).
    public static final long NEW_HANDSHAKE_TIMEOUT_NS = KEEPALIVE_TIMEOUT_NS + REKEY_TIMEOUT_NS;
    /// The age at which an initiator that only receives wants new keys (kernel `keep_key_fresh` in receive.c).
    public static final long REKEY_AFTER_TIME_RECEIVING_NS =
            REJECT_AFTER_TIME_NS - KEEPALIVE_TIMEOUT_NS - REKEY_TIMEOUT_NS;
    /// Without a new session all keys are then zeroed (kernel `wg_timers_session_derived`).
    public static final long ZERO_KEYS_NS = 3 * REJECT_AFTER_TIME_NS;

    public static final int INITIATIONS_PER_SECOND = 50;
    /// Initiations of one peer that come closer together are dropped.
    public static final long INITIATION_INTERVAL_MIN_NS = SECOND_NS / INITIATIONS_PER_SECOND;

    public static final long COOKIE_SECRET_MAX_AGE_NS = 120 * SECOND_NS;
    /// By how much earlier than its maker a cookie's holder stops using it.
    public static final long COOKIE_SECRET_LATENCY_NS = 5 * SECOND_NS;

    public static final int COUNTER_BITS_TOTAL = 8192;
    /// How far behind the greatest counter one may be: the bits but one word (RFC 6479).
    public static final int COUNTER_WINDOW_SIZE = COUNTER_BITS_TOTAL - Long.SIZE;

    public static final int PADDING_MULTIPLE = TransportData.PADDING_MULTIPLE;
    public static final int MAX_STAGED_PACKETS = 128;
    public static final int MAX_QUEUED_INCOMING_HANDSHAKES = 4096;

    private Protocol() {}
}
