package dev.culvert.device;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.noise.Keypair;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A hub (host 1) that learns its spoke's address, a spoke (host 2) that knows the hub's, one clock, and the
/// network between them. For tests that look at one datagram at a time.
@LaneConfined
final class HubAndSpoke implements AutoCloseable {
    static final long MS = 1_000_000L;
    static final long S = 1_000 * MS;
    static final int HUB = 1;
    static final int SPOKE = 2;

    /// What the wheel adds to a deadline at most.
    static final long TICK_NS = 1L << TimerWheel.TICK_SHIFT;

    final ManualClock clock = new ManualClock();
    final TestDevice hub;
    final TestDevice spoke;
    final TestNetwork network;

    HubAndSpoke() {
        this(1, 11);
    }

    HubAndSpoke(int hubLanes, long seed) {
        this(hubLanes, seed, PresharedKey.NONE);
    }

    HubAndSpoke(int hubLanes, long seed, PresharedKey psk) {
        hub = new TestDevice(HUB, hubLanes, clock, seed);
        spoke = new TestDevice(SPOKE, 1, clock, seed + 1_000_000);
        network = new TestNetwork(clock, hub, spoke);
        pair(psk);
    }

    HubAndSpoke(Random hubRandom, Random spokeRandom) {
        hub = new TestDevice(HUB, 1, clock, hubRandom, PrivateKey.generate(new Random(1)::nextBytes));
        spoke = new TestDevice(SPOKE, 1, clock, spokeRandom, PrivateKey.generate(new Random(2)::nextBytes));
        network = new TestNetwork(clock, hub, spoke);
        pair(PresharedKey.NONE);
    }

    private void pair(PresharedKey psk) {
        spoke.peer(hub, true, psk, InnerPacket.prefix4(0, 24));
        hub.peer(spoke, false, psk, InnerPacket.prefix4(SPOKE, 32));
    }

    long now() {
        return clock.bootNs();
    }

    /// The hub's state of the spoke.
    LanePeer atHub() {
        return hub.lanePeer(spoke);
    }

    /// The spoke's state of the hub.
    LanePeer atSpoke() {
        return spoke.lanePeer(hub);
    }

    /// A packet from the spoke's host to the hub's, and all that follows at once.
    void up(String payload) {
        spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, payload));
        network.settle();
    }

    void down(String payload) {
        hub.host(0, InnerPacket.ipv4(HUB, SPOKE, payload));
        network.settle();
    }

    /// Both have a session, the spoke as its initiator; both have sent and received; no passive keepalive is owed.
    void connect() {
        up("hello");
        down("hello");
        network.pass(11 * S);
        network.takeSeen();
    }

    /// What the spoke's host sends, sealed and under way: not delivered.
    List<Datagram> sealedUp(String payload) {
        spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, payload));
        return spoke.takeSent();
    }

    List<Datagram> sealedDown(String payload) {
        hub.host(0, InnerPacket.ipv4(HUB, SPOKE, payload));
        return hub.takeSent();
    }

    /// An initiation that `from` makes now, not delivered. It must not have made one in the last 5 s.
    static Datagram initiation(TestDevice from, TestDevice to) {
        wanted(from, from.lanePeer(to), true);
        return from.takeSent().stream()
                .filter(datagram -> datagram.type() == 1)
                .findFirst()
                .orElseThrow();
    }

    /// Somebody wants an initiation.
    static void wanted(TestDevice device, LanePeer peer, boolean isRetry) {
        peer.lane.command(() -> peer.lane.handshakes.initiationWanted(peer, isRetry));
        device.run();
    }

    /// The peer's wheel entry comes up: what is due goes off.
    static void expire(TestDevice device, LanePeer peer) {
        peer.lane.command(() -> {
            peer.lane.wheel.disarm(peer);
            peer.lane.timers.expired(peer);
        });
        device.run();
    }

    static Keypair current(LanePeer peer) {
        return present(peer.keypairs.current());
    }

    static <T> T present(@Nullable T value) {
        if (value == null) {
            throw new AssertionError("not there");
        }
        return value;
    }

    @Override
    public void close() {
        hub.close();
        spoke.close();
    }
}
