package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static dev.culvert.device.HubAndSpoke.current;
import static dev.culvert.device.HubAndSpoke.present;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.Forger;
import dev.culvert.noise.Keypair;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Every row of the table of configuration's effects (conformance 1.15). "The same private key" is
/// `ManagementIT.syncconfKeepsTheSession`: the device compares before anything here is called.
@LaneConfined
final class ConfigurationEffectsTest {
    private final HubAndSpoke pair = new HubAndSpoke();
    private final PrivateKey other = PrivateKey.generate(new Random(3)::nextBytes);
    private final PresharedKey psk = PresharedKey.generate(new Random(8)::nextBytes);

    @AfterEach
    void closes() {
        other.close();
        pair.close();
    }

    private List<Datagram> sent(TestDevice device) {
        return device.takeSent();
    }

    // Private key changed.

    @Test
    void aNewPrivateKeyRemovesThePeerThatHasIt() {
        pair.connect();
        pair.hub.peer(other.publicKey(), 7, null, null, InnerPacket.prefix4(7, 32));
        pair.hub.host(0, InnerPacket.ipv4(HUB, 7, "to myself"));
        sent(pair.hub);
        pair.hub.privateKey(other);
        assertThat(pair.hub.peers.status()).extracting(PeerStatus::publicKey).containsExactly(pair.spoke.publicKey());
        assertThat(pair.hub.state.router.peerFor(
                        false, InnerPacket.prefix4(7, 32).hi(), 0))
                .isNull();
        assertThat(pair.hub.drops(DropReason.PEER_REMOVED))
                .as("what was staged for it")
                .isEqualTo(1);
    }

    @Test
    void aNewPrivateKeyStopsSendingUnderAllSessionsButNotReceiving() {
        pair.connect();
        pair.clock.advance(6 * S);
        pair.hub.receive(0, HubAndSpoke.initiation(pair.spoke, pair.hub));
        Datagram response = sent(pair.hub).getFirst();
        List<Datagram> data = pair.sealedUp("under current");
        pair.spoke.receive(0, response);
        Datagram underNext = sent(pair.spoke).getFirst();
        LanePeer hub = pair.atHub();
        Keypair current = current(hub);
        Keypair next = present(hub.keypairs.next());

        pair.hub.privateKey(other);
        assertThat(current.sendable(pair.now())).isFalse();
        assertThat(next.sendable(pair.now())).isFalse();
        pair.hub.receive(0, data.getFirst());
        assertThat(pair.hub.delivered()).endsWith("under current");
        pair.hub.receive(0, underNext);
        assertThat(current(hub)).isSameAs(next);
        assertThat(sent(pair.hub)).noneMatch(datagram -> datagram.type() == 4);
        assertThat(pair.sealedDown("x")).extracting(Datagram::type).containsExactly(1);
        assertThat(hub.staged.size()).isEqualTo(1);
    }

    @Test
    void aNewPrivateKeyDropsTheOutstandingHandshakeAndLetsAnotherStartAtOnce() {
        pair.connect();
        pair.clock.advance(6 * S);
        HubAndSpoke.initiation(pair.spoke, pair.hub); // suppresses others for 5 s
        LanePeer spoke = pair.atSpoke();
        assertThat(spoke.initiation).isNotNull();
        int index = spoke.initiationIndex;
        pair.spoke.privateKey(other);
        assertThat(spoke.initiation).isNull();
        assertThat(pair.spoke.lane(0).sessions.find(index)).isNull();
        pair.hub.peer(other.publicKey(), 0, PresharedKey.NONE, null, InnerPacket.prefix4(SPOKE, 32));
        pair.up("as somebody else");
        assertThat(pair.hub.delivered()).endsWith("as somebody else");
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4);
    }

    /// Static-static secret, mac1 key and cookie key: the handshake under the new key works both ways.
    @Test
    void aNewPrivateKeyIsUsedForEverythingThatIsComputedFromIt() {
        pair.connect();
        pair.hub.privateKey(other);
        pair.spoke.removePeer(pair.hub.publicKey());
        pair.spoke.peer(other.publicKey(), HUB, null, null, InnerPacket.prefix4(0, 24));
        pair.hub.inboundDepth = TestDevice.UNDER_LOAD_AT; // so that the cookie key is needed
        pair.up("x");
        pair.network.pass(6 * S);
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsSequence(1, 3, 1, 2, 4);
        assertThat(pair.hub.delivered()).endsWith("x");
        // A message for the old key is not ours any more.
        try (Forger forger = new Forger(1)) {
            byte[] old = forger.initiation(
                    pair.hub.publicKey(),
                    pair.spoke.publicKey(),
                    Forger.shared(pair.hub.key, pair.spoke.publicKey()),
                    pair.clock.wallNs() + S);
            pair.hub.receive(0, new Datagram(SPOKE, 1, HUB, TestDevice.PORT, 0, old));
            assertThat(pair.hub.drops(DropReason.BAD_MAC1)).isEqualTo(1);
        }
    }

    @Test
    void theFirstPrivateKeySendsWhatWasStaged() {
        pair.spoke.privateKey(null);
        pair.up("early");
        assertThat(pair.network.takeSeen()).isEmpty();
        assertThat(pair.atSpoke().staged.size()).isEqualTo(1);
        pair.spoke.privateKey(pair.spoke.key);
        pair.network.settle();
        assertThat(pair.hub.delivered()).containsExactly("early");
    }

    /// Kernel netns.sh: "keepalive on late private key".
    @Test
    void theFirstPrivateKeyStartsPersistentKeepaliveOfALinkThatIsUp() {
        pair.spoke.privateKey(null);
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 1, InnerPacket.prefix4(0, 24));
        assertThat(sent(pair.spoke)).isEmpty();
        pair.spoke.privateKey(pair.spoke.key);
        pair.network.settle();
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4);
    }

    // Private key taken away.

    @Test
    void withoutAPrivateKeyThereAreNoHandshakesEitherWay() {
        pair.connect();
        pair.clock.advance(6 * S);
        Datagram initiation = HubAndSpoke.initiation(pair.spoke, pair.hub);
        pair.hub.receive(0, initiation);
        Datagram response = sent(pair.hub).getFirst();
        pair.hub.privateKey(null);
        pair.spoke.privateKey(null);

        pair.hub.receive(0, initiation);
        pair.spoke.receive(0, response);
        assertThat(pair.hub.drops(DropReason.NO_IDENTITY)).isEqualTo(1);
        assertThat(pair.spoke.drops(DropReason.NO_IDENTITY)).isEqualTo(1);
        assertThat(pair.sealedDown("x")).isEmpty();
        pair.network.pass(1000 * S);
        assertThat(pair.network.takeSeen()).isEmpty();
    }

    // Preshared key.

    @Test
    void aPresharedKeyHoldsFromTheNextHandshakeOn() {
        pair.connect();
        pair.hub.peer(pair.spoke, false, psk, InnerPacket.prefix4(SPOKE, 32));
        pair.up("old session");
        pair.down("old session");
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsOnly(4);
        pair.network.pass(121 * S);
        pair.network.takeSeen();
        pair.up("wants a new one");
        assertThat(pair.spoke.drops(DropReason.BAD_RESPONSE))
                .as("the sides differ")
                .isEqualTo(1);
        pair.spoke.peer(pair.hub, true, psk, InnerPacket.prefix4(0, 24));
        pair.network.pass(6 * S);
        pair.up("both have it");
        assertThat(pair.hub.delivered()).endsWith("old session", "wants a new one", "both have it");
        assertThat(current(pair.atSpoke()).birthdateNs()).isGreaterThan(pair.now() - 7 * S);
    }

    @Test
    void theSamePresharedKeyChangesNothing() {
        pair.connect();
        pair.hub.peer(pair.spoke, false, psk, InnerPacket.prefix4(SPOKE, 32));
        long generation = pair.atHub().peer.generation;
        Map<String, Object> before = PeerState.all(pair.atHub());
        try (PresharedKey same = psk.copy()) {
            pair.hub.peer(pair.spoke, false, same, InnerPacket.prefix4(SPOKE, 32));
        }
        assertThat(pair.atHub().peer.generation).isEqualTo(generation);
        assertThat(PeerState.changes(before, PeerState.all(pair.atHub()))).isEmpty();
    }

    // Peers with keys that cannot work.

    @Test
    void aPeerWithTheOwnKeyIsIgnored() {
        pair.connect();
        pair.hub.peer(pair.hub.publicKey(), HUB, null, 1, InnerPacket.prefix4(SPOKE, 32));
        assertThat(pair.hub.peers.status()).hasSize(1);
        assertThat(sent(pair.hub)).isEmpty();
        pair.down("the prefix stays with the spoke");
        assertThat(pair.spoke.delivered()).endsWith("the prefix stays with the spoke");
    }

    @Test
    void aPeerOfLowOrderIsAcceptedAndNeverSendsAnything() {
        int host = 100;
        for (PublicKey point : Forger.lowOrderPoints()) {
            pair.hub.peer(point, 9, null, 1, InnerPacket.prefix4(host, 32));
            pair.hub.host(0, InnerPacket.ipv4(HUB, host, "x"));
            host++;
        }
        assertThat(pair.hub.peers.status()).hasSize(host - 100 + 1);
        pair.network.pass(20 * S);
        assertThat(pair.network.takeSeen()).isEmpty();
        assertThat(pair.hub.drops(DropReason.LOW_ORDER_KEY)).isGreaterThanOrEqualTo(host - 100);
        assertThat(pair.hub.lane(0).sessions.size()).isZero();
        pair.up("others are not concerned");
        assertThat(pair.hub.delivered()).containsExactly("others are not concerned");
    }

    // Persistent keepalive.

    @Test
    void aKeepaliveThatBeginsIsSentAtOnceAndStartsAHandshake() {
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 25, InnerPacket.prefix4(0, 24));
        pair.network.settle();
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4);
        assertThat(pair.atSpoke().persistentNs).isEqualTo(pair.now() + 25 * S);
    }

    @Test
    void anotherIntervalHoldsFromTheNextPacketOnAndSendsNothing() {
        pair.connect();
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 25, InnerPacket.prefix4(0, 24));
        assertThat(sent(pair.spoke)).hasSize(1);
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 10, InnerPacket.prefix4(0, 24));
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 10, InnerPacket.prefix4(0, 24));
        assertThat(sent(pair.spoke)).isEmpty();
        pair.up("x");
        assertThat(pair.atSpoke().persistentNs).isEqualTo(pair.now() + 10 * S);
    }

    @Test
    void aKeepaliveThatEndsSendsNothingMore() {
        pair.connect();
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 25, InnerPacket.prefix4(0, 24));
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 0, InnerPacket.prefix4(0, 24));
        pair.network.settle();
        pair.network.takeSeen();
        pair.network.pass(1000 * S);
        assertThat(pair.network.takeSeen()).isEmpty();
        assertThat(pair.spoke.nextAlarmNs()).isEqualTo(LanePeer.NEVER);
    }

    @Test
    void aKeepaliveThatBeginsWhileTheLinkIsDownIsSentWhenItComesUp() {
        pair.spoke.linkDown();
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 25, InnerPacket.prefix4(0, 24));
        pair.network.pass(100 * S);
        assertThat(pair.network.takeSeen()).isEmpty();
        pair.spoke.linkUp();
        pair.network.settle();
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4);
    }

    // Interface up and down.

    @Test
    void theLinkGoingDownForgetsEverythingButTheTimestamps() {
        pair.connect();
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 25, InnerPacket.prefix4(0, 24));
        pair.network.settle();
        current(pair.atSpoke()).invalidateSending();
        pair.clock.advance(6 * S);
        pair.sealedUp("staged"); // and an initiation outstanding
        LanePeer spoke = pair.atSpoke();
        assertThat(spoke.initiation).isNotNull();
        assertThat(spoke.staged.size()).isEqualTo(1);
        String stamp = String.valueOf(spoke.lastTimestampSent);

        pair.spoke.linkDown();
        assertThat(spoke.staged.isEmpty()).isTrue();
        assertThat(pair.spoke.drops(DropReason.DEVICE_DOWN)).isEqualTo(1);
        assertThat(pair.spoke.lane(0).sessions.size()).isZero();
        assertThat(pair.spoke.lane(0).keys.used()).isZero();
        assertThat(spoke.sentHandshakeBefore).isFalse();
        assertThat(String.valueOf(spoke.lastTimestampSent)).isEqualTo(stamp);
        Map<String, Object> timers = PeerState.timers(spoke);
        for (String timer : List.of("retransmit", "keepalive", "newHandshake", "zeroKeys", "persistent")) {
            assertThat(timers).containsEntry(timer, LanePeer.NEVER);
        }
        assertThat(spoke.lane.wheel.armed(spoke)).isFalse();
        assertThat(pair.sealedUp("x")).isEmpty();
        assertThat(spoke.staged.isEmpty())
                .as("nothing is staged while it is down")
                .isTrue();
    }

    @Test
    void theLinkComingUpSendsKeepalivesOfThePeersThatHaveAnInterval() {
        pair.connect();
        pair.spoke.linkDown();
        pair.spoke.linkUp();
        pair.network.settle();
        assertThat(pair.network.takeSeen()).as("without an interval").isEmpty();
        pair.up("a new handshake starts at once");
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4);
        assertThat(pair.hub.delivered()).endsWith("a new handshake starts at once");
    }

    @Test
    void aHandshakeThatWasOnAWorkerWhenTheLinkWentDownLeavesNothing() {
        pair.spoke.stepwise = true;
        pair.spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, "x"));
        pair.spoke.runWork(0);
        pair.spoke.linkDown();
        pair.spoke.stepwise = false;
        pair.spoke.run();
        assertThat(sent(pair.spoke)).isEmpty();
        assertThat(pair.spoke.lane(0).sessions.size()).isZero();
        assertThat(pair.spoke.drops(DropReason.SUPERSEDED)).isEqualTo(1);
        assertThat(pair.spoke.lane(0).wheel.nextWakeUpNs()).isEqualTo(LanePeer.NEVER);
        pair.spoke.linkUp();
        pair.up("y");
        assertThat(pair.hub.delivered()).containsExactly("y");
    }

    // Peer removed.

    @Test
    void aRemovedPeerIsNotAnsweredAnyMoreAndLeavesNothing() {
        pair.connect();
        LanePeer hub = pair.atHub();
        current(hub).invalidateSending();
        pair.sealedDown("staged");
        Datagram data = pair.sealedUp("late").getFirst();
        pair.clock.advance(6 * S);
        Datagram initiation = HubAndSpoke.initiation(pair.spoke, pair.hub);

        pair.hub.removePeer(pair.spoke.publicKey());
        pair.hub.receive(0, data, initiation);
        assertThat(sent(pair.hub)).isEmpty();
        assertThat(pair.hub.drops(DropReason.UNKNOWN_INDEX)).isEqualTo(1);
        assertThat(pair.hub.drops(DropReason.UNKNOWN_PEER)).isEqualTo(1);
        assertThat(pair.hub.drops(DropReason.PEER_REMOVED)).as("staged").isEqualTo(1);
        assertThat(pair.hub.lane(0).sessions.size()).isZero();
        assertThat(pair.hub.lane(0).keys.used()).isZero();
        assertThat(pair.hub.state.stagedBudget.reservedBytes()).isZero();
        assertThat(hub.lane.wheel.armed(hub)).isFalse();
        assertThat(pair.hub.lane(0).homePeers.get()).isZero();
        pair.sealedDown("no route");
        assertThat(pair.hub.drops(DropReason.NO_ROUTE)).isEqualTo(1);
    }

    @Test
    void aPeerThatIsAddedAgainMayBeginAtOnce() {
        pair.connect();
        pair.hub.removePeer(pair.spoke.publicKey());
        pair.hub.peer(pair.spoke, true, PresharedKey.NONE, InnerPacket.prefix4(SPOKE, 32));
        pair.down("new life");
        assertThat(pair.spoke.delivered()).endsWith("new life");
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4);
    }

    // Suspend.

    @Test
    void aSuspendZeroesKeysAndHandshakesAndANewHandshakeMayStartAtOnce() {
        pair.connect();
        pair.clock.advance(6 * S);
        HubAndSpoke.initiation(pair.spoke, pair.hub);
        pair.spoke.peers.forgetSessions();
        pair.spoke.run();
        LanePeer spoke = pair.atSpoke();
        assertThat(spoke.initiation).isNull();
        assertThat(spoke.keypairs.current()).isNull();
        assertThat(pair.spoke.lane(0).keys.used()).isZero();
        pair.up("awake");
        assertThat(pair.hub.delivered()).endsWith("awake");
    }

    // Configured endpoint.

    @Test
    void aConfiguredEndpointHoldsUntilThePeersNextAuthenticatedPacket() {
        pair.connect();
        pair.hub.peer(pair.spoke.publicKey(), 9, null, null, InnerPacket.prefix4(SPOKE, 32));
        assertThat(pair.sealedDown("x"))
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.to()).isEqualTo(9));
        pair.up("here I am");
        assertThat(pair.sealedDown("y"))
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.to()).isEqualTo(SPOKE));
    }

    /// Kernel: staged packets are tried after a peer's block.
    @Test
    void anEndpointThatComesLaterSendsWhatWasStaged() {
        pair.connect();
        LanePeer hub = pair.atHub();
        current(hub).invalidateSending();
        pair.network.lost = datagram -> true;
        pair.down("waits"); // its initiation goes nowhere
        pair.network.pass(6 * S);
        pair.clock.advance(6 * S);
        pair.network.lost = datagram -> false;
        pair.hub.peer(pair.spoke, true, null, InnerPacket.prefix4(SPOKE, 32));
        pair.network.settle();
        assertThat(pair.spoke.delivered()).endsWith("waits");
    }
}
