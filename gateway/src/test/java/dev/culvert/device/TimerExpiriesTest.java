package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.expire;
import static dev.culvert.device.PeerState.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Every row of the table of expiries (conformance 1.10): what a timer does when it goes off, and that no other is
/// touched. All happens to the spoke, the initiator of the session.
@LaneConfined
final class TimerExpiriesTest {
    private static final int INTERVAL_S = 25;
    private static final long JITTER_MAX_NS = 333_000_000L;

    private final HubAndSpoke pair = new HubAndSpoke();
    private final LanePeer spoke;

    TimerExpiriesTest() {
        pair.connect();
        spoke = pair.atSpoke();
        spoke.peer.persistentKeepaliveSeconds = INTERVAL_S;
        spoke.retransmitNs = now() + 1001 * S;
        spoke.keepaliveNs = now() + 1002 * S;
        spoke.newHandshakeNs = now() + 1003 * S;
        spoke.zeroKeysNs = now() + 1004 * S;
        spoke.persistentNs = now() + 1005 * S;
        spoke.idleNs = now() + 1006 * S;
        spoke.attempts = 7;
        spoke.sentLastMinuteHandshake = true;
        spoke.lastSentHandshakeNs = now() - 100 * S;
        spoke.endpoint = new Endpoint(false, Datagram.hi(HubAndSpoke.HUB), 0, TestDevice.PORT, 0, 42L << 32, 0, 7);
    }

    @AfterEach
    void closes() {
        pair.close();
    }

    private long now() {
        return pair.now();
    }

    private Map<String, Object> changesOfExpiry() {
        Map<String, Object> before = PeerState.timers(spoke);
        expire(pair.spoke, spoke);
        return PeerState.changes(before, PeerState.timers(spoke));
    }

    private void takeJittered(Map<String, Object> changes, String timer, long fromNow) {
        assertThat(changes).containsKey(timer);
        assertThat((long) HubAndSpoke.present(changes.remove(timer)))
                .as(timer)
                .isBetween(now() + fromNow, now() + fromNow + JITTER_MAX_NS);
    }

    private long persistent() {
        return now() + INTERVAL_S * S;
    }

    private int sourceInterface() {
        return HubAndSpoke.present(spoke.endpoint).localInterface;
    }

    private List<Datagram> sent() {
        return pair.spoke.takeSent();
    }

    /// Puts a packet into the staged queue.
    private void stage(String payload) {
        HubAndSpoke.current(spoke).invalidateSending();
        long lastSent = spoke.lastSentHandshakeNs;
        int attempts = spoke.attempts;
        spoke.lastSentHandshakeNs = now(); // no initiation for it now
        assertThat(pair.sealedUp(payload)).isEmpty();
        assertThat(spoke.staged.size()).isPositive();
        spoke.lastSentHandshakeNs = lastSent;
        spoke.attempts = attempts;
    }

    // retransmit

    @Test
    void retransmitSendsAnotherInitiationFromAnySourceAndCountsTheAttempt() {
        spoke.retransmitNs = now();
        assertThat(sourceInterface()).isEqualTo(7);
        Map<String, Object> changes = changesOfExpiry();
        assertThat(sent()).extracting(Datagram::type).containsExactly(1);
        assertThat(sourceInterface()).isZero();
        takeJittered(changes, "retransmit", 5 * S);
        assertThat(changes)
                .containsOnly(
                        Map.entry("attempts", 8),
                        Map.entry("lastSentHandshake", now()),
                        Map.entry("keepalive", NEVER), // an initiation was sent
                        Map.entry("persistent", persistent()));
    }

    @Test
    void retransmitStillTriesAfterEighteenAttempts() {
        stage("x");
        spoke.retransmitNs = now();
        spoke.attempts = 18;
        assertThat(changesOfExpiry()).containsEntry("attempts", 19);
        assertThat(sent()).extracting(Datagram::type).containsExactly(1);
        assertThat(spoke.staged.size()).isEqualTo(1);
    }

    @Test
    void retransmitGivesUpAfterNineteenAttemptsAndDropsWhatWasStaged() {
        stage("x");
        stage("y");
        spoke.retransmitNs = now();
        spoke.attempts = 19;
        assertThat(changesOfExpiry())
                .containsOnly(Map.entry("retransmit", NEVER), Map.entry("keepalive", NEVER)); // zeroKeys was pending
        assertThat(sent()).isEmpty();
        assertThat(spoke.staged.isEmpty()).isTrue();
        assertThat(pair.spoke.drops(DropReason.STAGED_EXPIRED)).isEqualTo(2);
    }

    @Test
    void retransmitArmsZeroKeysWhenItGivesUpIfItIsNotPending() {
        spoke.retransmitNs = now();
        spoke.zeroKeysNs = NEVER;
        spoke.attempts = 19;
        assertThat(changesOfExpiry())
                .containsOnly(
                        Map.entry("retransmit", NEVER),
                        Map.entry("keepalive", NEVER),
                        Map.entry("zeroKeys", now() + 540 * S));
        assertThat(spoke.lane.wheel.armed(spoke)).isTrue();
    }

    /// The trap of 1.10: a response was sent meanwhile.
    @Test
    void aSuppressedRetransmissionIsArmedAgainForTheRemainder() {
        spoke.retransmitNs = now();
        spoke.lastSentHandshakeNs = now() - S;
        Map<String, Object> changes = changesOfExpiry();
        assertThat(sent()).isEmpty();
        takeJittered(changes, "retransmit", 4 * S);
        assertThat(changes).containsOnly(Map.entry("attempts", 8));
    }

    // keepalive

    @Test
    void keepaliveSendsAKeepalive() {
        spoke.keepaliveNs = now();
        assertThat(changesOfExpiry())
                .containsOnly(Map.entry("keepalive", NEVER), Map.entry("persistent", persistent()));
        assertThat(sent())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.bytes()).hasSize(32));
        assertThat(sourceInterface()).as("the source stays").isEqualTo(7);
    }

    @Test
    void keepaliveIsArmedAgainIfAnotherIsNeeded() {
        spoke.keepaliveNs = now();
        spoke.needAnotherKeepalive = true;
        Map<String, Object> changes = changesOfExpiry();
        assertThat(sent()).hasSize(1);
        assertThat(changes).containsEntry("needAnotherKeepalive", false).containsEntry("persistent", persistent());
    }

    @Test
    void keepaliveSendsWhatIsStagedInstead() {
        HubAndSpoke.present(spoke.keypairs.current());
        stageUnderALiveKey();
        spoke.keepaliveNs = now();
        expire(pair.spoke, spoke);
        assertThat(sent())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.bytes()).hasSize(32 + 32));
    }

    /// A packet waits though the key is good: as when the response has come but its packets have not gone yet.
    private void stageUnderALiveKey() {
        LanePeer other = new LanePeer(spoke.peer, spoke.lane, pair.spoke.state.stagedBudget);
        other.sentHandshakeBefore = true;
        other.lastSentHandshakeNs = now();
        spoke.peer.lanePeer = other; // has no key: the packet is staged there
        pair.sealedUp("x");
        spoke.peer.lanePeer = spoke;
        spoke.staged.stage(HubAndSpoke.present(other.staged.poll()));
        other.lane.wheel.disarm(other);
    }

    @Test
    void keepaliveWithoutAUsableKeyStartsAHandshake() {
        HubAndSpoke.current(spoke).invalidateSending();
        spoke.keepaliveNs = now();
        assertThat(changesOfExpiry()).containsEntry("attempts", 0).containsEntry("lastSentHandshake", now());
        assertThat(sent()).extracting(Datagram::type).containsExactly(1);
        assertThat(spoke.staged.size()).as("the keepalive waits").isEqualTo(1);
    }

    // newHandshake

    @Test
    void newHandshakeWantsAnInitiationFromAnySource() {
        spoke.newHandshakeNs = now();
        Map<String, Object> changes = changesOfExpiry();
        assertThat(sent()).extracting(Datagram::type).containsExactly(1);
        assertThat(sourceInterface()).isZero();
        takeJittered(changes, "retransmit", 5 * S);
        assertThat(changes)
                .containsOnly(
                        Map.entry("newHandshake", NEVER),
                        Map.entry("attempts", 0), // not a retry
                        Map.entry("lastSentHandshake", now()),
                        Map.entry("keepalive", NEVER),
                        Map.entry("persistent", persistent()));
    }

    // zeroKeys

    @Test
    void zeroKeysDropsAllKeypairsAndTheHandshakeButNotTheTimestamp() {
        LanePeer hub = pair.atHub();
        // The hub gets a previous, a current and a next keypair, and an initiation of its own.
        for (int i = 0; i < 2; i++) {
            pair.clock.advance(6 * S);
            HubAndSpoke.wanted(pair.spoke, spoke, false);
            if (i == 0) {
                pair.network.settle();
            } else {
                pair.hub.receive(0, sent().getFirst());
            }
        }
        pair.hub.takeSent();
        pair.clock.advance(6 * S);
        HubAndSpoke.wanted(pair.hub, hub, false);
        assertThat(hub.keypairs.current()).isNotNull();
        assertThat(hub.keypairs.next()).isNotNull();
        assertThat(hub.initiation).isNotNull();
        assertThat(hub.lane.sessions.size()).isEqualTo(3);
        String timestamp = String.valueOf(hub.peer.greatestTimestamp);

        Map<String, Object> before = PeerState.timers(hub);
        hub.zeroKeysNs = now();
        expire(pair.hub, hub);
        assertThat(PeerState.changes(before, PeerState.timers(hub))).containsOnly(Map.entry("zeroKeys", NEVER));
        assertThat(hub.keypairs.previous()).isNull();
        assertThat(hub.keypairs.current()).isNull();
        assertThat(hub.keypairs.next()).isNull();
        assertThat(hub.initiation).isNull();
        assertThat(hub.lane.sessions.size()).isZero();
        assertThat(hub.lane.keys.used()).isZero();
        assertThat(String.valueOf(hub.peer.greatestTimestamp))
                .isEqualTo(timestamp)
                .isNotEqualTo("null");
    }

    // persistent

    @Test
    void persistentSendsAKeepalive() {
        spoke.persistentNs = now();
        assertThat(changesOfExpiry())
                .containsOnly(Map.entry("keepalive", NEVER), Map.entry("persistent", persistent()));
        assertThat(sent())
                .singleElement()
                .satisfies(datagram -> assertThat(datagram.bytes()).hasSize(32));
    }

    @Test
    void persistentDoesNothingOnceItsIntervalIsGone() {
        spoke.peer.persistentKeepaliveSeconds = 0;
        spoke.persistentNs = now();
        assertThat(changesOfExpiry()).containsOnly(Map.entry("persistent", NEVER));
        assertThat(sent()).isEmpty();
    }

    // None of them due.

    @Test
    void anEntryThatComesUpEarlyDoesNothingAndIsArmedForTheNearestDeadline() {
        assertThat(changesOfExpiry()).isEmpty();
        assertThat(sent()).isEmpty();
        assertThat(spoke.lane.wheel.armed(spoke)).isTrue();
        assertThat(spoke.armedDeadlineNs()).isEqualTo(spoke.retransmitNs);
    }
}
