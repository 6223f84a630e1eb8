package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.current;
import static dev.culvert.device.HubAndSpoke.initiation;
import static dev.culvert.device.HubAndSpoke.present;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.noise.Keypair;
import dev.culvert.wire.HandshakeInitiation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Session indices (conformance 1.5, "Indices"): random, unique over outstanding handshakes and keypairs together,
/// gone the moment what they stand for is replaced. The hub's source of randomness repeats itself here.
@LaneConfined
final class SessionIndicesTest {
    private final ManualClock clock = new ManualClock();
    private final ScriptedRandom random = new ScriptedRandom();
    private final TestDevice hub = new TestDevice(HUB, 1, clock, random, PrivateKey.generate(new Random(1)::nextBytes));
    private final List<TestDevice> spokes = new ArrayList<>();
    private final TestNetwork network;

    SessionIndicesTest() {
        for (int host = 2; host <= 4; host++) {
            TestDevice spoke = new TestDevice(host, 1, clock, host);
            spokes.add(spoke);
            spoke.peer(hub, true, PresharedKey.NONE, InnerPacket.prefix4(0, 24));
            hub.peer(spoke, true, PresharedKey.NONE, InnerPacket.prefix4(host, 32));
        }
        network = new TestNetwork(clock, hub, spokes.get(0), spokes.get(1), spokes.get(2));
    }

    @AfterEach
    void closes() {
        hub.close();
        spokes.forEach(TestDevice::close);
    }

    /// Draws of four bytes are indices; they come from a script first, then from `indices` if there is one.
    @LaneConfined
    private static final class ScriptedRandom extends Random {
        private static final long serialVersionUID = 1;
        private final transient Queue<Integer> script = new ArrayDeque<>();
        private transient IntSupplier indices = this::nextInt;

        ScriptedRandom() {
            super(77);
        }

        @Override
        public void nextBytes(byte[] bytes) {
            if (bytes.length != Integer.BYTES) {
                super.nextBytes(bytes);
                return;
            }
            Integer scripted = script.poll();
            int index = scripted != null ? scripted : indices.getAsInt();
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (index >>> 8 * i);
            }
        }
    }

    private void talk(TestDevice spoke, String payload) {
        spoke.host(0, InnerPacket.ipv4(spoke.host, HUB, payload));
        network.settle();
    }

    private int currentIndexOf(TestDevice spoke) {
        return current(hub.lanePeer(spoke)).localIndex();
    }

    @Test
    void drawsAgainWhileTheIndexIsAnotherSessions() {
        random.script.addAll(List.of(0x11, 0x11, 0x11, 0x22, 0x22, 0x11, 0x33));
        for (TestDevice spoke : spokes) {
            talk(spoke, "from " + spoke.host);
        }
        assertThat(spokes).extracting(this::currentIndexOf).containsExactly(0x11, 0x22, 0x33);
        assertThat(random.script).isEmpty();
        for (TestDevice spoke : spokes) {
            talk(spoke, "again");
        }
        assertThat(hub.delivered()).contains("from 2", "from 3", "from 4").hasSize(6);
    }

    @Test
    void drawsAgainWhileTheIndexIsAnOutstandingHandshakes() {
        random.script.addAll(List.of(0x11, 0x11, 0x22));
        network.lost = datagram -> datagram.from() == HUB && datagram.type() == 1;
        hub.host(0, InnerPacket.ipv4(HUB, spokes.get(0).host, "waits"));
        network.settle();
        assertThat(hub.lanePeer(spokes.get(0)).initiationIndex).isEqualTo(0x11);
        talk(spokes.get(1), "x");
        assertThat(currentIndexOf(spokes.get(1))).isEqualTo(0x22);
        assertThat(random.script).isEmpty();
    }

    @Test
    void anOwnHandshakeDoesNotTakeASessionsIndexEither() {
        random.script.addAll(List.of(0x11, 0x11, 0x22));
        talk(spokes.get(1), "x");
        network.lost = datagram -> datagram.from() == HUB && datagram.type() == 1;
        hub.host(0, InnerPacket.ipv4(HUB, spokes.get(0).host, "waits"));
        network.settle();
        assertThat(currentIndexOf(spokes.get(1))).isEqualTo(0x11);
        assertThat(hub.lanePeer(spokes.get(0)).initiationIndex).isEqualTo(0x22);
    }

    /// The next owner of an index is not touched by packets for the last one.
    @Test
    void packetsForTheFormerOwnerOfAnIndexHarmNobody() {
        random.script.addAll(List.of(0x11));
        talk(spokes.get(0), "x");
        spokes.get(0).host(0, InnerPacket.ipv4(2, HUB, "late"));
        Datagram late = spokes.get(0).takeSent().getFirst();
        hub.removePeer(spokes.get(0).publicKey());
        random.script.add(0x11);
        talk(spokes.get(1), "y");
        assertThat(currentIndexOf(spokes.get(1))).isEqualTo(0x11);

        Map<String, Object> before = PeerState.all(hub.lanePeer(spokes.get(1)));
        hub.receive(0, late.withSource(66, 666));
        assertThat(hub.drops(DropReason.FORGED)).isEqualTo(1);
        assertThat(PeerState.changes(before, PeerState.all(hub.lanePeer(spokes.get(1)))))
                .isEmpty();
        assertThat(hub.delivered()).containsExactly("x", "y");
    }

    /// A response that comes for an index which now stands for another peer's handshake.
    @Test
    void aResponseForTheFormerOwnerOfAnIndexHarmsNobody() {
        random.script.addAll(List.of(0x11));
        TestDevice first = spokes.get(0);
        hub.host(0, InnerPacket.ipv4(HUB, first.host, "x"));
        first.receive(0, hub.takeSent().getFirst());
        Datagram response = first.takeSent().getFirst();
        hub.removePeer(first.publicKey());
        random.script.add(0x11);
        hub.host(0, InnerPacket.ipv4(HUB, spokes.get(1).host, "y"));
        Datagram second = hub.takeSent().getFirst();
        assertThat(hub.lanePeer(spokes.get(1)).initiationIndex).isEqualTo(0x11);

        Map<String, Object> before = PeerState.all(hub.lanePeer(spokes.get(1)));
        hub.receive(0, response);
        assertThat(hub.drops(DropReason.BAD_RESPONSE)).isEqualTo(1);
        assertThat(PeerState.changes(before, PeerState.all(hub.lanePeer(spokes.get(1)))))
                .isEmpty();
        network.deliver(second);
        network.settle();
        assertThat(spokes.get(1).delivered()).containsExactly("y");
    }

    @Test
    void theSessionInheritsTheHandshakesIndex() {
        clock.advance(S);
        TestDevice spoke = spokes.get(0);
        spoke.host(0, InnerPacket.ipv4(2, HUB, "x"));
        Datagram initiation = spoke.takeSent().getFirst();
        network.deliver(initiation);
        network.settle();
        LanePeer peer = spoke.lanePeer(hub);
        assertThat(current(peer).localIndex()).isEqualTo(HandshakeInitiation.senderIndex(initiation.bytes()));
        assertThat(spoke.lane(0).sessions.size()).isEqualTo(1);
    }

    @Test
    void anIndexGoesWhenItsSessionOrHandshakeIsReplaced() {
        TestDevice spoke = spokes.get(0);
        talk(spoke, "x");
        Set<Integer> used = new HashSet<>();
        for (int i = 0; i < 6; i++) {
            clock.advance(6 * S);
            Datagram initiation = initiation(spoke, hub);
            used.add(spoke.lanePeer(hub).initiationIndex);
            hub.receive(0, initiation);
            Datagram response = hub.takeSent().getFirst();
            if (i % 2 == 0) {
                network.deliver(response);
                network.settle();
            }
        }
        assertThat(used).hasSize(6);
        Set<Integer> alive = new HashSet<>();
        addIndices(spoke.lanePeer(hub), alive);
        assertThat(alive).hasSize(3).hasSize(spoke.lane(0).sessions.size());
        for (int index : used) {
            assertThat(spoke.lane(0).sessions.find(index) != null).isEqualTo(alive.contains(index));
        }
    }

    private static void addIndices(LanePeer peer, Set<Integer> into) {
        for (Keypair keypair : Arrays.asList(peer.keypairs.previous(), peer.keypairs.current(), peer.keypairs.next())) {
            if (keypair != null) {
                assertThat(into.add(keypair.localIndex())).as("unique").isTrue();
                IndexEntry entry = present(peer.lane.sessions.find(keypair.localIndex()));
                assertThat(entry.keypair).isSameAs(keypair);
                assertThat(entry.peer).isSameAs(peer);
            }
        }
        if (peer.initiation != null) {
            assertThat(into.add(peer.initiationIndex)).as("unique").isTrue();
            IndexEntry entry = present(peer.lane.sessions.find(peer.initiationIndex));
            assertThat(entry.initiation).isSameAs(peer.initiation);
            assertThat(entry.peer).isSameAs(peer);
        }
    }

    /// A source of only sixteen indices, so that nearly every draw collides.
    @Test
    void indicesAreUniqueOverHandshakesAndSessionsWhateverHappens() {
        Random seeded = new Random(99);
        random.indices = () -> seeded.nextInt(16) * 0x01010101;
        network.lost = datagram -> seeded.nextInt(3) == 0;
        for (int i = 0; i < 600; i++) {
            TestDevice spoke = spokes.get(seeded.nextInt(3));
            switch (seeded.nextInt(4)) {
                case 0 -> talk(spoke, "n" + i);
                case 1 -> {
                    hub.host(0, InnerPacket.ipv4(HUB, spoke.host, "m" + i));
                    network.settle();
                }
                case 2 -> {
                    clock.advance(6 * S);
                    Peer peer = present(hub.state.peers.find(spoke.publicKey()));
                    HubAndSpoke.wanted(hub, present(hub.state.assignment.home(peer)), true);
                    network.settle();
                }
                default -> network.pass(seeded.nextInt(60) * S);
            }
            Set<Integer> all = new HashSet<>();
            for (TestDevice each : spokes) {
                Peer peer = present(hub.state.peers.find(each.publicKey()));
                if (peer.lanePeer != null) {
                    addIndices(present(peer.lanePeer), all);
                }
            }
            assertThat(hub.lane(0).sessions.size()).isEqualTo(all.size()).isLessThanOrEqualTo(12);
        }
        assertThat(hub.delivered()).hasSizeGreaterThan(50);
    }
}
