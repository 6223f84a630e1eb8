package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.MS;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The timers cost nothing for an idle peer and nothing for each packet: counted, not timed.
@LaneConfined
final class IdlePeersTest {
    private static final int PEERS = 100_000;

    private final HubAndSpoke pair = new HubAndSpoke();

    @AfterEach
    void closes() {
        pair.close();
    }

    private List<Peer> hundredThousandPeers() {
        Random random = new Random(5);
        List<PeerChange> blocks = new ArrayList<>(PEERS);
        for (int i = 0; i < PEERS; i++) {
            byte[] key = new byte[PublicKey.BYTES];
            random.nextBytes(key);
            blocks.add(new PeerChange(PublicKey.fromBytes(key), false, false, null, null, null, false, List.of()));
        }
        pair.hub.peers.apply(DeviceChange.ofPeers(blocks));
        pair.hub.run();
        List<Peer> peers = new ArrayList<>(PEERS);
        for (PeerChange block : blocks) {
            peers.add(HubAndSpoke.present(pair.hub.state.peers.find(block.publicKey())));
        }
        return peers;
    }

    /// Runs what is due at the hub, counting the peers that the wheel hands over.
    private int turn() {
        Lane lane = pair.hub.lane(0);
        int[] handed = {0};
        lane.beginTurn();
        lane.wheel.expire(lane.nowNs, Integer.MAX_VALUE, entry -> {
            handed[0]++;
            lane.timers.expired(entry);
        });
        lane.endTurn();
        pair.hub.run();
        return handed[0];
    }

    @Test
    void peersThatWereNeverUsedHaveNoStateOnAnyLane() {
        assertThat(hundredThousandPeers()).hasSize(PEERS).allMatch(peer -> peer.lanePeer == null);
        assertThat(pair.hub.nextAlarmNs()).isEqualTo(LanePeer.NEVER);
        pair.clock.advance(3600 * S);
        assertThat(turn()).isZero();
    }

    @Test
    void idlePeersHaveNoDeadlineNoWakeUpAndNoWorkInATurn() {
        Lane lane = pair.hub.lane(0);
        for (Peer peer : hundredThousandPeers()) {
            LanePeer home = HubAndSpoke.present(pair.hub.state.assignment.home(peer));
            assertThat(lane.wheel.armed(home)).isFalse();
        }
        assertThat(lane.wheel.nextWakeUpNs()).isEqualTo(LanePeer.NEVER);
        assertThat(pair.hub.nextAlarmNs()).isEqualTo(LanePeer.NEVER);

        // One peer of all these talks for ten minutes: the wheel hands over that one only.
        int handed = 0;
        for (int second = 0; second < 600; second++) {
            pair.up("n" + second);
            pair.down("m" + second);
            pair.clock.advance(S);
            handed += turn();
            pair.spoke.alarmsDue();
        }
        assertThat(handed).isLessThan(600 / 8);
        assertThat(pair.hub.delivered()).hasSize(600);
        pair.network.pass(1000 * S);
        assertThat(turn()).isZero();
        assertThat(pair.hub.nextAlarmNs()).as("the talker is idle again").isEqualTo(LanePeer.NEVER);
    }

    /// An armed entry that is moved to another deadline shows it; a packet does not move it.
    @Test
    void packetsDoNotTouchTheWheel() {
        pair.connect();
        LanePeer[] peers = {pair.atHub(), pair.atSpoke()};
        pair.hub.peer(pair.spoke.publicKey(), 0, null, 25, InnerPacket.prefix4(SPOKE, 32));
        pair.network.settle();
        int operations = 0;
        int packets = 0;
        for (int ms = 0; ms < 20_000; ms++) {
            for (int way = 0; way < 2; way++) {
                long hubBefore = entry(peers[0]);
                long spokeBefore = entry(peers[1]);
                if (way == 0) {
                    pair.sealedUp("x").forEach(pair.network::deliver);
                } else {
                    pair.sealedDown("y").forEach(pair.network::deliver);
                }
                packets++;
                operations += (entry(peers[0]) != hubBefore ? 1 : 0) + (entry(peers[1]) != spokeBefore ? 1 : 0);
                pair.spoke.tun.getFirst().written.clear();
                pair.hub.tun.getFirst().written.clear();
            }
            pair.clock.advance(MS);
            pair.hub.alarmsDue();
            pair.spoke.alarmsDue();
        }
        assertThat(packets).isEqualTo(40_000);
        assertThat(operations).as("arms by packets").isLessThanOrEqualTo(8);
        assertThat(pair.hub.takeSent()).isEmpty();
        assertThat(HUB).isEqualTo(pair.hub.host);
    }

    private static long entry(LanePeer peer) {
        return peer.lane.wheel.armed(peer) ? peer.armedDeadlineNs() : LanePeer.NEVER;
    }
}
