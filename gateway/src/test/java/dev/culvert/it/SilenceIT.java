package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// A stranger is not answered, and learns nothing. Counted by the kernel behind the hub's socket; a second
/// spoke whose handshake and pings succeed after the stranger's attempt shows that the attempt had been dealt
/// with.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachHubOfTwo")
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
final class SilenceIT {
    private static final AtomicInteger COUNTERS = new AtomicInteger();
    private static final Duration LIMIT = Duration.ofSeconds(5);
    /// An IPv4 packet with an initiation.
    private static final int INITIATION_PACKET_BYTES = 20 + 8 + 148;
    /// An IPv4 packet with a response.
    private static final int RESPONSE_PACKET_BYTES = 20 + 8 + 92;

    private final Node hub;
    private final Node stranger;
    private final Node friend;

    SilenceIT(Topology topology) {

        hub = topology.hub();
        stranger = topology.spoke(0);
        friend = topology.spoke(1);
        topology.connect(Family.IPV4);
    }

    @Test
    void doesNotAnswerWhoDoesNotKnowItsPublicKey() {
        String wrongKey = Identity.fresh().publicKey();
        configureStranger(wrongKey, null);
        PacketCount answers = towardsStranger("");
        attempt();
        assertThat(answers.packets()).isZero();
        assertThat(stranger.dump().peer(wrongKey).latestHandshakeSeconds()).isZero();
        assertThat(hub.peer(stranger).latestHandshakeSeconds()).isZero();
        assertThat(hub.peer(stranger).endpoint()).isEqualTo("(none)");
    }

    @Test
    void doesNotAnswerAnUnknownPeer() {
        stranger.renew();
        configureStranger(hub.identity().publicKey(), null);
        PacketCount answers = towardsStranger("");
        attempt();
        assertThat(answers.packets()).isZero();
        assertThat(stranger.peer(hub).latestHandshakeSeconds()).isZero();
        assertThat(hub.dump().peers())
                .hasSize(2)
                .noneMatch(peer -> peer.publicKey().equals(stranger.identity().publicKey()));
    }

    /// The preshared key enters the handshake with the response, so the hub cannot see the fault before it has
    /// answered: it sends that one response to an initiation, and nothing after it.
    @Test
    void sendsNothingBeyondTheResponseToAWrongPresharedKey() {
        configureStranger(hub.identity().publicKey(), Identity.freshPresharedKey());
        PacketCount initiations = fromStranger();
        PacketCount responses = towardsStranger("ip length " + RESPONSE_PACKET_BYTES);
        PacketCount all = towardsStranger("");
        attempt();
        assertThat(all.packets()).isEqualTo(responses.packets()).isLessThanOrEqualTo(initiations.packets());
        assertThat(stranger.peer(hub).latestHandshakeSeconds()).isZero();
        assertThat(hub.peer(stranger).latestHandshakeSeconds()).isZero();
    }

    /// The other side of it: an initiator that gets a response made with another preshared key only goes on
    /// trying.
    @Test
    void anInitiatorSendsNothingAfterAResponseWithAWrongPresharedKey() {
        friend.setconf(friend.interfaceSection()
                + Topology.peerSection(
                        hub.identity().publicKey(),
                        Identity.freshPresharedKey(),
                        Node.TUNNEL_PREFIX_4,
                        hub.endpoint(Family.IPV4)));
        PacketCount initiations =
                count(friend, "output", "udp dport " + hub.port() + " ip length " + INITIATION_PACKET_BYTES);
        PacketCount all = count(friend, "output", "udp dport " + hub.port());
        PacketCount responses = count(friend, "input", "udp sport " + hub.port());
        Ping.fails(friend.namespace(), hub.inner(Family.IPV4), 10);
        Await.until("the response reaches the initiator", LIMIT, () -> responses.packets() > 0);
        Ping.fails(friend.namespace(), hub.inner(Family.IPV4), 10);
        assertThat(all.packets()).isEqualTo(initiations.packets()).isPositive();
        assertThat(friend.peer(hub).latestHandshakeSeconds()).isZero();
        assertThat(hub.peer(friend).latestHandshakeSeconds()).isZero();
    }

    private void configureStranger(String hubKey, @Nullable String presharedKey) {
        stranger.setconf(stranger.interfaceSection()
                + Topology.peerSection(hubKey, presharedKey, Node.TUNNEL_PREFIX_4, hub.endpoint(Family.IPV4)));
    }

    private void attempt() {
        PacketCount attempts = fromStranger();
        Ping.fails(stranger.namespace(), hub.inner(Family.IPV4), 10);
        Await.until("an initiation reaches the hub", LIMIT, () -> attempts.packets() > 0);
        Ping.succeeds(friend.namespace(), hub.inner(Family.IPV4), 20);
    }

    private PacketCount towardsStranger(String more) {
        return count(
                hub, "output", "ip daddr " + stranger.outer(Family.IPV4) + " udp sport " + hub.port() + " " + more);
    }

    private PacketCount fromStranger() {
        return count(
                hub,
                "input",
                "ip saddr " + stranger.outer(Family.IPV4) + " udp dport " + hub.port() + " ip length "
                        + INITIATION_PACKET_BYTES);
    }

    private static PacketCount count(Node node, String hook, String match) {
        return PacketCount.of(node.namespace(), "silence" + COUNTERS.incrementAndGet(), hook, match);
    }
}
