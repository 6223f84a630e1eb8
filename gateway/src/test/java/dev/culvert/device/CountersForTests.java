package dev.culvert.device;

/// Lets tests of other packages count.
@AnyThread
public final class CountersForTests {
    private CountersForTests() {}

    public static void batch(LaneCounters counters, int segments) {
        counters.batchReceived(segments);
    }

    public static void answered(LaneCounters counters, long tookNs) {
        counters.handshakeAnswered(tookNs);
    }

    /// Counters of a lane that dropped and sent.
    public static LaneCounters with(DropReason reason, int drops, int bytesSent) {
        LaneCounters counters = new LaneCounters();
        for (int i = 0; i < drops; i++) {
            counters.dropped(reason);
        }
        counters.datagramsSent(1, bytesSent);
        return counters;
    }
}
