package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The five timers and their events on a clock turned by hand (conformance 1.10, "Derived, testable").
@LaneConfined
final class TimersTest {
    private static final long MS = 1_000_000L;
    private static final long S = 1_000 * MS;
    private static final int HUB = 1;

    private final ManualClock clock = new ManualClock();
    private final TestDevice hub = new TestDevice(HUB, 2, clock, 11);
    private final TestDevice spoke = new TestDevice(2, 1, clock, 12);
    private final TestNetwork network = new TestNetwork(clock, hub, spoke);

    TimersTest() {
        spoke.peer(hub, true, PresharedKey.NONE, InnerPacket.prefix4(0, 24));
        hub.peer(spoke, false, PresharedKey.NONE, InnerPacket.prefix4(2, 32));
    }

    @AfterEach
    void closes() {
        hub.close();
        spoke.close();
    }

    private void up(String payload) {
        spoke.host(0, InnerPacket.ipv4(2, HUB, payload));
        network.settle();
    }

    private void down(String payload) {
        hub.host(0, InnerPacket.ipv4(HUB, 2, payload));
        network.settle();
    }

    private void connect() {
        up("hello");
        down("hello"); // both sides have sent and received: nothing is owed but the passive keepalives
        network.pass(11 * S);
        network.takeSeen();
    }

    private long now() {
        return clock.bootNs();
    }

    @Test
    void initiatesTwentyTimesThenGivesUpAndDropsWhatWasStaged() {
        network.lost = datagram -> true;
        long start = now();
        up("x");
        network.pass(300 * S);

        List<Datagram> initiations = network.takeSeen();
        assertThat(initiations).hasSize(20).allMatch(datagram -> datagram.type() == 1);
        assertThat(initiations)
                .extracting(d -> List.of(d.bytes()[4], d.bytes()[5], d.bytes()[6], d.bytes()[7], d.bytes()[8]))
                .doesNotHaveDuplicates();
        assertThat(spoke.drops(DropReason.STAGED_EXPIRED)).isEqualTo(1);
        assertThat(now() - start).isEqualTo(300 * S);
    }

    @Test
    void retransmitsAfterFiveSecondsAndJitter() {
        network.lost = datagram -> true;
        up("x");
        network.pass(5 * S - 1);
        assertThat(network.seenOfType(1)).isEqualTo(1);
        network.pass(334 * MS + 10 * MS);
        assertThat(network.seenOfType(1)).isEqualTo(2);
    }

    @Test
    void answersReceivedDataWithAKeepaliveTenSecondsLater() {
        connect();
        up("x");
        network.takeSeen();
        network.pass(10 * S - 1);
        assertThat(network.seen).isEmpty();
        network.pass(10 * MS + 1);
        assertThat(network.seen).singleElement().satisfies(keepalive -> {
            assertThat(keepalive.from()).isEqualTo(HUB);
            assertThat(keepalive.bytes()).hasSize(32);
        });
        network.takeSeen();
        network.pass(60 * S);
        assertThat(network.seen).as("keepalives are not answered").isEmpty();
    }

    @Test
    void initiatesAfterFifteenSecondsOfSilence() {
        connect();
        network.lost = datagram -> datagram.from() == HUB;
        up("x");
        network.takeSeen();
        network.pass(15 * S - 1);
        assertThat(network.seenOfType(1)).isZero();
        network.pass(344 * MS);
        assertThat(network.seenOfType(1)).isEqualTo(1);
    }

    @Test
    void theInitiatorRenewsWithTheFirstPacketAt120Seconds() {
        up("hello");
        long born = now();
        for (int i = 0; i < 119; i++) {
            network.pass(S);
            up("n" + i);
            down("m" + i);
        }
        assertThat(network.seenOfType(1)).isEqualTo(1);
        network.pass(born + 120 * S - now());
        network.takeSeen();
        up("at 120");
        List<Datagram> seen = network.takeSeen();
        assertThat(seen).extracting(Datagram::type).containsExactly(4, 1, 2, 4);
        assertThat(hub.delivered()).endsWith("at 120");
        assertThat(hub.drops(DropReason.SUPERSEDED)).isZero();
    }

    @Test
    void theResponderNeverRenewsByAge() {
        up("hello");
        network.lost = datagram -> datagram.from() == 2 && datagram.type() == 1; // nor does the initiator, here
        for (int i = 0; i < 175; i++) {
            network.pass(S);
            down("m" + i);
            up("n" + i);
        }
        assertThat(hub.delivered()).endsWith("n174");
        for (Lane lane : hub.state.lanes()) {
            assertThat(lane.counters.value(LaneCounters.Counter.HANDSHAKES_INITIATED))
                    .isZero();
        }
    }

    @Test
    void anInitiatorThatOnlyReceivesRenewsOnceAt165Seconds() {
        up("hello");
        network.lost = datagram -> datagram.type() == 1;
        network.takeSeen();
        for (int i = 0; i < 164; i++) {
            network.pass(S);
            down("m" + i);
        }
        // Its passive keepalives are packets sent at age 120 and more, and renew as well; those are lost here.
        assertThat(spoke.lanePeer(hub).sentLastMinuteHandshake).isFalse();
        network.pass(S);
        down("at 165");
        assertThat(spoke.lanePeer(hub).sentLastMinuteHandshake).isTrue();
    }

    @Test
    void neitherSendsNorAcceptsWithAKeyOf180Seconds() {
        connect();
        Datagram late = late();
        network.lost = datagram -> true; // or a new session would be made meanwhile
        network.pass(180 * S);
        hub.receive(TestNetwork.steer(late, 2), late);
        assertThat(hub.drops(DropReason.EXPIRED_SESSION)).isEqualTo(1);
        network.takeSeen();
        up("x");
        assertThat(network.seen.getFirst().type()).isEqualTo(1);
    }

    private Datagram late() {
        spoke.host(0, InnerPacket.ipv4(2, HUB, "late"));
        return spoke.takeSent().getFirst();
    }

    @Test
    void zeroesEverythingAfter540SecondsButTheTimestamp() {
        connect();
        assertThat(hub.lane(0).sessions.size() + hub.lane(1).sessions.size()).isEqualTo(1);
        network.pass(541 * S);
        assertThat(hub.lane(0).sessions.size() + hub.lane(1).sessions.size()).isZero();
        assertThat(spoke.lane(0).sessions.size()).isZero();
        assertThat(hub.lanePeer(spoke).peer.greatestTimestamp).isNotNull();
        assertThat(hub.nextAlarmNs()).as("no wake-up when nothing is armed").isEqualTo(LanePeer.NEVER);
        assertThat(spoke.nextAlarmNs()).isEqualTo(LanePeer.NEVER);
    }

    @Test
    void sendsPersistentKeepalivesOnlyWhileNothingElseGoes() {
        connect();
        spoke.peer(hub.publicKey(), 0, null, 25, InnerPacket.prefix4(0, 24));
        network.settle();
        assertThat(network.takeSeen()).as("at once when it begins").hasSize(1);
        network.pass(25 * S - 1);
        assertThat(network.seen).isEmpty();
        network.pass(10 * MS + 1);
        assertThat(network.takeSeen()).hasSize(1);
        for (int i = 0; i < 30; i++) {
            network.pass(S);
            down("m" + i);
        }
        assertThat(network.takeSeen().stream().filter(d -> d.from() == 2 && d.bytes().length == 32 && d.type() == 4))
                .as("only the passive ones")
                .hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void aSuspendForgetsEverySessionButNotTheTimestampAndANewOneStartsAtOnce() {
        connect();
        hub.peers.forgetSessions();
        spoke.peers.forgetSessions();
        network.settle();
        assertThat(hub.lane(0).sessions.size() + hub.lane(1).sessions.size()).isZero();
        assertThat(hub.lane(0).keys.used() + hub.lane(1).keys.used()).isZero();
        assertThat(hub.lanePeer(spoke).peer.greatestTimestamp).isNotNull();
        assertThat(network.takeSeen()).isEmpty();
        clock.advance(S);
        up("after");
        assertThat(network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4);
        assertThat(hub.delivered()).endsWith("after");
    }

    @Test
    void bothSidesConvergeWhenTheyInitiateAtTheSameTime() {
        hub.peer(spoke, true, null, InnerPacket.prefix4(2, 32));
        spoke.tun.getFirst().toRead.add(InnerPacket.ipv4(2, HUB, "up"));
        hub.tun.getFirst().toRead.add(InnerPacket.ipv4(HUB, 2, "down"));
        spoke.lane(0).ingress.readable();
        hub.lane(0).ingress.readable();
        network.settle();
        network.pass(6 * S);
        assertThat(hub.delivered()).containsExactly("up");
        assertThat(spoke.delivered()).containsExactly("down");
    }

    @Test
    void aSuppressedInitiationIsTriedAgain() {
        // The hub answered an initiation whose confirmation is lost; its own packet may not initiate within 5 s.
        network.lost = datagram -> datagram.type() == 2 || datagram.type() == 4;
        up("x");
        down("y");
        network.lost = datagram -> datagram.from() == 2;
        network.takeSeen();
        network.pass(6 * S);
        assertThat(network.seen).anyMatch(datagram -> datagram.from() == HUB && datagram.type() == 1);
    }
}
