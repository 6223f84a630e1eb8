package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// Debian's `wg` changes a hub that is working.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachHub")
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
final class ManagementIT {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final Topology topology;
    private final Node hub;
    private final Node spoke;

    ManagementIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        spoke = topology.spoke();
    }

    @BeforeEach
    void meet() {
        topology.connect(Family.IPV4);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 3);
    }

    @Test
    void showsWhatWasSet() {
        String other = Identity.fresh().publicKey();
        String presharedKeyFile = topology.network()
                .secretFile("psk", Identity.freshPresharedKey() + "\n")
                .toString();
        Wg.set(
                hub.interfaceName(),
                "fwmark 0x1f peer " + other + " preshared-key " + presharedKeyFile
                        + " endpoint [fd30::99]:4242 persistent-keepalive 25 allowed-ips 10.88.1.1/24,fd88::/48,10.99.0.1");
        Wg.Dump dump = hub.dump();
        assertThat(dump.publicKey()).isEqualTo(hub.identity().publicKey());
        assertThat(dump.listenPort()).isEqualTo(hub.port());
        assertThat(dump.fwmark()).isEqualTo("0x1f");
        assertThat(dump.peers()).hasSize(2);
        assertThat(dump.peer(other))
                .isEqualTo(new Wg.Peer(
                        other,
                        true,
                        "[fd30::99]:4242",
                        "10.88.1.0/24,fd88::/48,10.99.0.1/32",
                        0,
                        0,
                        dump.peer(other).txBytes(),
                        "25"));

        Wg.set(hub.interfaceName(), "fwmark off peer " + other + " remove");
        assertThat(hub.dump().fwmark()).isEqualTo("off");
        assertThat(hub.dump().peers()).hasSize(1);
        Command text = Command.run("wg", "show", hub.interfaceName());
        assertThat(text.required())
                .contains("listening port: " + hub.port())
                .contains("endpoint: " + spoke.endpoint(Family.IPV4))
                .contains("latest handshake:");
    }

    @Test
    void countsBytesAsTheKernelDoes() {
        topology.connect(Family.IPV4);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 10, "-c", "10");
        // 10 packets of 84 bytes padded to 96, with header and tag 128; the handshake is 148 and 92 bytes.
        assertThat(hub.peer(spoke).txBytes()).isEqualTo(10 * 128 + 92);
        assertThat(hub.peer(spoke).rxBytes()).isIn(10L * 128 + 148, 10L * 128 + 148 + 32);
        assertThat(spoke.peer(hub).rxBytes()).isEqualTo(10 * 128 + 92);
    }

    @Test
    void doesNotAnswerARemovedPeer() {
        Wg.set(hub.interfaceName(), "peer " + spoke.identity().publicKey() + " remove");
        assertThat(hub.dump().peers()).isEmpty();
        PacketCount answers = PacketCount.of(
                hub.namespace(),
                "after_removal",
                "output",
                "ip daddr " + spoke.outer(Family.IPV4) + " udp sport " + hub.port());
        Ping.fails(spoke.namespace(), hub.inner(Family.IPV4), 20);
        assertThat(answers.packets()).isZero();

        Wg.set(
                hub.interfaceName(),
                "peer " + spoke.identity().publicKey() + " allowed-ips " + spoke.innerPrefixes() + " endpoint "
                        + spoke.endpoint(Family.IPV4));
        Ping.succeeds(hub.namespace(), spoke.inner(Family.IPV4), 20);
        assertThat(answers.packets()).isPositive();
    }

    @Test
    void setconfReplacesThePeers() {
        String other = Identity.fresh().publicKey();
        hub.setconf(hub.interfaceSection() + Topology.peerSection(other, null, "10.77.0.99/32", null));
        assertThat(hub.dump().peers()).hasSize(1);
        assertThat(hub.dump().peer(other).allowedIps()).isEqualTo("10.77.0.99/32");
        Ping.fails(spoke.namespace(), hub.inner(Family.IPV4), 10);
    }

    @Test
    void syncconfKeepsTheSession() {
        long handshake = hub.peer(spoke).latestHandshakeSeconds();
        String same = hub.interfaceSection()
                + Topology.peerSection(spoke.identity().publicKey(), null, spoke.innerPrefixes(), null);
        String added =
                same + Topology.peerSection(Identity.fresh().publicKey(), null, "10.77.0.99/32,fd77::99/128", null);
        try (Ping ping = Ping.start(spoke.namespace(), hub.inner(Family.IPV4))) {
            ping.awaitReplies(10, LIMIT);
            hub.configure("syncconf", added);
            ping.awaitReplies(10, LIMIT);
            assertThat(hub.dump().peers()).hasSize(2);
            hub.configure("syncconf", same);
            ping.awaitReplies(10, LIMIT);
            assertThat(hub.dump().peers()).hasSize(1);
            hub.configure("syncconf", same);
            ping.awaitReplies(10, LIMIT);
            ping.end().requireNoLoss();
        }
        assertThat(hub.peer(spoke).latestHandshakeSeconds()).isEqualTo(handshake);
    }

    @Test
    void keepsTheRulesOfAllowedIps() {
        String peer = "peer " + spoke.identity().publicKey();
        Wg.set(hub.interfaceName(), peer + " allowed-ips " + spoke.inner(Family.IPV4) + "/32");
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 10);
        Ping.fails(spoke.namespace(), hub.inner(Family.IPV6), 10);
        Wg.set(hub.interfaceName(), peer + " allowed-ips " + spoke.innerPrefixes());
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV6), 10);
        // The same prefix at another peer moves there.
        Wg.set(
                hub.interfaceName(),
                "peer " + Identity.fresh().publicKey() + " allowed-ips " + spoke.inner(Family.IPV6) + "/128");
        assertThat(hub.peer(spoke).allowedIps()).isEqualTo(spoke.inner(Family.IPV4) + "/32");
        Ping.fails(spoke.namespace(), hub.inner(Family.IPV6), 10);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 10);
    }

    @Test
    void takesANewPrivateKey() {
        String old = hub.identity().publicKey();
        hub.renew();
        Wg.set(hub.interfaceName(), "private-key " + hub.privateKeyFile());
        assertThat(hub.dump().publicKey()).isEqualTo(hub.identity().publicKey());
        Wg.set(spoke.interfaceName(), "peer " + old + " remove");
        Wg.set(
                spoke.interfaceName(),
                "peer " + hub.identity().publicKey() + " allowed-ips " + Node.TUNNEL_PREFIX_4 + " endpoint "
                        + hub.endpoint(Family.IPV4));
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 20);
        Ping.succeeds(hub.namespace(), spoke.inner(Family.IPV4), 20);
    }
}
