package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What happens to the interface itself: packets without a peer, MTU changes, down and up, another namespace.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#oneHub")
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
final class LinkIT {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final Topology topology;
    private final Node hub;
    private final Node spoke;

    LinkIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        spoke = topology.spoke();
        topology.connect(Family.IPV4);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 3);
    }

    @DisabledIfSystemProperty(
            named = "culvert.it.implementation",
            matches = "wireguard-go",
            disabledReason = "it drops such packets in silence")
    @ParameterizedTest
    @EnumSource(Family.class)
    void tellsByIcmpThatNoPeerHasTheAddress(Family inner) {
        String nobody = inner == Family.IPV4 ? "10.77.0.200" : "fd77::200";
        String answer = hub.namespace()
                .run("ping", "-c", "2", "-i", "0.2", "-W", "2", nobody)
                .output();
        assertThat(answer)
                .contains(nobody)
                .contains(
                        inner == Family.IPV4
                                ? "Destination Host Unreachable"
                                : "Destination unreachable: Address unreachable");
    }

    @Test
    void takesOverEachMtuAtOnce() {
        for (int mtu : new int[] {576, 1280, 1419, 9000, 34_736, 65_535, Node.MTU}) {
            for (Node node : new Node[] {hub, spoke}) {
                node.namespace().ip("link set " + node.interfaceName() + " mtu " + mtu);
            }
            String payload = Integer.toString(Math.min(mtu, 40_000) - 28);
            Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 3, "-s", payload);
        }
        for (Node node : new Node[] {hub, spoke}) { // below 1280 the kernel took IPv6 away
            Network.addAddresses(node.namespace(), node.interfaceName(), node.inner(Family.IPV6) + "/64");
        }
    }

    @DisabledIfSystemProperty(
            named = "culvert.it.implementation",
            matches = "wireguard-go",
            disabledReason = "it opens its sockets while the link is down")
    @Test
    void closesItsSocketsWhileItIsDownAndTalksAgainAfterwards() {
        hub.namespace().ip("link set " + hub.interfaceName() + " down");
        Await.until("no socket", LIMIT, () -> !sockets().contains(":" + hub.port()));
        assertThat(hub.peer(spoke).latestHandshakeSeconds()).isPositive();
        hub.namespace().ip("link set " + hub.interfaceName() + " up");
        Network.addAddresses(hub.namespace(), hub.interfaceName(), hub.inner(Family.IPV6) + "/64");
        // The hub has forgotten the session, the spoke has not: only a new handshake brings it back.
        awaitAnswer(hub.namespace(), spoke.inner(Family.IPV4));
        Ping.succeeds(hub.namespace(), spoke.inner(Family.IPV4), 5);
    }

    /// The daemon hears of a link that goes up a moment after the link's first packets, and drops those.
    private static void awaitAnswer(Namespace from, String target) {
        Await.until(
                "an answer of " + target,
                LIMIT,
                () -> from.run("ping", "-c", "1", "-W", "1", target).exitCode() == 0);
    }

    private String sockets() {
        return hub.namespace().run("ss", "-Hlun").output();
    }

    @DisabledIfSystemProperty(
            named = "culvert.it.implementation",
            matches = "wireguard-go",
            disabledReason = "it hears nothing of a link in another namespace")
    @Test
    void servesAnInterfaceThatWasMovedToAnotherNamespace() {
        Namespace other = topology.network().namespace("o");
        String link = hub.interfaceName();
        hub.namespace().ip("link set " + link + " netns " + other.name());
        Network.addAddresses(other, link, hub.inner(Family.IPV4) + "/24", hub.inner(Family.IPV6) + "/64");
        other.ip("link set " + link + " mtu 1300 up");
        // The sockets stay in the namespace where the daemon was started.
        awaitAnswer(other, spoke.inner(Family.IPV6));
        assertThat(sockets()).contains(":" + hub.port());
        Ping.succeeds(other, spoke.inner(Family.IPV6), 10, "-M", "do", "-s", Integer.toString(1300 - 48));
        other.ip("link set " + link + " down");
        Await.until("no socket", LIMIT, () -> !sockets().contains(":" + hub.port()));
        other.ip("link set " + link + " netns " + hub.namespace().name());
        Network.addAddresses(hub.namespace(), link, hub.inner(Family.IPV4) + "/24", hub.inner(Family.IPV6) + "/64");
        hub.namespace().ip("link set " + link + " mtu " + Node.MTU + " up");
        awaitAnswer(hub.namespace(), spoke.inner(Family.IPV4));
        Ping.succeeds(hub.namespace(), spoke.inner(Family.IPV4), 10);
    }
}
