package dev.culvert.device;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What a lane, a handshake worker, or the control plane under its lock, has counted since the start. One writes;
/// any thread reads, a little late. All values only rise.
@AnyThread
@SuppressWarnings("EnumOrdinal") // the position in one array; nothing outside the process sees it
public final class LaneCounters {
    /// What is counted beside drops. Bytes are UDP payload bytes or inner packet bytes.
    @Published
    public enum Counter {
        DATAGRAMS_RECEIVED,
        BYTES_RECEIVED,
        DATAGRAMS_SENT,
        BYTES_SENT,
        TUN_PACKETS_READ,
        TUN_BYTES_READ,
        TUN_PACKETS_WRITTEN,
        TUN_BYTES_WRITTEN,
        HANDED_OVER,
        TAKEN_OVER,
        /// From peer to peer without the TUN.
        FORWARDED_DIRECT_PACKETS,
        FORWARDED_DIRECT_BYTES,
        HANDSHAKES_INITIATED,
        HANDSHAKES_RECEIVED,
        HANDSHAKES_COMPLETED,
        /// From one peer to another, by a request.
        ALLOWED_IPS_MOVED
    }

    /// How often what happened; the bounds of the buckets are powers.
    @Published
    public enum Histogram {
        /// Segments of one recvmmsg: up to 1, 2, 4, … 256, and more.
        RECEIVED_BATCH(10),
        /// From an initiation's arrival until its response is queued, in seconds: up to 0.25 ms, 0.5 ms, … 8.192
        /// s,
        /// and more.
        HANDSHAKE_SECONDS(17);

        private final int buckets;

        Histogram(int buckets) {
            this.buckets = buckets;
        }

        /// The last one is of all that is greater.
        public int buckets() {
            return buckets;
        }

        private int offset() {
            int offset = 0;
            for (Histogram before : values()) {
                if (before == this) {
                    return offset;
                }
                offset += before.buckets + 1;
            }
            throw new AssertionError(this);
        }
    }

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int COUNTERS = Counter.values().length;

    private static final int BATCHES = COUNTERS + DropReason.values().length + Histogram.RECEIVED_BATCH.offset();
    private static final int LATENCIES = COUNTERS + DropReason.values().length + Histogram.HANDSHAKE_SECONDS.offset();
    private static final int BATCH_LAST = Histogram.RECEIVED_BATCH.buckets - 1;
    private static final int LATENCY_FIRST_NS = 250_000;

    // Counters, drops, and for each histogram its buckets and its sum.
    private final long[] values = new long[LATENCIES + Histogram.HANDSHAKE_SECONDS.buckets + 1];

    private void add(int index, long amount) {
        ELEMENT.setOpaque(values, index, values[index] + amount);
    }

    private void add(Counter counter, long amount) {
        add(counter.ordinal(), amount);
    }

    void dropped(DropReason reason) {
        dropped(reason, 1);
    }

    void dropped(DropReason reason, int packets) {
        add(COUNTERS + reason.ordinal(), packets);
    }

    /// What is known to be of a peer, or for it, is also counted there.
    void dropped(DropReason reason, Peer peer) {
        dropped(reason, peer, 1);
    }

    void dropped(DropReason reason, Peer peer, int packets) {
        dropped(reason, packets);
        peer.dropped(reason, packets);
    }

    void datagramsReceived(int datagrams, int bytes) {
        add(Counter.DATAGRAMS_RECEIVED, datagrams);
        add(Counter.BYTES_RECEIVED, bytes);
    }

    void batchReceived(int segments) {
        if (segments == 0) {
            return;
        }
        int bucket = Math.min(Integer.SIZE - Integer.numberOfLeadingZeros(segments - 1), BATCH_LAST);
        add(BATCHES + bucket, 1);
        add(BATCHES + Histogram.RECEIVED_BATCH.buckets, segments);
    }

    void handshakeAnswered(long tookNs) {
        long steps = Math.max(0, tookNs - 1) / LATENCY_FIRST_NS;
        int bucket = Math.min(Long.SIZE - Long.numberOfLeadingZeros(steps), Histogram.HANDSHAKE_SECONDS.buckets - 1);
        add(LATENCIES + bucket, 1);
        add(LATENCIES + Histogram.HANDSHAKE_SECONDS.buckets, tookNs);
    }

    void datagramsSent(int datagrams, int bytes) {
        add(Counter.DATAGRAMS_SENT, datagrams);
        add(Counter.BYTES_SENT, bytes);
    }

    void tunRead(int bytes) {
        add(Counter.TUN_PACKETS_READ, 1);
        add(Counter.TUN_BYTES_READ, bytes);
    }

    void tunWritten(int packets, int bytes) {
        add(Counter.TUN_PACKETS_WRITTEN, packets);
        add(Counter.TUN_BYTES_WRITTEN, bytes);
    }

    void handedOver(int packets) {
        add(Counter.HANDED_OVER, packets);
    }

    void takenOver(int packets) {
        add(Counter.TAKEN_OVER, packets);
    }

    void forwardedDirect(int packets, int bytes) {
        add(Counter.FORWARDED_DIRECT_PACKETS, packets);
        add(Counter.FORWARDED_DIRECT_BYTES, bytes);
    }

    void handshakeInitiated() {
        add(Counter.HANDSHAKES_INITIATED, 1);
    }

    void handshakeReceived() {
        add(Counter.HANDSHAKES_RECEIVED, 1);
    }

    void handshakeCompleted() {
        add(Counter.HANDSHAKES_COMPLETED, 1);
    }

    void allowedIpsMoved(int prefixes) {
        add(Counter.ALLOWED_IPS_MOVED, prefixes);
    }

    /// Any thread.
    public long value(Counter counter) {
        return (long) ELEMENT.getOpaque(values, counter.ordinal());
    }

    /// One bucket alone, not those below it. Any thread.
    public long bucket(Histogram histogram, int bucket) {
        return (long) ELEMENT.getOpaque(values, COUNTERS + DropReason.values().length + histogram.offset() + bucket);
    }

    /// Of segments, or of nanoseconds. Any thread.
    public long sum(Histogram histogram) {
        return bucket(histogram, histogram.buckets);
    }

    /// Any thread.
    public long drops(DropReason reason) {
        return (long) ELEMENT.getOpaque(values, COUNTERS + reason.ordinal());
    }
}
