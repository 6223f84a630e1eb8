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

/// The spoke, and then the hub, move in the middle of a transfer, and lose what is in flight and no more.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachMixedPairing")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class RoamingIT {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final int MEGABYTES_PER_SECOND = 5;

    private final Topology topology;
    private final Node hub;
    private final Node spoke;

    RoamingIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        spoke = topology.spoke();
    }

    @ParameterizedTest(name = "outside {0}")
    @EnumSource(Family.class)
    void theSpokeMovesAndLosesOnlyWhatIsInFlight(Family outer) {
        topology.connect(outer);
        String target = hub.inner(Family.IPV4);
        int newPort = spoke.port() + 1000;
        String newAddress = spoke.outer(outer) + "9";
        // Deprecated, so that the spoke's kernel does not choose it by itself.
        String addressWords = newAddress + "/" + outer.hostPrefixLength() + " dev eth0";
        spoke.namespace().ip("addr replace " + addressWords + " preferred_lft 0 nodad");
        Ping.succeeds(spoke.namespace(), target, 5);
        List<Move> moves = new ArrayList<>();
        int overflows = overflows();
        try (Transfer transfer = Transfer.start(spoke.namespace(), hub.namespace(), target, 15, MEGABYTES_PER_SECOND);
                Ping ping = Ping.start(spoke.namespace(), target)) {
            ping.awaitReplies(25, LIMIT);
            moves.add(Move.make(
                    "the spoke changes its port",
                    () -> Wg.set(spoke.interfaceName(), "listen-port " + newPort),
                    () -> hub.peer(spoke).endpoint().equals(outer.endpoint(spoke.outer(outer), newPort))));
            ping.awaitReplies(25, LIMIT);
            moves.add(Move.make(
                    "the spoke changes its address",
                    () -> translate(outer, newAddress),
                    () -> hub.peer(spoke).endpoint().equals(outer.endpoint(newAddress, newPort))));
            ping.awaitReplies(25, LIMIT);
            assertThat(transfer.isRunning())
                    .as("the moves happened during the transfer")
                    .isTrue();
            transfer.end();
            Move.requireLostOnlyInFlight(ping.end(), moves, overflows() - overflows);
            Ping.succeeds(hub.namespace(), spoke.inner(Family.IPV4), 20);
        } finally {
            spoke.namespace().nft("add table inet nat_of_spoke; delete table inet nat_of_spoke");
            spoke.namespace().ip("addr del " + addressWords);
        }
    }

    @ParameterizedTest(name = "outside {0}")
    @EnumSource(Family.class)
    void theHubMovesAndLosesOnlyWhatIsInFlight(Family outer) {
        topology.connect(outer);
        int newPort = hub.port() + 1000;
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 5);
        // The spoke learns from what the hub sends, so the requests come from the hub.
        try (Ping ping = Ping.start(hub.namespace(), spoke.inner(Family.IPV4))) {
            ping.awaitReplies(25, LIMIT);
            Move move = Move.make(
                    "the hub changes its port",
                    () -> Wg.set(hub.interfaceName(), "listen-port " + newPort),
                    () -> spoke.peer(hub).endpoint().equals(outer.endpoint(hub.outer(outer), newPort)));
            ping.awaitReplies(25, LIMIT);
            Move.requireLostOnlyInFlight(ping.end(), List.of(move), 0);
        }
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 20);
    }

    /// Of wireguard-go alone: Culvert's own sockets hold the whole transfer for a second.
    private int overflows() {
        int ofHub = topology.hubImplementation() == Implementation.WIREGUARD_GO
                ? hub.namespace().udpOverflows()
                : 0;
        return topology.spokeImplementation() == Implementation.WIREGUARD_GO
                ? ofHub + spoke.namespace().udpOverflows()
                : ofHub;
    }

    /// Gives the spoke another address in the hub's eyes, as a router does that forgot its translation. (What
    /// the spoke does when its own addresses change is tested with Culvert as the spoke: wireguard-go may stay
    /// stuck.)
    private void translate(Family outer, String newAddress) {
        spoke.namespace()
                .nft("""
                table inet nat_of_spoke {
                  chain out {
                    type filter hook postrouting priority -300
                    udp dport %1$d %2$s saddr %3$s %2$s saddr set %4$s
                  }
                  chain in {
                    type filter hook prerouting priority -300
                    udp sport %1$d %2$s daddr %4$s %2$s daddr set %3$s
                  }
                }
                """.formatted(hub.port(), outer == Family.IPV4 ? "ip" : "ip6", spoke.outer(outer), newAddress));
    }
}
