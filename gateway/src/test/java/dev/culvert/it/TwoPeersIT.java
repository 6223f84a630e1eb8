package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// A hub and a spoke talk: every way to meet, much data, large packets.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachPairing")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class TwoPeersIT {
    private static final int PINGS = 50;

    private final Topology topology;
    private final Node hub;
    private final Node spoke;

    TwoPeersIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        spoke = topology.spoke();
    }

    static Stream<Arguments> waysToMeet() {
        return Stream.of(Family.values())
                .flatMap(outer -> Stream.of(false, true)
                        .flatMap(psk -> Stream.of(Arguments.of(outer, psk, "spoke"), Arguments.of(outer, psk, "hub"))));
    }

    @ParameterizedTest(name = "outside {0}, preshared key {1}, initiated by the {2}")
    @MethodSource("waysToMeet")
    void pingsWithoutLoss(Family outer, boolean withPresharedKey, String initiatorName) {
        boolean hubInitiates = initiatorName.equals("hub");
        topology.connect(outer, withPresharedKey ? Identity.freshPresharedKey() : null, hubInitiates);
        Node initiator = hubInitiates ? hub : spoke;
        Node responder = hubInitiates ? spoke : hub;

        try (Ping inner4 = Ping.start(initiator.namespace(), responder.inner(Family.IPV4));
                Ping inner6 = Ping.start(initiator.namespace(), responder.inner(Family.IPV6))) {
            inner4.succeeds(PINGS);
            inner6.succeeds(PINGS);
        }

        Wg.Peer seenByResponder = responder.peer(initiator);
        assertThat(seenByResponder.endpoint()).isEqualTo(initiator.endpoint(outer));
        assertThat(seenByResponder.latestHandshakeSeconds()).isPositive();
        assertThat(seenByResponder.hasPresharedKey()).isEqualTo(withPresharedKey);
        assertThat(initiator.peer(responder).latestHandshakeSeconds()).isPositive();
    }

    @Test
    void carriesHundredMegabytesFromSpokeToHub() {
        topology.connect(Family.IPV4);
        Transfer.succeeds(spoke.namespace(), hub.namespace(), hub.inner(Family.IPV4), 100);
    }

    @Test
    void carriesHundredMegabytesFromHubToSpoke() {
        topology.connect(Family.IPV6);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV6), 1);
        Transfer.succeeds(hub.namespace(), spoke.namespace(), spoke.inner(Family.IPV6), 100);
    }

    @ParameterizedTest(name = "inside {0}")
    @EnumSource(Family.class)
    void carriesPacketsNearAndAboveTheMtu(Family inner) {
        topology.connect(Family.IPV6);
        int fullPacketPayload = Node.MTU - inner.pingHeaderBytes();
        for (int below = 0; below < 3; below++) {
            String payload = Integer.toString(fullPacketPayload - below);
            Ping.succeeds(spoke.namespace(), hub.inner(inner), 5, "-M", "do", "-s", payload);
        }
        for (int payload : new int[] {0, 1, 15, 16, fullPacketPayload + 1, 4000, 20_000}) {
            Ping.succeeds(spoke.namespace(), hub.inner(inner), 5, "-s", Integer.toString(payload));
        }
    }
}
