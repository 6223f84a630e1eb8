package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.MS;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static dev.culvert.device.HubAndSpoke.current;
import static dev.culvert.device.HubAndSpoke.initiation;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.Forger;
import dev.culvert.wire.HandshakeResponse;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What an initiator accepts (conformance 1.5, second half). The spoke has a session with the hub and wants
/// another; each refusal leaves everything that it knows of the hub as it was, and the right response still
/// works afterwards.
@LaneConfined
final class ResponseRulesTest {
    private final HubAndSpoke pair = new HubAndSpoke();
    private final Forger forger = new Forger(4);
    private final PresharedKey psk = PresharedKey.generate(new Random(8)::nextBytes);
    private final LanePeer spoke;

    ResponseRulesTest() {
        pair.connect();
        pair.clock.advance(6 * S);
        spoke = pair.atSpoke();
    }

    @AfterEach
    void closes() {
        forger.close();
        pair.close();
    }

    private Datagram response(Datagram initiation) {
        pair.hub.receive(0, initiation);
        Datagram response = pair.hub.takeSent().getFirst();
        assertThat(response.type()).isEqualTo(2);
        return response;
    }

    private Datagram response() {
        return response(initiation(pair.spoke, pair.hub));
    }

    private void refused(DropReason reason, Datagram response) {
        Map<String, Object> before = PeerState.all(spoke);
        long drops = pair.spoke.drops(reason);
        pair.spoke.receive(0, response.withSource(66, 6666));
        assertThat(pair.spoke.drops(reason)).as("%s", reason).isEqualTo(drops + 1);
        assertThat(PeerState.changes(before, PeerState.all(spoke))).isEmpty();
        assertThat(pair.spoke.takeSent()).isEmpty();
    }

    private void accepted(Datagram response) {
        int before = current(spoke).localIndex();
        pair.spoke.receive(0, response);
        assertThat(current(spoke).localIndex()).isNotEqualTo(before);
        assertThat(spoke.initiation).isNull();
        assertThat(pair.spoke.takeSent()).extracting(Datagram::type).contains(4);
    }

    @Test
    void anAcceptedResponseChangesSessionEndpointCountersAndTimers() {
        Datagram response = response().withSource(5, 555);
        Map<String, Object> before = PeerState.all(spoke);
        int index = spoke.initiationIndex;
        pair.spoke.receive(0, response);
        assertThat(PeerState.changes(before, PeerState.all(spoke)))
                .containsOnlyKeys(
                        "previous",
                        "current",
                        "initiation",
                        "endpoint",
                        "keys",
                        "tx",
                        "rx",
                        "retransmit",
                        "zeroKeys",
                        "lastHandshakeWall");
        assertThat(current(spoke).isInitiator()).isTrue();
        assertThat(current(spoke).localIndex())
                .as("inherited from the handshake")
                .isEqualTo(index);
        assertThat(pair.spoke.takeSent()).singleElement().satisfies(keepalive -> {
            assertThat(keepalive.to()).isEqualTo(5);
            assertThat(keepalive.bytes()).hasSize(32);
        });
    }

    @Test
    void refusesAWrongMac1() {
        Datagram response = response();
        for (int bit = 0; bit < 128; bit++) {
            byte[] wrong = response.bytes().clone();
            wrong[HandshakeResponse.MAC1 + bit / 8] ^= (byte) (1 << bit % 8);
            refused(DropReason.BAD_MAC1, response.withBytes(wrong));
        }
        accepted(response);
    }

    @Test
    void looksForTheIndexAmongOutstandingHandshakesOnly() {
        Datagram response = response();
        for (int index : new int[] {current(spoke).localIndex(), 0, -1, spoke.initiationIndex + 1}) {
            byte[] other = response.bytes().clone();
            HandshakeResponse.writeReceiverIndex(other, index);
            refused(DropReason.UNEXPECTED_RESPONSE, response.withBytes(Forger.withMac1(other, pair.spoke.publicKey())));
        }
        accepted(response);
    }

    @Test
    void refusesAForgeryAndStillTakesTheRightOne() {
        Datagram response = response();
        for (int at = HandshakeResponse.EPHEMERAL; at < HandshakeResponse.MAC1; at++) {
            byte[] wrong = response.bytes().clone();
            wrong[at] ^= 4;
            refused(DropReason.BAD_RESPONSE, response.withBytes(Forger.withMac1(wrong, pair.spoke.publicKey())));
        }
        accepted(response);
    }

    @Test
    void refusesEphemeralKeysOfLowOrder() {
        Datagram initiation = initiation(pair.spoke, pair.hub);
        Datagram response = response(initiation);
        for (PublicKey point : Forger.lowOrderPoints()) {
            byte[] forged = forger.responseWithLowOrderEphemeral(
                    pair.hub.key, initiation.bytes(), pair.spoke.publicKey(), point, PresharedKey.NONE);
            refused(DropReason.BAD_RESPONSE, response.withBytes(forged));
        }
        accepted(response);
    }

    @Test
    void refusesItASecondTime() {
        Datagram response = response();
        accepted(response);
        refused(DropReason.UNEXPECTED_RESPONSE, response);
    }

    // Preshared keys.

    private void hubTakes(PresharedKey key) {
        pair.hub.peer(pair.spoke, false, key, InnerPacket.prefix4(SPOKE, 32));
    }

    private void spokeTakes(PresharedKey key) {
        pair.spoke.peer(pair.hub, true, key, InnerPacket.prefix4(0, 24));
    }

    @Test
    void refusesAResponseOfAnotherPresharedKey() {
        hubTakes(psk);
        Datagram response = response();
        refused(DropReason.BAD_RESPONSE, response);
    }

    /// The response is read with the key that holds when it comes.
    @Test
    void takesAPresharedKeyOverThatCameBetweenInitiationAndResponse() {
        Datagram initiation = initiation(pair.spoke, pair.hub);
        hubTakes(psk);
        spokeTakes(psk);
        accepted(response(initiation));
        pair.up("x");
        assertThat(pair.hub.delivered()).endsWith("x");
    }

    @Test
    void refusesAResponseOfThePresharedKeyBefore() {
        Datagram response = response();
        spokeTakes(psk);
        Map<String, Object> before = PeerState.all(spoke);
        pair.spoke.receive(0, response);
        assertThat(pair.spoke.drops(DropReason.BAD_RESPONSE)).isEqualTo(1);
        assertThat(pair.spoke.drops(DropReason.BAD_RESPONSE, pair.hub)).isEqualTo(1);
        assertThat(PeerState.changes(before, PeerState.all(spoke))).isEmpty();
    }

    @Test
    void aPresharedKeyThatChangesWhileAWorkerReadsTheResponseDoesNotBreakWhatItRead() {
        Datagram response = response();
        pair.spoke.stepwise = true;
        pair.spoke.receive(0, response);
        pair.spoke.runWork(0);
        spokeTakes(psk);
        pair.spoke.stepwise = false;
        pair.spoke.run();
        pair.network.settle(); // the session was agreed on under the old key, as the hub's was
        pair.up("x");
        assertThat(pair.hub.delivered()).endsWith("x");
    }

    // A response that comes too late.

    @Test
    void refusesTheResponseToAnInitiationThatWasReplaced() {
        Datagram late = response();
        pair.clock.advance(6 * S);
        Datagram response = response();
        refused(DropReason.UNEXPECTED_RESPONSE, late);
        accepted(response);
    }

    /// Superseded while its response was on a worker.
    @Test
    void doesNotCommitTheResponseToAnInitiationThatIsReplacedMeanwhile() {
        for (int worked = 0; worked < 2; worked++) {
            Datagram late = response();
            pair.spoke.stepwise = true;
            pair.spoke.receive(0, late);
            if (worked == 1) {
                pair.spoke.runWork(0); // and its commit waits
            }
            pair.clock.advance(6 * S);
            Runnable waiting = worked == 1 ? pair.spoke.takeCommand(0) : () -> {};
            pair.spoke.stepwise = false;
            int works = pair.spoke.works();
            spoke.lane.command(() -> spoke.lane.handshakes.initiationWanted(spoke, true));
            pair.spoke.stepwise = true;
            pair.spoke.runCommand(0);
            assertThat(pair.spoke.works()).isEqualTo(works + 1);
            pair.spoke.runWork(works); // the new initiation
            pair.spoke.runCommand(0);
            Datagram newer = pair.spoke.takeSent().getLast();
            assertThat(newer.type()).isEqualTo(1);
            int current = current(spoke).localIndex();
            pair.spoke.stepwise = false;
            pair.spoke.run(); // the work on the late one, if it was not done before
            waiting.run();
            assertThat(current(spoke).localIndex()).isEqualTo(current);
            assertThat(spoke.initiation).isNotNull();
            accepted(response(newer));
            pair.clock.advance(6 * S);
        }
        assertThat(pair.spoke.drops(DropReason.UNEXPECTED_RESPONSE) + pair.spoke.drops(DropReason.BAD_RESPONSE))
                .isEqualTo(2);
    }

    @Test
    void doesNotCommitAResponseOfARemovedPeerAndLeaksNothing() {
        Datagram response = response();
        pair.spoke.stepwise = true;
        pair.spoke.receive(0, response);
        pair.spoke.stepwise = false;
        pair.spoke.removePeer(pair.hub.publicKey());
        assertThat(pair.spoke.lane(0).sessions.size()).isZero();
        assertThat(pair.spoke.lane(0).keys.used()).isZero();
        assertThat(pair.spoke.takeSent()).isEmpty();
    }

    @Test
    void doesNotCommitAResponseAfterItsOwnKeyHasChanged() {
        Datagram response = response();
        pair.spoke.stepwise = true;
        pair.spoke.receive(0, response);
        pair.spoke.runWork(0);
        try (PrivateKey other = PrivateKey.generate(new Random(3)::nextBytes)) {
            Runnable commit = pair.spoke.takeCommand(0);
            pair.spoke.privateKey(other);
            pair.spoke.stepwise = false;
            pair.spoke.run();
            commit.run();
        }
        assertThat(pair.spoke.drops(DropReason.UNEXPECTED_RESPONSE)).isEqualTo(1);
        assertThat(current(spoke).sendable(pair.now())).isFalse();
    }

    @Test
    void anInitiationWaitsForItsResponseAsLongAsNothingReplacesIt() {
        pair.network.lost = datagram -> true;
        pair.up("x");
        pair.network.pass(current(spoke).birthdateNs() + 200 * S - pair.now());
        pair.network.takeSeen();
        pair.up("y"); // no key any more
        pair.network.pass(110 * S); // twenty initiations, all lost, and it gives up
        assertThat(spoke.retransmitNs).isEqualTo(LanePeer.NEVER);
        Datagram last = pair.network.takeSeen().getLast();
        assertThat(last.type()).isEqualTo(1);
        pair.network.pass(180 * S);
        Datagram response = response(last);
        pair.spoke.receive(0, response);
        assertThat(current(spoke).sendable(pair.now())).isTrue();
        pair.network.lost = datagram -> false;
        pair.network.settle();
        pair.up("z");
        assertThat(pair.hub.delivered()).endsWith("z");
    }

    /// gotatun 0.4.1 replaced an initiation after 250 ms, and so dropped the responses of slow networks.
    @Test
    void takesAResponseThatNeedsNearlyFiveSeconds() {
        Datagram response = response();
        pair.network.pass(4900 * MS);
        accepted(response);
        assertThat(pair.network.seenOfType(1)).isZero();
        pair.spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, "x"));
        assertThat(pair.spoke.takeSent()).extracting(Datagram::type).containsExactly(4);
    }
}
