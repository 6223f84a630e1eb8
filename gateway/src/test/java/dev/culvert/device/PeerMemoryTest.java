package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static dev.culvert.device.HubAndSpoke.initiation;
import static dev.culvert.device.HubAndSpoke.present;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a hub remembers of its spokes across a restart, and what it does with it (architecture, decision 12).
@LaneConfined
final class PeerMemoryTest {
    private static final InetSocketAddress SPOKE_ADDRESS =
            new Endpoint(false, Datagram.hi(SPOKE), 0, TestDevice.PORT, 0, 0, 0, 0).toSocketAddress();

    private final HubAndSpoke pair = new HubAndSpoke();
    private final List<TestDevice> restarted = new ArrayList<>();

    PeerMemoryTest() {
        pair.hub.state.memory.begin(List.of());
    }

    @AfterEach
    void closes() {
        restarted.forEach(TestDevice::close);
        pair.close();
    }

    private @Nullable RememberedPeer change() throws InterruptedException {
        return pair.hub.state.memory.awaitChange(0);
    }

    private List<RememberedPeer> all() {
        return pair.hub.state.memory.all(pair.hub.state.peers.all());
    }

    /// The hub's program was killed and runs again, with what it remembered; no peer is configured yet.
    private TestDevice restart(List<RememberedPeer> remembered) {
        Identity identity = present(pair.hub.state.identity);
        TestDevice again = new TestDevice(
                HUB, 1, pair.clock, new Random(77), identity.keys().privateKey().copy());
        again.state.memory.begin(remembered);
        restarted.add(again);
        return again;
    }

    private void configureSpoke(TestDevice hub) {
        hub.peer(pair.spoke, false, PresharedKey.NONE, InnerPacket.prefix4(SPOKE, 32));
    }

    // What is told to a journal.

    @Test
    void tellsOfAHandshakeOnceWhateverHappensUntilItIsAsked() throws InterruptedException {
        assertThat(change()).isNull();
        pair.connect();
        RememberedPeer told = present(change());
        assertThat(told.publicKey()).isEqualTo(pair.spoke.publicKey());
        assertThat(told.endpoint()).isEqualTo(SPOKE_ADDRESS);
        assertThat(told.stampSeconds())
                .isEqualTo(present(pair.atHub().peer.greatestTimestamp).seconds());
        assertThat(told.stampNanoseconds())
                .isEqualTo(present(pair.atHub().peer.greatestTimestamp).nanoseconds());
        assertThat(told.lastHandshakeWallNs())
                .isEqualTo(pair.atHub().lastHandshakeWallNs)
                .isPositive();
        assertThat(told.removed()).isFalse();
        assertThat(change()).isNull();
        pair.up("data changes nothing");
        assertThat(change()).isNull();
        assertThat(all()).containsExactly(told);
    }

    @Test
    void tellsOfRoaming() throws InterruptedException {
        pair.connect();
        change();
        pair.hub.receive(0, pair.sealedUp("from elsewhere").getFirst().withSource(99, 7));
        assertThat(present(change()).endpoint())
                .isEqualTo(new Endpoint(false, Datagram.hi(99), 0, 7, 0, 0, 0, 0).toSocketAddress());
    }

    @Test
    void tellsOfRemoval() throws InterruptedException {
        pair.connect();
        pair.hub.removePeer(pair.spoke.publicKey());
        assertThat(change()).isEqualTo(RememberedPeer.removed(pair.spoke.publicKey()));
        assertThat(all()).isEmpty();
    }

    @Test
    void notesNothingWithoutAJournal() throws InterruptedException {
        try (HubAndSpoke other = new HubAndSpoke()) {
            other.connect();
            assertThat(other.hub.state.memory.awaitChange(0)).isNull();
        }
    }

    // What a restarted hub does.

    @Test
    void refusesAReplayFromBeforeTheRestart() {
        pair.connect();
        pair.clock.advance(6 * S);
        Datagram old = initiation(pair.spoke, pair.hub);
        pair.hub.receive(0, old);
        List<RememberedPeer> remembered = all();
        TestDevice forgetful = restart(List.of());
        configureSpoke(forgetful);
        forgetful.receive(0, old);
        assertThat(forgetful.takeSent()).as("what the journal is for").isNotEmpty();

        TestDevice hub = restart(remembered);
        configureSpoke(hub);
        hub.takeSent();
        hub.receive(0, old.withSource(99, 7));
        assertThat(hub.takeSent()).isEmpty();
        assertThat(hub.drops(DropReason.STALE_TIMESTAMP)).isEqualTo(1);
        assertThat(present(hub.lanePeer(pair.spoke).endpoint).toSocketAddress()).isEqualTo(SPOKE_ADDRESS);

        pair.clock.advance(6 * S);
        hub.receive(0, initiation(pair.spoke, pair.hub));
        assertThat(hub.takeSent()).extracting(Datagram::type).contains(2);
    }

    @Test
    void greetsWhoHadASessionAndReachesThemAtOnce() {
        pair.connect();
        TestDevice hub = restart(all());
        configureSpoke(hub);
        TestNetwork network = new TestNetwork(pair.clock, hub, pair.spoke);
        network.settle();
        assertThat(hub.lanePeer(pair.spoke).keypairs.current()).isNotNull();
        hub.host(0, InnerPacket.ipv4(HUB, SPOKE, "at once"));
        network.settle();
        assertThat(pair.spoke.delivered()).contains("at once");
    }

    @Test
    void greetsWhenTheLinkComesUp() {
        pair.connect();
        TestDevice hub = restart(all());
        hub.linkDown();
        configureSpoke(hub);
        assertThat(hub.takeSent()).isEmpty();
        hub.linkUp();
        assertThat(hub.takeSent()).extracting(Datagram::type).containsExactly(1);
    }

    @Test
    void triesThreeTimesAndThenLeavesAPeerAlone() {
        pair.connect();
        TestDevice hub = restart(all());
        configureSpoke(hub);
        TestNetwork nobodyAnswers = new TestNetwork(pair.clock, hub);
        nobodyAnswers.pass(300 * S);
        assertThat(nobodyAnswers.seen).extracting(Datagram::type).containsExactly(1, 1, 1);
    }

    @Test
    void doesNotGreetWhoseSessionWasDead() {
        RememberedPeer dead = remembered(pair.spoke.publicKey(), 1000 * S);
        RememberedPeer alive = remembered(PublicKey.fromBytes(new byte[32]), 1181 * S);
        TestDevice hub = restart(List.of(dead, alive));
        configureSpoke(hub);
        assertThat(hub.takeSent()).isEmpty();
        TestDevice other = restart(List.of(dead, remembered(PublicKey.fromBytes(new byte[32]), 1180 * S)));
        configureSpoke(other);
        assertThat(other.takeSent()).hasSize(1);
    }

    private static RememberedPeer remembered(PublicKey key, long handshakeWallNs) {
        return new RememberedPeer(key, SPOKE_ADDRESS, 5, 6, handshakeWallNs, false);
    }

    @Test
    void aConfiguredEndpointGoesBeforeARememberedOne() {
        pair.connect();
        TestDevice hub = restart(all());
        hub.peer(pair.spoke.publicKey(), 88, PresharedKey.NONE, null, InnerPacket.prefix4(SPOKE, 32));
        assertThat(hub.takeSent()).extracting(Datagram::to).containsOnly(88);
    }

    /// The way to let a peer in again whose clock was once far ahead.
    @Test
    void aPeerRemovedAndAddedAgainIsNew() {
        pair.connect();
        TestDevice hub = restart(all());
        configureSpoke(hub);
        hub.removePeer(pair.spoke.publicKey());
        configureSpoke(hub);
        Peer peer = present(hub.state.peers.find(pair.spoke.publicKey()));
        assertThat(peer.greatestTimestamp).isNull();
        assertThat(peer.configuredEndpoint).isNull();
    }

    @Test
    void keepsWhatItKnowsOfPeersThatAreNotConfiguredYetOrNotHeardOf() {
        RememberedPeer absent = remembered(PublicKey.fromBytes(new byte[32]), 3 * S);
        pair.connect();
        List<RememberedPeer> before = all();
        TestDevice hub = restart(List.of(absent, before.getFirst()));
        configureSpoke(hub);
        assertThat(hub.state.memory.all(hub.state.peers.all())).containsExactly(absent, before.getFirst());
    }
}
