package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.current;
import static dev.culvert.device.HubAndSpoke.wanted;
import static dev.culvert.device.PeerState.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.noise.KeypairForTests;
import dev.culvert.noise.Protocol;
import dev.culvert.tun.Errno;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every row of the table of events (conformance 1.10): which deadlines and values an event changes, and that it
/// changes no other. The spoke is the initiator of the session, the hub its responder.
@LaneConfined
final class TimerEventsTest {
    private static final int INTERVAL_S = 25;
    private static final long JITTER_MAX_NS = 333_000_000L;

    private final HubAndSpoke pair = new HubAndSpoke();
    private final LanePeer hub;
    private final LanePeer spoke;

    TimerEventsTest() {
        pair.connect();
        hub = pair.atHub();
        spoke = pair.atSpoke();
        hub.peer.persistentKeepaliveSeconds = INTERVAL_S;
        spoke.peer.persistentKeepaliveSeconds = INTERVAL_S;
        pend(hub);
        pend(spoke);
    }

    @AfterEach
    void closes() {
        pair.close();
    }

    /// All five deadlines at moments that no event makes, all values set; the last handshake message long ago.
    private void pend(LanePeer peer) {
        peer.retransmitNs = now() + 1001 * S;
        peer.keepaliveNs = now() + 1002 * S;
        peer.newHandshakeNs = now() + 1003 * S;
        peer.zeroKeysNs = now() + 1004 * S;
        peer.persistentNs = now() + 1005 * S;
        peer.attempts = 7;
        peer.needAnotherKeepalive = true;
        peer.sentLastMinuteHandshake = true;
        peer.lastSentHandshakeNs = now() - 100 * S;
    }

    private static void nothingPends(LanePeer peer) {
        peer.lane.timers.stop(peer);
    }

    private long now() {
        return pair.now();
    }

    private Map<String, Object> changesOf(LanePeer peer, Runnable event) {
        Map<String, Object> before = PeerState.timers(peer);
        event.run();
        return PeerState.changes(before, PeerState.timers(peer));
    }

    /// Takes the deadline out, which must lie within the jitter after `fromNow`.
    private void takeJittered(Map<String, Object> changes, String timer, long fromNow) {
        assertThat(changes).containsKey(timer);
        assertThat((long) HubAndSpoke.present(changes.remove(timer)))
                .as(timer)
                .isBetween(now() + fromNow, now() + fromNow + JITTER_MAX_NS);
    }

    private long persistent() {
        return now() + INTERVAL_S * S;
    }

    // Initiation wanted.

    @Test
    void aWantedInitiationStartsTheAttemptsAnewEvenIfItIsSuppressed() {
        spoke.lastSentHandshakeNs = now() - 5 * S + 1;
        assertThat(changesOf(spoke, () -> wanted(pair.spoke, spoke, false))).containsExactly(Map.entry("attempts", 0));
        assertThat(pair.spoke.takeSent()).isEmpty();
    }

    @Test
    void aWantedRetryKeepsTheAttemptsAndIsSuppressedAsWell() {
        spoke.lastSentHandshakeNs = now() - 5 * S + 1;
        assertThat(changesOf(spoke, () -> wanted(pair.spoke, spoke, true))).isEmpty();
        assertThat(pair.spoke.takeSent()).isEmpty();
    }

    @Test
    void aSuppressedInitiationIsTriedAgainIfNothingElseWould() {
        nothingPends(spoke);
        spoke.lastSentHandshakeNs = now() - 2 * S;
        Map<String, Object> changes = changesOf(spoke, () -> wanted(pair.spoke, spoke, false));
        takeJittered(changes, "retransmit", 3 * S);
        assertThat(changes).isEmpty();
    }

    @Test
    void aWantedInitiationIsSentFromFiveSecondsOn() {
        spoke.lastSentHandshakeNs = now() - 5 * S;
        Map<String, Object> changes = changesOf(spoke, () -> wanted(pair.spoke, spoke, false));
        assertThat(pair.spoke.takeSent()).extracting(Datagram::type).containsExactly(1);
        takeJittered(changes, "retransmit", 5 * S);
        assertThat(changes)
                .containsOnly(
                        Map.entry("attempts", 0),
                        Map.entry("lastSentHandshake", now()),
                        Map.entry("keepalive", NEVER),
                        Map.entry("persistent", persistent()));
    }

    // Initiation sent.

    @Test
    void aSentInitiationCancelsKeepaliveAndArmsPersistentAndRetransmit() {
        Map<String, Object> changes = changesOf(spoke, () -> wanted(pair.spoke, spoke, true));
        assertThat(pair.spoke.takeSent()).extracting(Datagram::type).containsExactly(1);
        takeJittered(changes, "retransmit", 5 * S);
        assertThat(changes)
                .containsOnly(
                        Map.entry("lastSentHandshake", now()),
                        Map.entry("keepalive", NEVER),
                        Map.entry("persistent", persistent()));
    }

    @Test
    void aSentInitiationArmsRetransmitAndPersistentIfNothingPends() {
        nothingPends(spoke);
        Map<String, Object> changes = changesOf(spoke, () -> wanted(pair.spoke, spoke, true));
        takeJittered(changes, "retransmit", 5 * S);
        assertThat(changes).containsOnly(Map.entry("lastSentHandshake", now()), Map.entry("persistent", persistent()));
    }

    // Response sent, valid initiation received: always together.

    @Test
    void aValidInitiationAndItsResponseLeaveRetransmitAndTheAttemptsAlone() {
        Datagram initiation = HubAndSpoke.initiation(pair.spoke, pair.hub);
        Map<String, Object> changes = changesOf(hub, () -> pair.hub.receive(0, initiation));
        assertThat(pair.hub.takeSent()).extracting(Datagram::type).containsExactly(2);
        assertThat(changes)
                .containsOnly(
                        Map.entry("lastSentHandshake", now()), // response sent
                        Map.entry("zeroKeys", now() + 540 * S),
                        Map.entry("keepalive", NEVER),
                        Map.entry("persistent", persistent()), // both
                        Map.entry("newHandshake", NEVER)); // initiation received
    }

    @Test
    void aValidInitiationAndItsResponseArmZeroKeysAndPersistentIfNothingPends() {
        nothingPends(hub);
        Datagram initiation = HubAndSpoke.initiation(pair.spoke, pair.hub);
        assertThat(changesOf(hub, () -> pair.hub.receive(0, initiation)))
                .containsOnly(
                        Map.entry("lastSentHandshake", now()),
                        Map.entry("zeroKeys", now() + 540 * S),
                        Map.entry("persistent", persistent()));
    }

    // Valid response received, handshake complete.

    private Datagram response() {
        pair.hub.receive(0, HubAndSpoke.initiation(pair.spoke, pair.hub));
        Datagram response = pair.hub.takeSent().getFirst();
        pend(spoke);
        return response;
    }

    @Test
    void aValidResponseCompletesTheHandshakeAndIsConfirmedByAKeepalive() {
        Datagram response = response();
        spoke.lastHandshakeWallNs = 0;
        Map<String, Object> changes = changesOf(spoke, () -> pair.spoke.receive(0, response));
        assertThat(pair.spoke.takeSent()).singleElement().satisfies(keepalive -> {
            assertThat(keepalive.type()).isEqualTo(4);
            assertThat(keepalive.bytes()).hasSize(32);
        });
        assertThat(changes)
                .containsOnly(
                        Map.entry("zeroKeys", now() + 540 * S), // session derived
                        Map.entry("retransmit", NEVER), // handshake complete
                        Map.entry("attempts", 0),
                        Map.entry("sentLastMinute", false),
                        Map.entry("newHandshake", NEVER), // received
                        Map.entry("persistent", persistent()),
                        Map.entry("keepalive", NEVER)); // the keepalive sent
        assertThat(spoke.lastHandshakeWallNs).isEqualTo(pair.clock.wallNs());
    }

    @Test
    void stagedPacketsThatGoWithTheResponseArmNewHandshake() {
        Datagram response = response();
        current(spoke).invalidateSending();
        spoke.lastSentHandshakeNs = now();
        pair.sealedUp("staged");
        pend(spoke);
        Map<String, Object> changes = changesOf(spoke, () -> pair.spoke.receive(0, response));
        assertThat(pair.spoke.takeSent())
                .singleElement()
                .satisfies(d -> assertThat(d.bytes()).hasSize(32 + 32));
        takeJittered(changes, "newHandshake", 15 * S);
        assertThat(changes)
                .containsOnly(
                        Map.entry("zeroKeys", now() + 540 * S),
                        Map.entry("retransmit", NEVER),
                        Map.entry("attempts", 0),
                        Map.entry("sentLastMinute", false),
                        Map.entry("persistent", persistent()),
                        Map.entry("keepalive", NEVER));
    }

    @Test
    void theFirstPacketUnderNextCompletesTheHandshake() {
        pair.spoke.receive(0, response());
        Datagram confirmation = pair.spoke.takeSent().getFirst();
        pend(hub);
        hub.lastHandshakeWallNs = 0;
        assertThat(changesOf(hub, () -> pair.hub.receive(0, confirmation)))
                .containsOnly(
                        Map.entry("retransmit", NEVER),
                        Map.entry("attempts", 0),
                        Map.entry("sentLastMinute", false),
                        Map.entry("newHandshake", NEVER),
                        Map.entry("persistent", persistent()));
        assertThat(hub.lastHandshakeWallNs).isEqualTo(pair.clock.wallNs());
    }

    // Transport packet received.

    /// Of the spoke.
    private Datagram keepalive() {
        spoke.lane.command(() -> spoke.lane.sender.sendKeepalive(spoke));
        pair.spoke.run();
        Datagram keepalive = pair.spoke.takeSent().getFirst();
        assertThat(keepalive.bytes()).hasSize(32);
        return keepalive;
    }

    @Test
    void aReceivedKeepaliveCancelsNewHandshakeAndArmsPersistentOnly() {
        Datagram keepalive = keepalive();
        long handshakeWallNs = hub.lastHandshakeWallNs;
        assertThat(changesOf(hub, () -> pair.hub.receive(0, keepalive)))
                .containsOnly(Map.entry("newHandshake", NEVER), Map.entry("persistent", persistent()));
        assertThat(hub.lastHandshakeWallNs).isEqualTo(handshakeWallNs);
        nothingPends(hub);
        Datagram another = keepalive();
        assertThat(changesOf(hub, () -> pair.hub.receive(0, another)))
                .containsOnly(Map.entry("persistent", persistent()));
    }

    @Test
    void receivedDataArmsKeepaliveIfItIsNotPending() {
        nothingPends(hub);
        Datagram data = pair.sealedUp("x").getFirst();
        assertThat(changesOf(hub, () -> pair.hub.receive(0, data)))
                .containsOnly(Map.entry("keepalive", now() + 10 * S), Map.entry("persistent", persistent()));
    }

    @Test
    void receivedDataWantsAnotherKeepaliveIfOneIsPending() {
        hub.needAnotherKeepalive = false;
        Datagram data = pair.sealedUp("x").getFirst();
        assertThat(changesOf(hub, () -> pair.hub.receive(0, data)))
                .containsOnly(
                        Map.entry("needAnotherKeepalive", true),
                        Map.entry("newHandshake", NEVER),
                        Map.entry("persistent", persistent()));
    }

    /// Before the inner packet is judged.
    @Test
    void receivedDataArmsKeepaliveThoughItsInnerPacketIsDropped() {
        nothingPends(hub);
        pair.spoke.host(0, InnerPacket.ipv4(77, HubAndSpoke.HUB, "spoofed"));
        Datagram data = pair.spoke.takeSent().getFirst();
        assertThat(changesOf(hub, () -> pair.hub.receive(0, data)))
                .containsOnly(Map.entry("keepalive", now() + 10 * S), Map.entry("persistent", persistent()));
        assertThat(pair.hub.drops(DropReason.SPOOFED_SOURCE)).isEqualTo(1);
    }

    /// keep-key-fresh(receive).
    @ParameterizedTest
    @EnumSource
    void aPacketAtAge165WantsAnInitiationOfTheInitiatorOnce(Kind kind) {
        pair.clock.advance(165 * S - (now() - current(spoke).birthdateNs()) - (kind == Kind.TOO_YOUNG ? 1 : 0));
        pend(spoke);
        pend(hub);
        boolean spokeReceives = kind != Kind.RESPONDER;
        spoke.sentLastMinuteHandshake = kind == Kind.SENT_BEFORE;
        hub.sentLastMinuteHandshake = false;
        TestDevice device = spokeReceives ? pair.spoke : pair.hub;
        LanePeer peer = spokeReceives ? spoke : hub;
        Datagram data = spokeReceives
                ? pair.sealedDown("x").getFirst()
                : pair.sealedUp("x").getFirst();
        pend(peer);
        peer.sentLastMinuteHandshake = kind == Kind.SENT_BEFORE;
        Map<String, Object> changes = changesOf(peer, () -> device.receive(0, data));
        if (kind == Kind.DUE) {
            assertThat(device.takeSent()).extracting(Datagram::type).containsExactly(1);
            assertThat(changes).containsEntry("sentLastMinute", true).containsEntry("lastSentHandshake", now());
        } else {
            assertThat(device.takeSent()).isEmpty();
            assertThat(changes).containsOnly(Map.entry("newHandshake", NEVER), Map.entry("persistent", persistent()));
        }
    }

    @Published
    enum Kind {
        DUE,
        TOO_YOUNG,
        SENT_BEFORE,
        RESPONDER
    }

    // Transport packet sent.

    @Test
    void aSentKeepaliveCancelsKeepaliveAndArmsPersistentOnly() {
        assertThat(changesOf(spoke, this::keepalive))
                .containsOnly(Map.entry("keepalive", NEVER), Map.entry("persistent", persistent()));
        nothingPends(spoke);
        assertThat(changesOf(spoke, this::keepalive)).containsOnly(Map.entry("persistent", persistent()));
    }

    @Test
    void sentDataArmsNewHandshakeIfItIsNotPending() {
        nothingPends(spoke);
        Map<String, Object> changes = changesOf(spoke, () -> pair.sealedUp("x"));
        takeJittered(changes, "newHandshake", 15 * S);
        assertThat(changes).containsOnly(Map.entry("persistent", persistent()));
    }

    @Test
    void sentDataLeavesAPendingNewHandshakeAlone() {
        assertThat(changesOf(spoke, () -> pair.sealedUp("x")))
                .containsOnly(Map.entry("keepalive", NEVER), Map.entry("persistent", persistent()));
    }

    @Test
    void dataThatTheKernelRefusesDoesNotArmNewHandshake() {
        for (int errno : new int[] {Errno.EPERM, Errno.ENOBUFS, Errno.EAGAIN}) {
            nothingPends(spoke);
            pair.spoke.sendError = errno;
            assertThat(changesOf(spoke, () -> assertThat(pair.sealedUp("x")).isEmpty()))
                    .containsOnly(Map.entry("persistent", persistent()));
        }
        pend(spoke);
        assertThat(changesOf(spoke, () -> pair.sealedUp("x")))
                .containsOnly(Map.entry("keepalive", NEVER), Map.entry("persistent", persistent()));
    }

    /// keep-key-fresh(send).
    @Test
    void theInitiatorsPacketAtAge120WantsAnInitiation() {
        long age = now() - current(spoke).birthdateNs();
        pair.clock.advance(120 * S - 1 - age);
        assertThat(pair.sealedUp("x")).extracting(Datagram::type).containsExactly(4);
        assertThat(pair.sealedDown("x")).extracting(Datagram::type).containsExactly(4);
        pair.clock.advance(1);
        pend(spoke);
        pend(hub);
        assertThat(pair.sealedUp("x")).extracting(Datagram::type).containsExactly(4, 1);
        assertThat(spoke.attempts).isZero();
        assertThat(spoke.lastSentHandshakeNs).isEqualTo(now());
        assertThat(changesOf(hub, () -> assertThat(pair.sealedDown("x")).hasSize(1)))
                .as("a responder never rekeys by age")
                .containsOnly(Map.entry("keepalive", NEVER), Map.entry("persistent", persistent()));
    }

    /// keep-key-fresh(send): of either role.
    @Test
    void aPacketBeyondTheSixtiethBitOfTheCounterWantsAnInitiation() {
        KeypairForTests.sendCounter(current(hub), Protocol.REKEY_AFTER_MESSAGES - 1);
        assertThat(pair.sealedDown("x")).extracting(Datagram::type).containsExactly(4);
        assertThat(hub.attempts).isEqualTo(7);
        assertThat(pair.sealedDown("x")).extracting(Datagram::type).containsExactly(4, 1);
        assertThat(hub.attempts).isZero();
    }

    // Cookie reply sent or received, anything dropped.

    @Test
    void cookieRepliesChangeNothingOnEitherSide() {
        pair.hub.inboundDepth = TestDevice.UNDER_LOAD_AT;
        Datagram initiation = HubAndSpoke.initiation(pair.spoke, pair.hub);
        Map<String, Object> before = PeerState.all(hub);
        pair.hub.receive(0, initiation);
        assertThat(PeerState.changes(before, PeerState.all(hub))).isEmpty();
        Datagram reply = pair.hub.takeSent().getFirst();
        assertThat(reply.type()).isEqualTo(3);
        before = PeerState.all(spoke);
        pair.spoke.receive(0, reply.withSource(66, 6666));
        assertThat(PeerState.changes(before, PeerState.all(spoke))).isEmpty();
        assertThat(pair.spoke.takeSent()).isEmpty();
        assertThat(pair.spoke.drops(DropReason.BAD_COOKIE)).isZero();
    }

    @Test
    void whatIsDroppedChangesNothing() {
        Datagram data = pair.sealedUp("x").getFirst();
        pair.hub.receive(0, data);
        byte[] forged = pair.sealedUp("y").getFirst().bytes().clone();
        forged[forged.length - 1] ^= 1;
        byte[] unknown = data.bytes().clone();
        unknown[6] ^= 1;
        byte[] wrongMac1 = HubAndSpoke.initiation(pair.spoke, pair.hub).bytes().clone();
        wrongMac1[120] ^= 1;
        List<byte[]> dropped = List.of(data.bytes(), forged, unknown, wrongMac1, new byte[32], new byte[] {4, 0, 0});
        Map<String, Object> before = PeerState.all(hub);
        for (byte[] bytes : dropped) {
            pair.hub.receive(0, data.withBytes(bytes).withSource(66, 6666));
        }
        for (DropReason reason : List.of(
                DropReason.REPLAYED,
                DropReason.FORGED,
                DropReason.UNKNOWN_INDEX,
                DropReason.BAD_MAC1,
                DropReason.MALFORMED)) {
            assertThat(pair.hub.drops(reason)).as("%s", reason).isPositive();
        }
        assertThat(PeerState.changes(before, PeerState.all(hub))).isEmpty();
        assertThat(pair.hub.takeSent()).isEmpty();
    }

    // Re-arm persistent.

    @Test
    void withoutAnIntervalNoEventTouchesPersistent() {
        hub.peer.persistentKeepaliveSeconds = 0;
        spoke.peer.persistentKeepaliveSeconds = 0;
        nothingPends(hub);
        nothingPends(spoke);
        pair.network.settle();
        wanted(pair.spoke, spoke, false);
        pair.network.settle();
        pair.up("x");
        pair.down("y");
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4, 4, 4);
        assertThat(hub.persistentNs).isEqualTo(NEVER);
        assertThat(spoke.persistentNs).isEqualTo(NEVER);
    }
}
