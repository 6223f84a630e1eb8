package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static dev.culvert.device.HubAndSpoke.current;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PrivateKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Packets without a usable key (conformance 1.12), beside [StagedPacketsTest] and [PacketPathTest].
@LaneConfined
final class StagedRulesTest {
    private final HubAndSpoke pair = new HubAndSpoke();

    @AfterEach
    void closes() {
        pair.close();
    }

    private static List<String> numbered(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "n" + i).toList();
    }

    private void stageAtSpoke(int count) {
        pair.network.lost = datagram -> true;
        for (int i = 0; i < count; i++) {
            pair.up("n" + i);
        }
        assertThat(pair.atSpoke().staged.size()).isEqualTo(Math.min(count, 128));
    }

    @Test
    void theInitiatorSendsThemInOrderWithTheResponse() {
        stageAtSpoke(128);
        pair.network.lost = datagram -> false;
        pair.network.pass(6 * S);
        assertThat(pair.hub.delivered()).containsExactlyElementsOf(numbered(0, 128));
        assertThat(pair.network.seen.stream().filter(d -> d.type() == 4 && d.from() == SPOKE && d.bytes().length == 32))
                .as("no keepalive: they confirm the key themselves")
                .isEmpty();
    }

    @Test
    void theResponderSendsThemInOrderWithTheFirstPacketUnderTheNewKey() {
        pair.spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, "hello"));
        pair.hub.receive(0, pair.spoke.takeSent().getFirst());
        Datagram response = pair.hub.takeSent().getFirst();
        for (int i = 0; i < 20; i++) {
            assertThat(pair.sealedDown("n" + i)).as("unconfirmed").isEmpty();
        }
        pair.network.deliver(response);
        pair.network.settle();
        assertThat(pair.spoke.delivered()).containsExactlyElementsOf(numbered(0, 20));
    }

    /// A packet that comes later does not overtake those that wait.
    @Test
    void aPacketGoesAfterThoseThatWait() {
        stageAtSpoke(3);
        pair.network.lost = datagram -> false;
        pair.network.pass(6 * S);
        pair.up("later");
        assertThat(pair.hub.delivered()).containsExactly("n0", "n1", "n2", "later");
    }

    @Test
    void countsEachThatIsDroppedUnderItsReason() {
        stageAtSpoke(140);
        assertThat(pair.spoke.drops(DropReason.STAGED_OVERFLOW)).isEqualTo(12);
        pair.network.pass(107 * S);
        assertThat(pair.spoke.drops(DropReason.STAGED_EXPIRED)).isEqualTo(128);
        stageAtSpoke(5);
        pair.spoke.linkDown();
        assertThat(pair.spoke.drops(DropReason.DEVICE_DOWN)).isEqualTo(5);
        pair.spoke.linkUp();
        stageAtSpoke(7);
        pair.spoke.removePeer(pair.hub.publicKey());
        assertThat(pair.spoke.drops(DropReason.PEER_REMOVED)).isEqualTo(7);
        assertThat(pair.spoke.state.stagedBudget.reservedBytes()).isZero();
    }

    /// Packets for peers that are offline take their own memory, up to the device's cap: never a slot that a lane
    /// reads into, nor what a handshake needs (tailscale issue 1971 was a deadlock of the two).
    @Test
    void packetsForPeersThatAreOfflineStarveNeitherSlotsNorHandshakes() {
        int slots = pair.hub.lane(0).slots.free();
        List<PrivateKey> offline = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            PrivateKey key = PrivateKey.generate(new Random(1000 + i)::nextBytes);
            offline.add(key);
            pair.hub.peer(key.publicKey(), 9, null, null, InnerPacket.prefix4(100 + i, 32));
        }
        String payload = "x".repeat(1300);
        for (int round = 0; round < 40; round++) {
            for (int i = 0; i < offline.size(); i++) {
                pair.hub.host(0, InnerPacket.ipv4(HUB, 100 + i, payload));
            }
        }
        pair.hub.takeSent();
        assertThat(pair.hub.drops(DropReason.STAGED_MEMORY))
                .as("the cap is reached")
                .isPositive();
        assertThat(pair.hub.state.stagedBudget.reservedBytes()).isBetween(1L << 19, 1L << 20);
        assertThat(pair.hub.lane(0).slots.free()).isEqualTo(slots);
        pair.up("gets in");
        pair.down("gets out");
        assertThat(pair.hub.delivered()).containsExactly("gets in");
        assertThat(pair.spoke.delivered()).containsExactly("gets out");
        offline.forEach(PrivateKey::close);
    }

    /// What was staged goes out under the new key with counters from zero, each once.
    @Test
    void theyTakeCountersInOrder() {
        stageAtSpoke(10);
        pair.network.takeSeen();
        pair.network.lost = datagram -> false;
        pair.network.pass(6 * S);
        List<Integer> counters = new ArrayList<>();
        for (Datagram datagram : pair.network.takeSeen()) {
            if (datagram.type() == 4 && datagram.from() == SPOKE) {
                counters.add((int) datagram.bytes()[8]);
            }
        }
        assertThat(counters)
                .containsExactlyElementsOf(IntStream.range(0, 10).boxed().toList());
        assertThat(current(pair.atSpoke()).sendCounter()).isEqualTo(10);
    }
}
