package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.MS;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static dev.culvert.device.HubAndSpoke.TICK_NS;
import static dev.culvert.device.HubAndSpoke.current;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.noise.Tai64n;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What follows from the timers' tables over time (conformance 1.10, "Derived, testable"), beside [TimersTest].
@LaneConfined
final class TimerConsequencesTest {
    private static final long JITTER_MAX_NS = 333 * MS;
    private static final int SEEDS = 200;

    private final HubAndSpoke pair = new HubAndSpoke();

    @AfterEach
    void closes() {
        pair.close();
    }

    private long now() {
        return pair.now();
    }

    /// Loses everything from now on; the list fills with the times of the initiations.
    private List<Long> losesAllAndNotesInitiations(List<Datagram> into) {
        List<Long> times = new ArrayList<>();
        pair.network.lost = datagram -> {
            if (datagram.type() == 1) {
                times.add(now());
                into.add(datagram);
            }
            return true;
        };
        return times;
    }

    @Test
    void anUnansweredPacketCausesTwentyInitiationsAndIsDroppedWithTheTwentyFirstExpiry() {
        List<Datagram> initiations = new ArrayList<>();
        List<Long> times = losesAllAndNotesInitiations(initiations);
        long start = now();
        pair.up("x");
        pair.network.pass(100 * S);
        assertThat(pair.spoke.drops(DropReason.STAGED_EXPIRED)).isZero();
        pair.network.pass(6700 * MS);
        assertThat(pair.spoke.drops(DropReason.STAGED_EXPIRED)).isEqualTo(1);
        pair.network.pass(1000 * S);

        assertThat(times).hasSize(20).startsWith(start);
        for (int i = 1; i < times.size(); i++) {
            assertThat(times.get(i) - times.get(i - 1)).isBetween(5 * S, 5 * S + JITTER_MAX_NS + TICK_NS);
        }
        assertThat(initiations).extracting(d -> bytes(d, 4, 8)).as("index").doesNotHaveDuplicates();
        assertThat(initiations).extracting(d -> bytes(d, 8, 40)).as("ephemeral").doesNotHaveDuplicates();
        // The receiver reads the timestamps: each is greater than the one before.
        Tai64n last = null;
        for (Datagram initiation : initiations) {
            pair.clock.advance(20 * MS);
            pair.hub.receive(0, initiation);
            Tai64n greatest = pair.atHub().peer.greatestTimestamp;
            assertThat(greatest).isNotNull().isNotEqualTo(last);
            last = greatest;
        }
        assertThat(pair.hub.takeSent()).hasSize(20);
    }

    private static List<Byte> bytes(Datagram datagram, int from, int to) {
        List<Byte> part = new ArrayList<>();
        for (int i = from; i < to; i++) {
            part.add(datagram.bytes()[i]);
        }
        return part;
    }

    /// The wall clock of the initiator goes back an hour between two tries.
    @Test
    void timestampsRiseThoughTheWallClockGoesBack() {
        List<Datagram> initiations = new ArrayList<>();
        losesAllAndNotesInitiations(initiations);
        pair.up("x");
        pair.clock.wallJumps(-3600 * S);
        pair.network.pass(30 * S);
        assertThat(initiations).hasSizeGreaterThan(4);
        for (Datagram initiation : initiations) {
            pair.clock.advance(20 * MS);
            pair.hub.receive(0, initiation);
        }
        assertThat(pair.hub.takeSent()).hasSameSizeAs(initiations);
        assertThat(pair.hub.drops(DropReason.STALE_TIMESTAMP)).isZero();
    }

    @Test
    void everyFurtherPacketBeginsTheAttemptsAnew() {
        List<Long> times = losesAllAndNotesInitiations(new ArrayList<>());
        for (int i = 0; i < 20; i++) {
            pair.up("n" + i);
            pair.network.pass(60 * S);
        }
        assertThat(times).hasSizeGreaterThan(1200 * 1000 / 5333 - 2);
        assertThat(pair.spoke.drops(DropReason.STAGED_EXPIRED)).isZero();
        pair.network.pass(107 * S);
        assertThat(pair.spoke.drops(DropReason.STAGED_EXPIRED)).isEqualTo(20);
        int given = times.size();
        pair.network.pass(1000 * S);
        assertThat(times).hasSize(given);
    }

    /// Each initiation puts the persistent keepalive off, so it comes an interval after the last of twenty tries;
    /// then it begins twenty more.
    @Test
    void withPersistentKeepaliveItGoesOnForEver() {
        List<Long> times = losesAllAndNotesInitiations(new ArrayList<>());
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 25, InnerPacket.prefix4(0, 24));
        pair.network.pass(3600 * S);
        times.add(now());
        for (int i = 1; i < times.size(); i++) {
            assertThat(times.get(i) - times.get(i - 1)).isLessThanOrEqualTo(25 * S + TICK_NS);
        }
        assertThat(times).hasSizeGreaterThan(20 * 3600 / 127);
        assertThat(pair.atSpoke().staged.size())
                .as("one keepalive, not one an interval")
                .isLessThanOrEqualTo(1);
        pair.network.lost = datagram -> false;
        pair.network.pass(26 * S);
        pair.down("back");
        assertThat(pair.spoke.delivered()).containsExactly("back");
    }

    @Test
    void aSilentApplicationAnswersDataByOneKeepaliveAfterTenSecondsHoweverMuchCame() {
        pair.connect();
        long first = now();
        for (int i = 0; i < 9; i++) {
            pair.up("n" + i);
            pair.network.pass(S);
        }
        pair.network.takeSeen();
        List<Long> times = new ArrayList<>();
        pair.network.lost = datagram -> {
            assertThat(datagram.from()).isEqualTo(HUB);
            assertThat(datagram.bytes()).hasSize(32);
            times.add(now());
            return false;
        };
        pair.network.pass(9 * S);
        assertThat(times).hasSizeBetween(1, 2); // another one may follow 10 s later, or be cancelled by this one
        assertThat(times.getFirst() - first).isBetween(10 * S, 10 * S + TICK_NS);
    }

    @Test
    void keepalivesAreNotAnswered() {
        pair.connect();
        for (TestDevice device : new TestDevice[] {pair.hub, pair.spoke}) {
            LanePeer peer = device == pair.hub ? pair.atHub() : pair.atSpoke();
            peer.lane.command(() -> peer.lane.sender.sendKeepalive(peer));
            pair.network.settle();
            assertThat(pair.network.takeSeen()).hasSize(1);
            pair.network.pass(100 * S);
            assertThat(pair.network.takeSeen()).isEmpty();
        }
    }

    @Test
    void theRekeyAt120SecondsStillSendsThatPacketUnderTheOldKey() {
        pair.connect();
        int oldIndex = current(pair.atSpoke()).remoteIndex();
        pair.network.pass(current(pair.atSpoke()).birthdateNs() + 120 * S - 1 - now());
        pair.up("just before");
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(4);
        pair.clock.advance(1);
        List<Datagram> sent = pair.sealedUp("at 120");
        assertThat(sent).extracting(Datagram::type).containsExactly(4, 1);
        assertThat(index(sent.getFirst())).isEqualTo(oldIndex);
        sent.forEach(pair.network::deliver);
        pair.network.settle();
        assertThat(pair.hub.delivered()).endsWith("just before", "at 120");
        pair.up("new key");
        assertThat(index(pair.network.seen.getLast())).isNotEqualTo(oldIndex);
        assertThat(current(pair.atSpoke()).isInitiator()).isTrue();
    }

    private static int index(Datagram data) {
        byte[] b = data.bytes();
        return b[4] & 0xff | (b[5] & 0xff) << 8 | (b[6] & 0xff) << 16 | (b[7] & 0xff) << 24;
    }

    @Test
    void anInitiatorThatOnlyReceivesInitiatesOnceFrom165SecondsOn() {
        pair.connect();
        // Its passive keepalives would initiate from 120 s on: it has none to send, since the hub sends keepalives.
        LanePeer hub = pair.atHub();
        long born = current(pair.atSpoke()).birthdateNs();
        List<Long> initiations = new ArrayList<>();
        pair.network.lost = datagram -> {
            if (datagram.type() == 1) {
                initiations.add(now() - born);
                return true;
            }
            return false;
        };
        for (int age = 20; age < 180; age++) {
            pair.network.pass(born + age * S - now());
            hub.lane.command(() -> hub.lane.sender.sendKeepalive(hub));
            pair.network.settle();
        }
        assertThat(initiations).startsWith(165 * S);
        // The rest are retransmissions of this one, not new ones with each packet.
        for (int i = 1; i < initiations.size(); i++) {
            assertThat(initiations.get(i) - initiations.get(i - 1)).isGreaterThanOrEqualTo(5 * S);
        }
        assertThat(pair.atSpoke().attempts).isEqualTo(initiations.size() - 1);
    }

    @Test
    void aKeyIsGoodUntilItsLastNanosecondAndNotFrom180SecondsOn() {
        pair.connect();
        long born = current(pair.atHub()).birthdateNs();
        assertThat(current(pair.atSpoke()).birthdateNs()).isEqualTo(born);
        pair.network.lost = datagram -> true; // no new session
        pair.network.pass(born + 180 * S - 1 - now());
        Datagram inTime = pair.sealedUp("in time").getFirst();
        Datagram late = pair.sealedUp("late").getFirst();
        assertThat(late.type()).isEqualTo(4);
        pair.hub.receive(0, inTime);
        assertThat(pair.hub.delivered()).endsWith("in time");
        assertThat(pair.sealedDown("in time")).extracting(Datagram::type).containsExactly(4);

        pair.clock.advance(1);
        pair.hub.receive(0, late);
        assertThat(pair.hub.delivered()).endsWith("in time");
        assertThat(pair.hub.drops(DropReason.EXPIRED_SESSION)).isEqualTo(1);
        assertThat(pair.sealedUp("x")).as("staged").noneMatch(datagram -> datagram.type() == 4);
        assertThat(pair.sealedDown("x")).noneMatch(datagram -> datagram.type() == 4);
        assertThat(pair.atHub().staged.size()).isEqualTo(1);
        pair.atHub().lane.command(() -> pair.atHub().lane.sender.sendKeepalive(pair.atHub()));
        pair.hub.run();
        assertThat(pair.hub.takeSent()).noneMatch(datagram -> datagram.type() == 4);
    }

    @Test
    void anIdleClientsKeepalivesDoNotWatchItsPeerAndNoticeItsDeathAtKeyAge120() {
        pair.connect();
        pair.spoke.peer(pair.hub.publicKey(), 0, null, 25, InnerPacket.prefix4(0, 24));
        pair.network.settle();
        long born = current(pair.atSpoke()).birthdateNs();
        pair.network.lost = datagram -> datagram.to() == HUB; // the hub is dead
        List<Long> initiations = new ArrayList<>();
        pair.network.takeSeen();
        while (initiations.isEmpty() && now() - born < 200 * S) {
            assertThat(pair.atSpoke().newHandshakeNs).isEqualTo(LanePeer.NEVER);
            pair.network.pass(S);
            if (pair.network.seenOfType(1) > 0) {
                initiations.add(now() - born);
            }
        }
        assertThat(initiations.getFirst()).isBetween(120 * S, 147 * S);
        assertThat(pair.network.seen.stream().filter(d -> d.type() == 4 && d.from() == SPOKE))
                .as("its keepalives before")
                .hasSizeBetween(4, 6)
                .allMatch(datagram -> datagram.bytes().length == 32);
    }

    @Test
    void aSuppressedRetransmissionGoesOutWhenItMay() {
        // A retransmission falls within 5 s of a response: it is suppressed, and must not be forgotten.
        pair.connect();
        pair.network.lost = datagram -> true;
        HubAndSpoke.wanted(pair.spoke, pair.atSpoke(), false);
        pair.network.settle();
        pair.network.pass(3 * S);
        pair.spoke.receive(0, HubAndSpoke.initiation(pair.hub, pair.spoke)); // answered
        assertThat(pair.spoke.takeSent()).extracting(Datagram::type).containsExactly(2);
        pair.network.takeSeen();
        pair.network.pass(5 * S - 1);
        assertThat(pair.network.seen.stream().filter(d -> d.from() == SPOKE)).isEmpty();
        pair.network.pass(2 * JITTER_MAX_NS);
        assertThat(pair.network.seen.stream().filter(d -> d.from() == SPOKE && d.type() == 1))
                .hasSize(1);
    }

    /// Jitter is uniform from 0 to 333 ms, and no timer goes off before its time.
    @Test
    void noTimerIsEarlyAndJitterKeepsItsBounds() {
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            try (HubAndSpoke one = new HubAndSpoke(1, 7777 + seed)) {
                long start = one.now();
                one.network.lost = datagram -> true;
                one.up("x");
                long jitter = one.atSpoke().retransmitNs - start - 5 * S;
                assertThat(jitter).isBetween(0L, JITTER_MAX_NS);
                one.network.pass(5 * S + jitter - 1);
                assertThat(one.network.seenOfType(1)).isEqualTo(1);
                one.network.pass(TICK_NS + 1);
                assertThat(one.network.seenOfType(1)).isEqualTo(2);
                least = Math.min(least, jitter);
                most = Math.max(most, jitter);
            }
        }
        assertThat(least).isLessThan(20 * MS);
        assertThat(most).isGreaterThan(313 * MS);
    }

    @Test
    void silenceIsNoticedAfterFifteenSecondsAndJitter() {
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int seed = 0; seed < SEEDS / 4; seed++) {
            try (HubAndSpoke one = new HubAndSpoke(1, 99 + seed)) {
                one.connect();
                one.network.lost = datagram -> true;
                long start = one.now();
                one.up("x");
                long jitter = one.atSpoke().newHandshakeNs - start - 15 * S;
                assertThat(jitter).isBetween(0L, JITTER_MAX_NS);
                one.network.pass(15 * S + jitter - 1);
                assertThat(one.network.seenOfType(1)).isZero();
                one.network.pass(TICK_NS + 1);
                assertThat(one.network.seenOfType(1)).isEqualTo(1);
                least = Math.min(least, jitter);
                most = Math.max(most, jitter);
            }
        }
        assertThat(least).isLessThan(60 * MS);
        assertThat(most).isGreaterThan(273 * MS);
    }

    // Suspend: boot time jumps while the wall clock and everything else stood still.

    @Test
    void keysAgeWhileTheMachineSleeps() {
        pair.connect();
        Datagram late = pair.sealedUp("late").getFirst();
        pair.clock.sleep(3 * 3600 * S);
        // The first thing that happens is a packet, before any timer runs.
        pair.hub.receive(0, late);
        assertThat(pair.hub.drops(DropReason.EXPIRED_SESSION)).isEqualTo(1);
        assertThat(pair.sealedUp("x")).extracting(Datagram::type).containsExactly(1);
        assertThat(pair.sealedDown("x")).extracting(Datagram::type).containsExactly(1);
        assertThat(pair.hub.delivered()).containsExactly("hello");
    }

    @Test
    void theWheelRunsAtOnceAfterASleepAndZeroesTheKeys() {
        pair.connect();
        assertThat(pair.spoke.nextAlarmNs()).isGreaterThan(now());
        pair.clock.sleep(3 * 3600 * S);
        assertThat(pair.spoke.nextAlarmNs()).isLessThan(now());
        for (TestDevice device : new TestDevice[] {pair.hub, pair.spoke}) {
            device.alarmsDue();
            assertThat(device.lane(0).sessions.size()).isZero();
            assertThat(device.lane(0).keys.used()).isZero();
            assertThat(device.nextAlarmNs()).isEqualTo(LanePeer.NEVER);
        }
        pair.up("awake");
        assertThat(pair.hub.delivered()).endsWith("awake");
    }

    @Test
    void aShortSleepKeepsTheSession() {
        pair.connect();
        pair.clock.sleep(60 * S);
        pair.hub.alarmsDue();
        pair.spoke.alarmsDue();
        pair.up("awake");
        assertThat(pair.network.takeSeen()).extracting(Datagram::type).containsExactly(4);
        assertThat(pair.hub.delivered()).endsWith("awake");
    }

    @Test
    void theWallClockMovesNoTimer() {
        for (long jump : new long[] {-3600 * S, 3600 * S, -315_360_000 * S, 315_360_000 * S}) {
            try (HubAndSpoke one = new HubAndSpoke()) {
                one.connect();
                long alarm = one.spoke.nextAlarmNs();
                one.clock.wallJumps(jump);
                one.hub.alarmsDue();
                one.spoke.alarmsDue();
                assertThat(one.spoke.nextAlarmNs()).isEqualTo(alarm);
                one.up("x");
                one.network.pass(125 * S);
                one.up("y"); // a new handshake, whatever the wall clock says
                one.up("z");
                assertThat(one.hub.delivered()).endsWith("x", "y", "z");
                assertThat(one.network.seenOfType(2)).isEqualTo(1);
                assertThat(one.hub.drops(DropReason.STALE_TIMESTAMP)).isZero();
            }
        }
    }
}
