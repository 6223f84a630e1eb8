package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.RandomSource;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What all lanes of a device share. Every field is either final and safe for any thread, or a volatile
/// reference that the control plane replaces as a whole.
@AnyThread
final class DeviceState {
    static final int DEFAULT_MTU = 1420;

    final DeviceClock clock;
    final RandomSource random;
    final PeerTable peers = new PeerTable();
    final LaneAssignment assignment = new LaneAssignment(this);
    final HandshakeLoad load;
    final StagedBudget stagedBudget;
    final HandshakeQueue handshakes;
    /// In use; those of UDP only where the sockets have them.
    final Offloads offloads;
    final Forwarding forwarding;

    /// Of the control plane.
    final LaneCounters counters = new LaneCounters();

    final LaneSteering steering = new LaneSteering(this);
    final PeerMemory memory = new PeerMemory();
    final EventLog events;
    final IncidentLog incidents;
    final LimitedLog staleTimestampLog = new LimitedLog();
    final LimitedLog sendErrorLog = new LimitedLog();

    volatile @Nullable Identity identity;
    volatile CryptokeyRouter router = CryptokeyRouter.EMPTY;
    volatile int mtu = DEFAULT_MTU;
    /// Null while they are not known, or nobody needs them.
    volatile @Nullable LocalAddresses localAddresses;
    /// What operators call peers.
    volatile Map<PublicKey, PeerLabel> labels = Map.of();
    /// The link is up and the sockets are open.
    volatile boolean up;
    /// No new peers: sessions that stand go on.
    volatile boolean draining;

    private Lane[] lanes = new Lane[0];

    DeviceState(
            DeviceClock clock,
            RandomSource random,
            HandshakeQueue handshakes,
            HandshakeLoad load,
            StagedBudget stagedBudget,
            Offloads offloads,
            Forwarding forwarding) {
        this.clock = clock;
        events = new EventLog(clock);
        events.names(key -> labels.getOrDefault(key, PeerLabel.NONE).name());
        incidents = new IncidentLog(clock, events);
        this.random = random;
        this.handshakes = handshakes;
        this.load = load;
        this.stagedBudget = stagedBudget;
        this.offloads = offloads;
        this.forwarding = forwarding;
        load.tell(events::load);
        events.loadCheck(() -> {
            boolean _ = load.isUnderLoad(clock.bootNs());
        });
    }

    /// Set once, before any lane runs.
    void lanes(Lane[] all) {
        lanes = all.clone();
    }

    Lane[] lanes() {
        return lanes;
    }

    /// For seeds: eight bytes of the device's randomness.
    static long randomLong(RandomSource random) {
        byte[] bytes = new byte[Long.BYTES];
        random.fill(bytes);
        return ByteBuffer.wrap(bytes).getLong();
    }

    /// The lane that owns a session index of ours (architecture, decision 2).
    static int laneOf(int index, int lanes) {
        return (index & 0xff) % lanes;
    }
}
