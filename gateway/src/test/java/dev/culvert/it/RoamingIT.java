package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The spoke, and then the hub, move in the middle of a transfer.
///
/// What may be lost at a move are the echo requests in flight: the reply on its way to the old place, and the request
/// that is sent while the socket is being exchanged. With one each 8 ms and round trips below that these are two;
/// on a machine so busy that replies take longer, as many more as were waiting.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachMixedPairing")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class RoamingIT {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final int MEGABYTES_PER_SECOND = 10;
    private static final int MOST_LOST_PER_MOVE = 6;

    private final Topology topology;
    private final Node hub;
    private final Node spoke;

    RoamingIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        spoke = topology.spoke();
    }

    private record Move(String what, double fromSeconds, double toSeconds) {}

    @ParameterizedTest(name = "outside {0}")
    @EnumSource(Family.class)
    void losesOnlyWhatIsInFlight(Family outer) {
        topology.connect(outer);
        String target = hub.inner(Family.IPV4);
        String secondRoute = secondUnderlay(outer);
        Ping.succeeds(spoke.namespace(), target, 5);
        Transfer transfer = Transfer.start(spoke.namespace(), hub.namespace(), target, 30, MEGABYTES_PER_SECOND);
        Ping ping = Ping.start(spoke.namespace(), target, 10_000);
        ping.awaitReplies(25, LIMIT);

        int newPort = spoke.port() + 1000;
        List<Move> moves = new ArrayList<>();
        moves.add(move(
                "the spoke changes its port",
                () -> Wg.set(spoke.interfaceName(), "listen-port " + newPort),
                () -> hub.peer(spoke).endpoint().equals(outer.endpoint(spoke.outer(outer), newPort))));
        ping.awaitReplies(25, LIMIT);
        moves.add(move(
                "the spoke changes its address",
                () -> spoke.namespace().ip(secondRoute),
                () -> hub.peer(spoke).endpoint().equals(outer.endpoint(spoke.secondOuter(outer), newPort))));
        ping.awaitReplies(25, LIMIT);
        moves.add(move(
                "the hub changes its port",
                () -> Wg.set(hub.interfaceName(), "listen-port " + (hub.port() + 1000)),
                () -> spoke.peer(hub).endpoint().endsWith(":" + (hub.port() + 1000))));
        ping.awaitReplies(25, LIMIT);

        assertThat(transfer.isRunning())
                .as("the moves happened during the transfer")
                .isTrue();
        transfer.end();
        requireLostOnlyInFlight(ping.stop(), moves);
        Ping.succeeds(hub.namespace(), spoke.inner(Family.IPV4), 20);
        spoke.namespace().ip(secondRoute.replace(" replace ", " del "));
    }

    private static Move move(String what, Runnable change, java.util.function.BooleanSupplier noticed) {
        double fromSeconds = System.currentTimeMillis() / 1000.0;
        change.run();
        Await.until(what + ": the other side's endpoint", LIMIT, noticed);
        return new Move(what, fromSeconds, System.currentTimeMillis() / 1000.0);
    }

    private static void requireLostOnlyInFlight(Ping.Report report, List<Move> moves) {
        double longestMs = report.longestRoundTripMs();
        int inFlight = Math.min(MOST_LOST_PER_MOVE, Math.max(2, 1 + (int) Math.ceil(longestMs / Ping.INTERVAL_MS)));
        int explained = 0;
        for (Move move : moves) {
            List<Integer> lost =
                    report.lostBetween(move.fromSeconds() - longestMs / 1000, move.toSeconds() + longestMs / 1000);
            assertThat(lost)
                    .as(move.what() + ", longest round trip " + longestMs + " ms")
                    .hasSizeLessThanOrEqualTo(inFlight);
            explained += lost.size();
        }
        assertThat(report.lost()).as("lost at other times than the moves").hasSize(explained);
        assertThat(report.duplicates()).isZero();
    }

    /// Plugs the spoke into the hub's second underlay, once.
    ///
    /// @return the `ip` words that lead the way to the hub over it
    private String secondUnderlay(Family outer) {
        if (!spoke.namespace().hasLink("eth1")) {
            topology.network().bridge(hub.namespace(), "br1", "172.31.0.1/24", "fd31::1/64");
            topology.network()
                    .plug(
                            hub.namespace(),
                            "br1",
                            spoke.namespace(),
                            "eth1",
                            spoke.secondOuter(Family.IPV4) + "/24",
                            spoke.secondOuter(Family.IPV6) + "/64");
        }
        return outer == Family.IPV4
                ? "route replace 172.30.0.1/32 via 172.31.0.1 dev eth1"
                : "-6 route replace fd30::1/128 via fd31::1 dev eth1";
    }
}
