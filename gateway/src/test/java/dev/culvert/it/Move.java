package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/// A change of place during a running ping, and what it may cost.
///
/// What may be lost are the echo requests in flight: the one whose reply is on its way to the old place, and
/// the one that is sent while the socket is being exchanged. With one each 8 ms and round trips below that
/// these are two; on a machine so busy that replies take longer, as many more as were waiting. What the kernel
/// dropped from a full socket (wireguard-go's of Debian 12 holds 40 ms of the transfer) has nothing to do with
/// a move.
///
/// @param fromSeconds wall clock, before the change
/// @param toSeconds wall clock, when the other side had noticed
record Move(String what, double fromSeconds, double toSeconds) {
    private static final Duration NOTICE_LIMIT = Duration.ofSeconds(5);
    private static final int MOST_LOST = 6;

    static Move make(String what, Runnable change, BooleanSupplier noticed) {
        double fromSeconds = System.currentTimeMillis() / 1000.0;
        change.run();
        Await.until(what + ", and the other side notices", NOTICE_LIMIT, noticed);
        return new Move(what, fromSeconds, System.currentTimeMillis() / 1000.0);
    }

    /// @param overflown datagrams that found a full socket in the meantime
    static void requireLostOnlyInFlight(Ping.Report report, List<Move> moves, int overflown) {
        double longestMs = report.longestRoundTripMs();
        int inFlight = Math.clamp(1 + (int) Math.ceil(longestMs / Ping.INTERVAL_MS), 2, MOST_LOST);
        int explained = 0;
        for (Move move : moves) {
            List<Integer> lost =
                    report.lostBetween(move.fromSeconds() - longestMs / 1000, move.toSeconds() + longestMs / 1000);
            assertThat(lost)
                    .as(move.what() + ", longest round trip " + longestMs + " ms")
                    .hasSizeLessThanOrEqualTo(inFlight);
            explained += lost.size();
        }
        assertThat(report.lost())
                .as("lost at other times than the moves, while " + overflown + " datagrams found a full socket")
                .hasSizeBetween(explained, explained + overflown);
        assertThat(report.duplicates()).isZero();
    }
}
