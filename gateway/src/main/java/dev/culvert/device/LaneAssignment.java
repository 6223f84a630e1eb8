package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// The one seam that gives a peer its home lane: the least loaded at its first use (architecture, decision 1).
///
/// Any thread may ask; the peer's monitor makes the choice final and orders it with changes of its configuration.
@AnyThread
final class LaneAssignment {
    private final DeviceState device;

    LaneAssignment(DeviceState device) {
        this.device = device;
    }

    /// The peer's lane state, made now if there was none.
    ///
    /// @return null if the peer has been removed
    @Nullable
    LanePeer home(Peer peer) {
        LanePeer assigned = peer.lanePeer;
        return assigned != null ? assigned : assign(peer);
    }

    private @Nullable LanePeer assign(Peer peer) {
        synchronized (peer) {
            LanePeer assigned = peer.lanePeer;
            if (assigned != null || peer.removed) {
                return assigned;
            }
            Lane lane = leastLoaded();
            lane.homePeers.incrementAndGet();
            assigned = new LanePeer(peer, lane, device.stagedBudget);
            peer.lanePeer = assigned;
            device.steering.homed(peer);
            return assigned;
        }
    }

    private Lane leastLoaded() {
        Lane[] lanes = device.lanes();
        Lane best = lanes[0];
        for (Lane lane : lanes) {
            if (lane.homePeers.get() < best.homePeers.get()) {
                best = lane;
            }
        }
        return best;
    }
}
