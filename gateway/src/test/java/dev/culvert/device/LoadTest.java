package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.MS;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.initiation;
import static dev.culvert.device.HubAndSpoke.present;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.Forger;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A device under load: cookies both ways, and the bucket of each source (conformance 1.6, 1.7).
@LaneConfined
final class LoadTest {
    private final HubAndSpoke pair = new HubAndSpoke();
    private final Forger forger = new Forger(4);
    private final PublicKey hubKey = pair.hub.publicKey();

    LoadTest() {
        pair.connect();
        pair.clock.advance(6 * S);
    }

    @AfterEach
    void closes() {
        forger.close();
        pair.close();
    }

    private void hubUnderLoad(boolean is) {
        pair.hub.inboundDepth = is ? TestDevice.UNDER_LOAD_AT : 0;
    }

    private static boolean hasMac2(Datagram handshake) {
        byte[] message = handshake.bytes();
        return !Arrays.equals(Arrays.copyOfRange(message, message.length - 16, message.length), new byte[16]);
    }

    /// The next initiation of the spoke, 6 s later.
    private Datagram next() {
        pair.clock.advance(6 * S);
        return initiation(pair.spoke, pair.hub);
    }

    /// The spoke gets a cookie for its address.
    private void spokeGetsACookie() {
        pair.hub.receive(0, next());
        Datagram reply = pair.hub.takeSent().getFirst();
        assertThat(reply.type()).isEqualTo(3);
        assertThat(reply.bytes()).hasSize(64);
        assertThat(reply.tos()).isZero();
        pair.spoke.receive(0, reply);
        assertThat(pair.spoke.takeSent()).isEmpty();
    }

    private void answered(Datagram initiation, int type) {
        pair.hub.receive(0, initiation);
        assertThat(pair.hub.takeSent()).extracting(Datagram::type).containsExactly(type);
    }

    // The cookie's way, both roles.

    @Test
    void anInitiationIsLetInWithItsCookie() {
        hubUnderLoad(true);
        spokeGetsACookie();
        Datagram again = next();
        assertThat(hasMac2(again)).isTrue();
        answered(again, 2);
    }

    /// A loaded initiator asks the responder for a cookie: type 2 is answered like type 1.
    @Test
    void aResponseIsLetInWithItsCookie() {
        pair.spoke.inboundDepth = TestDevice.UNDER_LOAD_AT;
        pair.hub.receive(0, next());
        Datagram response = pair.hub.takeSent().getFirst();
        assertThat(hasMac2(response)).isFalse();
        Map<String, Object> before = PeerState.all(pair.atSpoke());
        pair.spoke.receive(0, response);
        assertThat(PeerState.changes(before, PeerState.all(pair.atSpoke()))).isEmpty();
        Datagram reply = pair.spoke.takeSent().getFirst();
        assertThat(reply.type()).isEqualTo(3);
        assertThat(HandshakeResponse.senderIndex(response.bytes()))
                .isEqualTo(present(pair.atHub().keypairs.next()).localIndex());
        before = PeerState.all(pair.atHub());
        pair.hub.receive(0, reply);
        assertThat(pair.hub.drops(DropReason.BAD_COOKIE) + pair.hub.drops(DropReason.UNKNOWN_INDEX))
                .isZero();
        assertThat(PeerState.changes(before, PeerState.all(pair.atHub()))).isEmpty();
        assertThat(pair.hub.takeSent()).isEmpty();

        pair.hub.receive(0, next());
        Datagram second = pair.hub.takeSent().getFirst();
        assertThat(hasMac2(second)).isTrue();
        pair.spoke.receive(0, second);
        assertThat(pair.spoke.takeSent()).extracting(Datagram::type).containsExactly(4);
    }

    /// In a storm the queue may be longer than its senders wait.
    @Test
    void anInitiationThatWaitedTooLongIsNotAnswered() {
        pair.hub.stepwise = true;
        for (long waitedNs : new long[] {5 * S - 1, 5 * S}) {
            Datagram initiation = next();
            pair.hub.receive(0, initiation);
            assertThat(pair.hub.works()).isEqualTo(1);
            pair.clock.advance(waitedNs);
            pair.hub.runWork(0);
            boolean answered = pair.hub.hasCommand(0);
            assertThat(answered).isEqualTo(waitedNs < 5 * S);
            if (answered) {
                pair.hub.runCommand(0);
                assertThat(pair.hub.takeSent()).extracting(Datagram::type).containsExactly(2);
            }
        }
        assertThat(pair.hub.drops(DropReason.HANDSHAKE_QUEUE_FULL)).isEqualTo(1);
    }

    @Test
    void withoutLoadMac2IsNotLookedAt() {
        Datagram initiation = next();
        byte[] junk = initiation.bytes().clone();
        Arrays.fill(junk, HandshakeInitiation.MAC2, junk.length, (byte) 0x5a);
        answered(initiation.withBytes(junk), 2);
    }

    @Test
    void aWrongMac1IsAnsweredByNothingEvenUnderLoad() {
        hubUnderLoad(true);
        byte[] wrong = next().bytes().clone();
        wrong[HandshakeInitiation.MAC1] ^= 1;
        pair.hub.receive(0, pair.sealedUp("x").getFirst().withBytes(wrong));
        assertThat(pair.hub.takeSent()).isEmpty();
        assertThat(pair.hub.drops(DropReason.BAD_MAC1)).isEqualTo(1);
    }

    /// The port is in the cookie, or neighbours behind one address could use each other's.
    @Test
    void aCookieIsGoodForItsAddressAndPortOnly() {
        hubUnderLoad(true);
        spokeGetsACookie();
        answered(next().withSource(HubAndSpoke.SPOKE, TestDevice.PORT + 1), 3);
        answered(next().withSource(77, TestDevice.PORT), 3);
        assertThat(pair.hub.drops(DropReason.COOKIE_REQUIRED)).isEqualTo(3);
        answered(next(), 2);
    }

    // Its age.

    @Test
    void aCookieIsUsedFor115Seconds() {
        hubUnderLoad(true);
        spokeGetsACookie();
        pair.clock.advance(115 * S - 6 * S - 1);
        assertThat(hasMac2(next())).isTrue();
        pair.clock.advance(1);
        pair.atSpoke().sentHandshakeBefore = false; // or it would be suppressed
        assertThat(hasMac2(initiation(pair.spoke, pair.hub))).isFalse();
    }

    @Test
    void theSecretIsReplacedAfter120Seconds() {
        hubUnderLoad(true);
        spokeGetsACookie(); // the secret was drawn just now
        pair.clock.advance(100 * S);
        Datagram kept = next();
        Datagram late = next();
        assertThat(hasMac2(kept) && hasMac2(late)).isTrue();
        pair.clock.advance(8 * S - 1);
        answered(kept, 2);
        pair.clock.advance(1);
        answered(late, 3);
    }

    // Cookie replies that nobody waits for.

    @Test
    void aCookieReplyIsTakenOnceAndOnlyForTheLastMessage() {
        hubUnderLoad(true);
        Datagram first = next();
        pair.hub.receive(0, first);
        Datagram old = pair.hub.takeSent().getFirst();
        pair.hub.receive(0, next());
        Datagram reply = pair.hub.takeSent().getFirst();
        pair.spoke.receive(0, old); // of an index that is gone
        pair.spoke.receive(0, reply.withBytes(withIndexOf(old, reply)));
        assertThat(pair.spoke.drops(DropReason.UNKNOWN_INDEX)).isEqualTo(1);
        assertThat(pair.spoke.drops(DropReason.BAD_COOKIE)).isEqualTo(1);
        assertThat(pair.spoke.drops(DropReason.BAD_COOKIE, pair.hub)).isEqualTo(1);
        pair.spoke.receive(0, reply);
        assertThat(pair.spoke.drops(DropReason.BAD_COOKIE)).isEqualTo(1);
        pair.spoke.receive(0, reply);
        assertThat(pair.spoke.drops(DropReason.BAD_COOKIE)).as("a second time").isEqualTo(2);
        answered(next(), 2);
    }

    private static byte[] withIndexOf(Datagram old, Datagram reply) {
        byte[] mixed = old.bytes().clone();
        System.arraycopy(reply.bytes(), 4, mixed, 4, 4);
        return mixed;
    }

    /// Only a session or handshake that has just sent a mac1 may be told a cookie.
    @Test
    void aCookieReplyWithoutAHandshakeSentIsRefused() {
        byte[] junk = new byte[64];
        junk[0] = 3;
        int index = HubAndSpoke.current(pair.atHub()).localIndex();
        for (int i = 0; i < 4; i++) {
            junk[4 + i] = (byte) (index >>> 8 * i);
        }
        Map<String, Object> before = PeerState.all(pair.atHub());
        pair.hub.receive(0, new Datagram(66, 66, HUB, TestDevice.PORT, 0, junk));
        assertThat(pair.hub.drops(DropReason.BAD_COOKIE)).isEqualTo(1);
        assertThat(PeerState.changes(before, PeerState.all(pair.atHub()))).isEmpty();
    }

    // The bucket of a source, and fairness.

    /// An attacker that receives at its address and so has a valid cookie for each initiation.
    private int withCookie(int host, int count) {
        int admitted = 0;
        for (int i = 0; i < count; i++) {
            byte[] junk = forger.initiation(
                    hubKey, pair.spoke.publicKey(), new byte[32], pair.clock.wallNs()); // opens, but is no peer's
            Endpoint source = new Endpoint(false, Datagram.hi(host), 0, 4000, 0, 0, 0, 0);
            byte[] stamped = CookieForTests.withMac2(junk, pair.hub, source);
            long before = pair.hub.drops(DropReason.BAD_INITIATION);
            pair.hub.receive(0, new Datagram(host, 4000, HUB, TestDevice.PORT, 0, stamped));
            admitted += (int) (pair.hub.drops(DropReason.BAD_INITIATION) - before);
        }
        return admitted;
    }

    @Test
    void aSourceGetsFiveAtOnceAndTwentyASecond() {
        hubUnderLoad(true);
        assertThat(withCookie(66, 100)).isEqualTo(5);
        assertThat(pair.hub.drops(DropReason.RATE_LIMITED)).isEqualTo(95);
        pair.clock.advance(50 * MS - 1);
        assertThat(withCookie(66, 3)).isZero();
        pair.clock.advance(1);
        assertThat(withCookie(66, 3)).isEqualTo(1);
        int admitted = 0;
        for (int ms = 0; ms < 2000; ms += 10) {
            pair.clock.advance(10 * MS);
            admitted += withCookie(66, 1);
        }
        assertThat(admitted).isEqualTo(40);
    }

    @Test
    void oneFloodingSourceTakesNothingFromAnother() {
        hubUnderLoad(true);
        spokeGetsACookie();
        for (int i = 0; i < 20; i++) {
            assertThat(withCookie(66, 50)).isLessThanOrEqualTo(5); // with cookies
            for (int j = 0; j < 50; j++) { // and without, from anywhere
                byte[] junk = forger.initiation(hubKey, pair.spoke.publicKey(), new byte[32], 0);
                pair.hub.receive(0, new Datagram(100 + j, i, HUB, TestDevice.PORT, 0, junk));
            }
            pair.hub.takeSent();
            if (i % 4 == 0) {
                answered(next(), 2);
            } else {
                pair.clock.advance(10 * MS);
            }
        }
        assertThat(pair.hub.drops(DropReason.RATE_LIMITED)).isGreaterThan(500);
        pair.up("data is not concerned");
        assertThat(pair.hub.delivered()).endsWith("data is not concerned");
    }

    @Test
    void underLoadTheDevicesOwnHandshakesGoOn() {
        hubUnderLoad(true);
        pair.clock.advance(200 * S);
        withCookie(66, 50);
        pair.down("still");
        assertThat(pair.spoke.delivered()).endsWith("hello").doesNotContain("still");
        // The response comes without a cookie: it is asked for one, and the retransmission is answered with it.
        pair.network.pass(6 * S);
        assertThat(pair.spoke.delivered()).endsWith("still");
    }

    /// The queue holds 148 bytes a message, not the receive buffer: that is read into again at once.
    @Test
    void aQueuedInitiationHasBytesOfItsOwn() {
        Datagram initiation = next();
        pair.hub.stepwise = true;
        pair.hub.receive(0, initiation);
        for (int i = 0; i < 3; i++) {
            pair.hub.receive(0, initiation.withBytes(new byte[148])); // into the same slot
        }
        pair.hub.stepwise = false;
        pair.hub.run();
        assertThat(pair.hub.takeSent()).extracting(Datagram::type).containsExactly(2);
    }

    @Test
    void noAnswerIsLongerThanWhatItAnswers() {
        hubUnderLoad(true);
        long in = 0;
        long out = 0;
        for (int i = 0; i < 200; i++) {
            byte[] junk = forger.initiation(hubKey, pair.spoke.publicKey(), new byte[32], i);
            in += junk.length;
            pair.hub.receive(0, new Datagram(i, 1, HUB, TestDevice.PORT, 0, junk));
        }
        for (Datagram datagram : pair.hub.takeSent()) {
            assertThat(datagram.type()).isEqualTo(3);
            out += datagram.bytes().length;
        }
        assertThat(out).isEqualTo(200 * 64).isLessThan(in);
    }
}
