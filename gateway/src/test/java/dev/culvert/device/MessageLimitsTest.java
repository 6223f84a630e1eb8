package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.current;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.noise.Keypair;
import dev.culvert.noise.KeypairForTests;
import dev.culvert.noise.Protocol;
import dev.culvert.tun.Errno;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A keypair's limits of messages: a new one from 2^60 on, and none under it any more before a counter could come
/// twice (conformance 1.8, trap 1).
@LaneConfined
final class MessageLimitsTest {
    private final HubAndSpoke pair = new HubAndSpoke();

    MessageLimitsTest() {
        pair.connect();
    }

    @AfterEach
    void closes() {
        pair.close();
    }

    private static long counter(Datagram data) {
        long counter = 0;
        for (int i = 7; i >= 0; i--) {
            counter = counter << 8 | data.bytes()[8 + i] & 0xff;
        }
        return counter;
    }

    @Test
    void countsBeyondThirtyTwoAndSixtyThreeBits() {
        for (long counter : new long[] {(1L << 32) - 1, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE}) {
            KeypairForTests.sendCounter(current(pair.atSpoke()), counter);
            Datagram data = pair.sealedUp("at " + counter).getFirst();
            assertThat(counter(data)).isEqualTo(counter);
            pair.hub.receive(0, data);
            assertThat(pair.hub.delivered()).endsWith("at " + counter);
        }
    }

    @Test
    void aNewKeyIsWantedBeyondRekeyAfterMessagesAndTheOldOneWorksMeanwhile() {
        KeypairForTests.sendCounter(current(pair.atSpoke()), Protocol.REKEY_AFTER_MESSAGES - 1);
        assertThat(pair.sealedUp("x")).extracting(Datagram::type).containsExactly(4);
        List<Datagram> sent = pair.sealedUp("y");
        assertThat(sent).extracting(Datagram::type).containsExactly(4, 1);
        assertThat(counter(sent.getFirst())).isEqualTo(Protocol.REKEY_AFTER_MESSAGES);
        sent.forEach(pair.network::deliver);
        pair.network.settle();
        pair.up("z");
        assertThat(pair.hub.delivered()).endsWith("y", "z");
        assertThat(current(pair.atSpoke()).sendCounter()).isLessThan(10);
    }

    @Test
    void sendingStopsAtRejectAfterMessagesAndTheRestWaitsForANewKey() {
        Keypair spent = current(pair.atSpoke());
        KeypairForTests.sendCounter(spent, Protocol.REJECT_AFTER_MESSAGES - 2);
        pair.atSpoke().lastSentHandshakeNs = pair.now(); // no initiation yet
        Set<Long> counters = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            for (Datagram data : pair.sealedUp("n" + i)) {
                assertThat(counters.add(counter(data))).as("once").isTrue();
                pair.network.deliver(data);
            }
        }
        assertThat(counters)
                .containsExactlyInAnyOrder(Protocol.REJECT_AFTER_MESSAGES - 2, Protocol.REJECT_AFTER_MESSAGES - 1);
        assertThat(pair.hub.delivered()).endsWith("n0", "n1");
        assertThat(spent.sendCounter()).isEqualTo(Protocol.REJECT_AFTER_MESSAGES);
        assertThat(pair.atSpoke().staged.size()).isEqualTo(8);
        // Keepalives neither.
        LanePeer spoke = pair.atSpoke();
        spoke.lane.command(() -> spoke.lane.sender.sendKeepalive(spoke));
        pair.spoke.run();
        assertThat(pair.spoke.takeSent()).isEmpty();

        pair.network.pass(6 * HubAndSpoke.S);
        assertThat(pair.hub.delivered()).hasSize(1 + 10).endsWith("n7", "n8", "n9");
        assertThat(current(spoke)).isNotSameAs(spent);
    }

    @Test
    void aCounterThatWasTakenIsNeverTakenAgainWhateverBecameOfItsPacket() {
        Set<Long> counters = new HashSet<>();
        long before = current(pair.atSpoke()).sendCounter();
        for (int errno : new int[] {0, Errno.EPERM, 0, Errno.EAGAIN, Errno.ENOBUFS, Errno.ENETUNREACH, 0}) {
            pair.spoke.sendError = errno;
            for (Datagram data : pair.sealedUp("x")) {
                assertThat(counters.add(counter(data))).isTrue();
            }
        }
        assertThat(counters).containsExactlyInAnyOrder(before, before + 2, before + 6);
    }
}
