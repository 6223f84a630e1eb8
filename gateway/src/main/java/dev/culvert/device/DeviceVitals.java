package dev.culvert.device;

import java.util.List;

/// What a device is at, taken without waiting for a lane.
///
/// @param up the link is up and the sockets are open
/// @param handshakesWaiting initiations from the network that no worker has begun with
/// @param underLoad cookies are required
/// @param stagedBytes of packets that wait for handshakes
/// @param homePeers how many peers each lane has
/// @param laneThreads the thread of each lane, 0 until it runs
@Published
public record DeviceVitals(
        boolean up,
        boolean draining,
        int handshakesWaiting,
        boolean underLoad,
        long stagedBytes,
        List<Integer> homePeers,
        List<Long> laneThreads) {
    public DeviceVitals {
        homePeers = List.copyOf(homePeers);
        laneThreads = List.copyOf(laneThreads);
    }
}
