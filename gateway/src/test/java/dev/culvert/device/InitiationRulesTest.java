package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.MS;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static dev.culvert.device.HubAndSpoke.initiation;
import static dev.culvert.device.HubAndSpoke.present;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.Forger;
import dev.culvert.wire.HandshakeInitiation;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a responder accepts (conformance 1.5, first half). The hub has a session with the spoke; each refusal
/// leaves everything that it knows of the spoke as it was, and is answered by nothing.
@LaneConfined
final class InitiationRulesTest {
    private final HubAndSpoke pair = new HubAndSpoke();
    private final Forger forger = new Forger(4);
    private final PublicKey hubKey = pair.hub.publicKey();
    private final PublicKey spokeKey = pair.spoke.publicKey();
    private final byte[] staticStatic = Forger.shared(pair.hub.key, spokeKey);

    InitiationRulesTest() {
        pair.connect();
    }

    @AfterEach
    void closes() {
        forger.close();
        pair.close();
    }

    private static Datagram toHub(byte[] bytes) {
        return new Datagram(66, 6666, HubAndSpoke.HUB, TestDevice.PORT, 0, bytes);
    }

    private void refused(DropReason reason, Datagram initiation) {
        Map<String, Object> before = PeerState.all(pair.atHub());
        long drops = pair.hub.drops(reason);
        pair.hub.receive(0, initiation);
        assertThat(pair.hub.drops(reason)).as("%s", reason).isEqualTo(drops + 1);
        assertThat(PeerState.changes(before, PeerState.all(pair.atHub()))).isEmpty();
        assertThat(pair.hub.takeSent()).isEmpty();
    }

    private void accepted(Datagram initiation) {
        pair.hub.receive(0, initiation);
        assertThat(pair.hub.takeSent()).extracting(Datagram::type).containsExactly(2);
    }

    @Test
    void anAcceptedInitiationChangesTimestampEndpointNextSessionCountersAndTimers() {
        pair.clock.advance(6 * S);
        Datagram initiation = initiation(pair.spoke, pair.hub).withSource(5, 555);
        Map<String, Object> before = PeerState.all(pair.atHub());
        pair.hub.receive(0, initiation);
        assertThat(PeerState.changes(before, PeerState.all(pair.atHub())))
                .containsOnlyKeys(
                        "greatestTimestamp",
                        "lastAcceptedInitiation",
                        "endpoint",
                        "next",
                        "indices",
                        "keys",
                        "tx",
                        "rx",
                        "lastSentHandshake",
                        "zeroKeys");
        assertThat(pair.hub.takeSent()).singleElement().satisfies(response -> {
            assertThat(response.to()).isEqualTo(5);
            assertThat(response.toPort()).isEqualTo(555);
            assertThat(response.tos()).isEqualTo(0x88);
        });
        LanePeer hub = pair.atHub();
        assertThat(present(hub.keypairs.next()).isInitiator()).isFalse();
    }

    // Step 1: length, type, mac1.

    @Test
    void refusesOtherLengthsAndReservedBytes() {
        pair.clock.advance(6 * S);
        byte[] genuine = initiation(pair.spoke, pair.hub).bytes();
        for (int length : new int[] {0, 3, 147, 149, 1500}) {
            refused(DropReason.MALFORMED, toHub(java.util.Arrays.copyOf(genuine, length)));
        }
        for (int at = 1; at < 4; at++) {
            byte[] reserved = genuine.clone();
            reserved[at] = 1;
            refused(DropReason.MALFORMED, toHub(reserved));
        }
        accepted(toHub(genuine));
    }

    @Test
    void refusesAWrongMac1() {
        pair.clock.advance(6 * S);
        byte[] genuine = initiation(pair.spoke, pair.hub).bytes();
        for (int bit = 0; bit < 128; bit++) {
            byte[] wrong = genuine.clone();
            wrong[HandshakeInitiation.MAC1 + bit / 8] ^= (byte) (1 << bit % 8);
            refused(DropReason.BAD_MAC1, toHub(wrong));
        }
        refused(DropReason.BAD_MAC1, toHub(Forger.withMac1(genuine, spokeKey)));
        accepted(toHub(genuine));
    }

    @Test
    void refusesEverythingWithoutAPrivateKey() {
        pair.clock.advance(6 * S);
        Datagram genuine = initiation(pair.spoke, pair.hub);
        pair.hub.privateKey(null);
        refused(DropReason.NO_IDENTITY, genuine);
    }

    // Step 2: the static key.

    @Test
    void refusesAnEphemeralOrStaticKeyThatDoesNotFit() {
        pair.clock.advance(6 * S);
        byte[] genuine = initiation(pair.spoke, pair.hub).bytes();
        for (int at = HandshakeInitiation.EPHEMERAL; at < HandshakeInitiation.SEALED_TIMESTAMP; at++) {
            byte[] wrong = genuine.clone();
            wrong[at] ^= 1;
            refused(DropReason.BAD_INITIATION, toHub(Forger.withMac1(wrong, hubKey)));
        }
    }

    @Test
    void refusesEphemeralKeysOfLowOrder() {
        for (PublicKey point : Forger.lowOrderPoints()) {
            byte[] forged = forger.initiationWithLowOrderEphemeral(
                    hubKey, point, spokeKey, staticStatic, pair.clock.wallNs() + S);
            refused(DropReason.BAD_INITIATION, toHub(forged));
        }
    }

    @Test
    void refusesAnUnknownKey() {
        try (PrivateKey stranger = PrivateKey.generate(new Random(3)::nextBytes)) {
            byte[] message = forger.initiation(
                    hubKey, stranger.publicKey(), Forger.shared(stranger, hubKey), pair.clock.wallNs() + S);
            refused(DropReason.UNKNOWN_PEER, toHub(message));
        }
    }

    @Test
    void refusesItsOwnKey() {
        byte[] message =
                forger.initiation(hubKey, hubKey, Forger.shared(pair.hub.key, hubKey), pair.clock.wallNs() + S);
        refused(DropReason.OWN_KEY, toHub(message));
    }

    // Step 3: the static-static secret and the timestamp.

    @Test
    void refusesPeersOfLowOrderThatAreConfigured() {
        int number = 0;
        for (PublicKey point : Forger.lowOrderPoints()) {
            pair.hub.peer(point, 0, null, null, InnerPacket.prefix4(100 + number++, 32));
            // Anybody can make it: all secrets but the ephemeral one are zero.
            byte[] forged = forger.initiation(hubKey, point, new byte[32], pair.clock.wallNs() + S);
            refused(DropReason.BAD_INITIATION, toHub(forged));
            assertThat(present(pair.hub.state.peers.find(point)).lanePeer).isNull();
            assertThat(present(pair.hub.state.peers.find(point)).greatestTimestamp)
                    .isNull();
        }
        assertThat(number).isGreaterThan(10);
    }

    @Test
    void refusesWhoDoesNotHoldTheKeyItClaims() {
        try (PrivateKey other = PrivateKey.generate(new Random(3)::nextBytes)) {
            byte[] message = forger.initiation(hubKey, spokeKey, Forger.shared(other, hubKey), pair.clock.wallNs() + S);
            refused(DropReason.BAD_INITIATION, toHub(message));
        }
    }

    // Step 4: the timestamp is new, and the initiation not too soon.

    @Test
    void refusesAnEqualAndAnOlderTimestamp() {
        pair.clock.advance(S);
        long wallNs = pair.clock.wallNs();
        accepted(toHub(forger.initiation(hubKey, spokeKey, staticStatic, wallNs)));
        pair.clock.advance(S);
        // Another message with the same stamp, not a copy.
        refused(DropReason.STALE_TIMESTAMP, toHub(forger.initiation(hubKey, spokeKey, staticStatic, wallNs)));
        refused(DropReason.STALE_TIMESTAMP, toHub(forger.initiation(hubKey, spokeKey, staticStatic, wallNs - 17 * MS)));
        accepted(toHub(forger.initiation(hubKey, spokeKey, staticStatic, wallNs + 17 * MS)));
    }

    @Test
    void refusesASecondInitiationWithinTwentyMilliseconds() {
        pair.clock.advance(S);
        long wallNs = pair.clock.wallNs();
        accepted(toHub(forger.initiation(hubKey, spokeKey, staticStatic, wallNs)));
        Datagram second = toHub(forger.initiation(hubKey, spokeKey, staticStatic, wallNs + S));
        pair.clock.advance(20 * MS - 1);
        refused(DropReason.HANDSHAKE_FLOOD, second);
        pair.clock.advance(1);
        accepted(second); // the refused one did not count
    }

    /// Boot time, so that setting the wall clock neither opens nor closes the gate.
    @Test
    void measuresTheTwentyMillisecondsInBootTime() {
        pair.clock.advance(S);
        long wallNs = pair.clock.wallNs();
        accepted(toHub(forger.initiation(hubKey, spokeKey, staticStatic, wallNs)));
        pair.clock.wallJumps(3600 * S);
        refused(
                DropReason.HANDSHAKE_FLOOD,
                toHub(forger.initiation(hubKey, spokeKey, staticStatic, wallNs + 3600 * S)));
    }

    @Test
    void judgesATimestampByNothingButTheLastOne() {
        long year = 365L * 86_400 * S;
        try (PrivateKey other = PrivateKey.generate(new Random(3)::nextBytes)) {
            byte[] shared = Forger.shared(other, hubKey);
            pair.hub.peer(other.publicKey(), 0, null, null, InnerPacket.prefix4(9, 32));
            for (long wallNs : new long[] {0, S, pair.clock.wallNs() - year, pair.clock.wallNs() + 80 * year}) {
                pair.clock.advance(S);
                accepted(toHub(forger.initiation(hubKey, other.publicKey(), shared, wallNs)));
            }
            // The price: its owner is locked out by a clock that was once in the future. Adding the peer again helps.
            pair.clock.advance(S);
            byte[] later = forger.initiation(hubKey, other.publicKey(), shared, pair.clock.wallNs());
            refused(DropReason.STALE_TIMESTAMP, toHub(later));
            pair.hub.removePeer(other.publicKey());
            pair.hub.peer(other.publicKey(), 0, null, null, InnerPacket.prefix4(9, 32));
            accepted(toHub(later));
        }
    }

    // The greatest timestamp lives as long as the peer.

    private Datagram capturedAndAccepted() {
        pair.clock.advance(6 * S);
        Datagram captured = initiation(pair.spoke, pair.hub);
        accepted(captured);
        pair.clock.advance(6 * S);
        return captured;
    }

    @Test
    void keepsTheTimestampWhenKeysAreZeroed() {
        Datagram captured = capturedAndAccepted();
        pair.network.lost = datagram -> true;
        pair.network.pass(600 * S);
        assertThat(pair.hub.lane(0).keys.used()).isZero();
        refused(DropReason.STALE_TIMESTAMP, captured);
    }

    @Test
    void keepsTheTimestampWhenTheLinkGoesDownAndUp() {
        Datagram captured = capturedAndAccepted();
        pair.hub.linkDown();
        pair.hub.linkUp();
        refused(DropReason.STALE_TIMESTAMP, captured);
    }

    @Test
    void keepsTheTimestampWhenItsOwnKeyChanges() {
        Datagram captured = capturedAndAccepted();
        try (PrivateKey other = PrivateKey.generate(new Random(3)::nextBytes)) {
            pair.hub.privateKey(other);
            pair.hub.privateKey(null);
        }
        pair.hub.privateKey(pair.hub.key); // the captured message is for this one
        refused(DropReason.STALE_TIMESTAMP, captured);
    }

    @Test
    void keepsTheTimestampWhenPresharedKeyEndpointAndPrefixesChange() {
        Datagram captured = capturedAndAccepted();
        pair.hub.peer(spokeKey, 7, PresharedKey.generate(new Random(1)::nextBytes), 0, InnerPacket.prefix4(SPOKE, 31));
        refused(DropReason.STALE_TIMESTAMP, captured);
    }

    @Test
    void keepsTheTimestampThroughRekeysAndSuspend() {
        Datagram captured = capturedAndAccepted();
        for (int i = 0; i < 3; i++) {
            pair.network.pass(125 * S);
            pair.up("n" + i);
            pair.up("m" + i);
        }
        assertThat(pair.network.seenOfType(2)).isGreaterThanOrEqualTo(2);
        refused(DropReason.STALE_TIMESTAMP, captured);
        pair.hub.peers.forgetSessions();
        pair.hub.run();
        refused(DropReason.STALE_TIMESTAMP, captured);
    }

    // Two workers: the outcome is that of the commits, in whatever order they come.

    @Test
    void ofTwoInitiationsTheOlderIsStaleIfItIsCommittedLast() {
        Datagram[] two = twoInitiations();
        pair.hub.stepwise = true;
        pair.hub.receive(0, two);
        pair.hub.runWork(1);
        pair.hub.runWork(0);
        pair.hub.runCommand(0);
        assertThat(pair.hub.takeSent()).hasSize(1);
        Map<String, Object> before = PeerState.all(pair.atHub());
        pair.clock.advance(S);
        pair.hub.runCommand(0);
        assertThat(pair.hub.takeSent()).isEmpty();
        assertThat(PeerState.changes(before, PeerState.all(pair.atHub()))).isEmpty();
        assertThat(pair.hub.drops(DropReason.STALE_TIMESTAMP)).isEqualTo(1);
        assertThat(pair.hub.lane(0).keys.used()).isEqualTo(2);
    }

    @Test
    void ofTwoInitiationsInOrderBothAreAnsweredAndTheFirstsSessionIsReplaced() {
        Datagram[] two = twoInitiations();
        pair.hub.stepwise = true;
        pair.hub.receive(0, two);
        pair.hub.runWork(0);
        pair.hub.runWork(0);
        pair.hub.runCommand(0);
        int replaced = present(pair.atHub().keypairs.next()).localIndex();
        pair.clock.advance(20 * MS);
        pair.hub.runCommand(0);
        assertThat(pair.hub.takeSent()).hasSize(2);
        assertThat(pair.hub.lane(0).sessions.find(replaced)).isNull();
        assertThat(present(pair.atHub().keypairs.next()).localIndex()).isNotEqualTo(replaced);
        assertThat(pair.hub.lane(0).keys.used()).isEqualTo(2);
        assertThat(pair.hub.lane(0).sessions.size()).isEqualTo(2);
    }

    @Test
    void ofTwoInitiationsCommittedAtOnceTheSecondIsAFlood() {
        Datagram[] two = twoInitiations();
        pair.hub.stepwise = true;
        pair.hub.receive(0, two);
        pair.hub.runWork(0);
        pair.hub.runWork(0);
        pair.hub.runCommand(0);
        Map<String, Object> before = PeerState.all(pair.atHub());
        pair.hub.runCommand(0);
        assertThat(PeerState.changes(before, PeerState.all(pair.atHub()))).isEmpty();
        assertThat(pair.hub.drops(DropReason.HANDSHAKE_FLOOD)).isEqualTo(1);
        assertThat(pair.hub.drops(DropReason.HANDSHAKE_FLOOD, pair.spoke)).isEqualTo(1);
    }

    private Datagram[] twoInitiations() {
        Datagram[] two = new Datagram[2];
        for (int i = 0; i < two.length; i++) {
            pair.clock.advance(6 * S);
            two[i] = initiation(pair.spoke, pair.hub);
        }
        return two;
    }

    // Changes of configuration while a worker computes.

    private void receivedButNotCommitted() {
        pair.clock.advance(6 * S);
        Datagram initiation = initiation(pair.spoke, pair.hub);
        pair.hub.stepwise = true;
        pair.hub.receive(0, initiation);
        pair.hub.runWork(0);
        pair.hub.stepwise = false;
    }

    private void dropsItsResult(DropReason reason, Runnable change) {
        receivedButNotCommitted();
        pair.hub.stepwise = true; // the commit waits in the lane before the change's commands
        change.run();
        int keys = pair.hub.lane(0).keys.used();
        pair.hub.runCommand(0);
        assertThat(pair.hub.drops(reason)).as("%s", reason).isEqualTo(1);
        assertThat(pair.hub.takeSent()).isEmpty();
        assertThat(pair.hub.lane(0).keys.used()).isEqualTo(keys);
        pair.hub.stepwise = false;
        pair.hub.run();
    }

    @Test
    void doesNotCommitWhatWasComputedWithAnotherPresharedKey() {
        dropsItsResult(
                DropReason.SUPERSEDED,
                () -> pair.hub.peer(
                        pair.spoke,
                        false,
                        PresharedKey.generate(new Random(1)::nextBytes),
                        InnerPacket.prefix4(SPOKE, 32)));
    }

    @Test
    void doesNotCommitWhatWasComputedWithAnotherPrivateKey() {
        try (PrivateKey other = PrivateKey.generate(new Random(3)::nextBytes)) {
            dropsItsResult(DropReason.SUPERSEDED, () -> pair.hub.privateKey(other));
        }
    }

    @Test
    void doesNotCommitWhatWasComputedBeforeTheKeyWasTakenAwayAndGivenBack() {
        dropsItsResult(DropReason.SUPERSEDED, () -> {
            pair.hub.privateKey(null);
            pair.hub.privateKey(pair.hub.key);
        });
    }

    @Test
    void doesNotCommitWhatWasComputedForARemovedPeer() {
        dropsItsResult(DropReason.PEER_REMOVED, () -> pair.hub.removePeer(spokeKey));
    }

    @Test
    void doesNotCommitToAPeerThatWasRemovedAndAddedAgain() {
        dropsItsResult(DropReason.PEER_REMOVED, () -> {
            pair.hub.removePeer(spokeKey);
            pair.hub.peer(pair.spoke, false, PresharedKey.NONE, InnerPacket.prefix4(SPOKE, 32));
        });
        assertThat(present(pair.hub.state.peers.find(spokeKey)).greatestTimestamp)
                .isNull();
        assertThat(pair.hub.lane(0).sessions.size()).isZero();
    }

    @Test
    void doesNotCommitWhileTheLinkIsDown() {
        dropsItsResult(DropReason.DEVICE_DOWN, pair.hub::linkDown);
    }

    @Test
    void doesNotOpenAnInitiationOfAPeerThatIsGoneByThen() {
        pair.clock.advance(6 * S);
        Datagram initiation = initiation(pair.spoke, pair.hub);
        pair.hub.stepwise = true;
        pair.hub.receive(0, initiation);
        pair.hub.stepwise = false;
        pair.hub.removePeer(spokeKey);
        assertThat(pair.hub.drops(DropReason.UNKNOWN_PEER)).isEqualTo(1);
        assertThat(pair.hub.takeSent()).isEmpty();
    }
}
