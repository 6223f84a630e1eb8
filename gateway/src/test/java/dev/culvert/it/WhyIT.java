package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// A real wireguard-go is set up wrongly in each way there is, and `culvert why` names it. (A load that makes a hub ask
/// for cookies, and a replay, are tested with the device alone.)
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#oneHub")
@ExtendWith(LogsOnFailure.class)
@DisabledIfSystemProperty(
        named = "culvert.it.implementation",
        matches = "wireguard-go",
        disabledReason = "it cannot be asked")
@Timeout(120)
final class WhyIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String NO_PRESHARED_KEY = "A".repeat(43) + "=";
    /// So that the datagram is longer than UDP carries.
    private static final int HUGE_MTU = 65_535;

    private final Topology topology;
    private final Node hub;
    private final Node spoke;

    WhyIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        spoke = topology.spoke();
    }

    /// Both with fresh keys, so that nothing of the other tests is of this one's peer.
    private void configure(String hubPeer, String spokePeer) {
        hub.setconf(hub.interfaceSection() + hubPeer);
        spoke.setconf(spoke.interfaceSection() + spokePeer);
    }

    private void renew() {
        hub.renew();
        spoke.renew();
    }

    private String spokeAtHub(String allowedIps) {
        return Topology.peerSection(spoke.identity().publicKey(), null, allowedIps, null);
    }

    private String hubAtSpoke(String key) {
        return Topology.peerSection(
                key, null, Node.TUNNEL_PREFIX_4 + "," + Node.TUNNEL_PREFIX_6, hub.endpoint(Family.IPV4));
    }

    private String hubAtSpoke() {
        return hubAtSpoke(hub.identity().publicKey());
    }

    /// Until the hub says so, then the command says it too.
    private void named(String query, String cause, String... also) {
        Await.until(
                () -> cause + " for " + query + ", not " + Uapi.why(hub.interfaceName(), query),
                LIMIT,
                () -> Uapi.why(hub.interfaceName(), query).stream()
                        .anyMatch(line -> line.startsWith("why_incident=" + cause + ' ')
                                || line.startsWith("why_conclusion=" + cause + ' ')));
        String json = Command.require(Implementation.launcher(), "why", query, hub.interfaceName(), "--json");
        assertThat(json).contains("\"cause\" : \"" + cause + '"', "\"advice\"");
        for (String each : also) {
            assertThat(json).contains(each);
        }
    }

    private void spokeSends() {
        Ping.fails(spoke.namespace(), hub.inner(Family.IPV4), 1);
    }

    @Test
    void theSpokeHasAnotherPublicKeyOfTheHub() {
        renew();
        configure(spokeAtHub(spoke.innerPrefixes()), hubAtSpoke(Identity.fresh().publicKey()));
        spokeSends();
        named(spoke.outer(Family.IPV4), "wrong_hub_key", spoke.endpoint(Family.IPV4));
        named(spoke.identity().publicKey(), "never_seen", "wrong_hub_key");
        String text = Command.require(Implementation.launcher(), "why", spoke.outer(Family.IPV4), hub.interfaceName());
        assertThat(text).contains("not made for our public key", "to do: put this hub's public key");
    }

    @Test
    void theSpokesKeyIsNoPeer() {
        renew();
        configure("", hubAtSpoke());
        spokeSends();
        String key = spoke.identity().publicKey();
        named(spoke.outer(Family.IPV4), "unknown_key", key);
        named(key, "not_a_peer", "unknown_key");
    }

    @Test
    void thePresharedKeysDiffer() {
        String one = Identity.freshPresharedKey();
        topology.connect(Family.IPV4, one, false);
        hub.setconf(hub.interfaceSection()
                + Topology.peerSection(
                        spoke.identity().publicKey(), Identity.freshPresharedKey(), spoke.innerPrefixes(), null));
        spokeSends();
        named(spoke.identity().publicKey(), "never_confirmed", "never_connected");

        topology.connect(Family.IPV4, one, true);
        hub.setconf(hub.interfaceSection()
                + Topology.peerSection(
                        spoke.identity().publicKey(),
                        Identity.freshPresharedKey(),
                        spoke.innerPrefixes(),
                        spoke.endpoint(Family.IPV4)));
        Ping.fails(hub.namespace(), spoke.inner(Family.IPV4), 1);
        named(spoke.identity().publicKey(), "bad_response");
    }

    @Test
    void theSpokesClockWentBack() {
        renew();
        configure(spokeAtHub(spoke.innerPrefixes()), "");
        ScriptedSpoke.run(hub.namespace(), hub.port(), hub.identity(), spoke.identity(), NO_PRESHARED_KEY, 7200);
        spoke.setconf(spoke.interfaceSection() + hubAtSpoke());
        spokeSends();
        named(spoke.identity().publicKey(), "clock_behind", " s behind");
        String behind =
                String.join("\n", Uapi.why(hub.interfaceName(), spoke.identity().publicKey()));
        assertThat(behind).containsPattern("(719\\d|7200) s behind");
    }

    @Test
    void theSpokesInnerAddressIsNotAllowed() {
        renew();
        configure(spokeAtHub(spoke.inner(Family.IPV4) + "/32"), hubAtSpoke());
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 1);
        Ping.fails(spoke.namespace(), hub.inner(Family.IPV6), 1);
        named(spoke.inner(Family.IPV4), "source_not_allowed", "from " + spoke.inner(Family.IPV6), "connected");
        String key = spoke.identity().publicKey();
        assertThat(Command.require(Implementation.launcher(), "show", hub.interfaceName(), "--long"))
                .containsPattern("peer: " + Pattern.quote(key) + "\n(  .*\n)*  dropped: .*[0-9]+ spoofed_source");
    }

    @Test
    void theHubDoesNotKnowWhereTheSpokeIsOrReachesNobodyThere() {
        renew();
        configure(spokeAtHub(spoke.innerPrefixes()), "");
        Ping.fails(hub.namespace(), spoke.inner(Family.IPV4), 1);
        named(spoke.identity().publicKey(), "no_endpoint");
        Wg.set(
                hub.interfaceName(),
                "peer " + spoke.identity().publicKey() + " endpoint "
                        + Family.IPV4.endpoint(spoke.outer(Family.IPV4), spoke.port() + 1));
        Ping.fails(hub.namespace(), spoke.inner(Family.IPV4), 1);
        named(spoke.identity().publicKey(), "no_answer", "never_connected");
    }

    @Test
    void aPacketIsTooBigForUdp() {
        topology.connect(Family.IPV4);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 1);
        hub.namespace().ip("link set " + hub.interfaceName() + " mtu " + HUGE_MTU);
        try {
            Ping.fails(hub.namespace(), spoke.inner(Family.IPV4), 1, "-s", Integer.toString(HUGE_MTU - 40));
            named(spoke.identity().publicKey(), "packet_too_big", "a datagram of ");
        } finally {
            hub.namespace().ip("link set " + hub.interfaceName() + " mtu " + Node.MTU);
        }
    }

    @Test
    void aQuestionThatNothingFitsFailsWithASentence() {
        topology.connect(Family.IPV4);
        Command asked = Command.run(
                Command.LIMIT, "", List.of(Implementation.launcher(), "why", "nobody", hub.interfaceName()));
        assertThat(asked.exitCode()).isEqualTo(1);
        assertThat(asked.output()).contains("no peer of " + hub.interfaceName() + " has this key, name or address");
    }
}
