package dev.culvert.conf;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.DeviceChange;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.PeerChange;
import dev.culvert.device.PeerStatus;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a file asks of the device. Called with the endpoints already resolved; changes nothing itself.
public final class ConfChange {
    private ConfChange() {}

    /// As `wg setconf` does (conformance 2.3): what the file does not have is set to nothing, and all peers are
    /// replaced.
    ///
    /// @param endpoints the answer of [EndpointResolver#resolve] for this file
    public static DeviceChange toChange(WgQuickFile file, Map<EndpointText, InetSocketAddress> endpoints) {
        List<PeerChange> peers = new ArrayList<>(file.peers().size());
        for (WgQuickFile.Peer peer : file.peers()) {
            peers.add(new PeerChange(
                    peer.publicKey(),
                    false,
                    false,
                    peer.presharedKey(),
                    resolved(peer, endpoints),
                    peer.persistentKeepaliveSeconds(),
                    peer.replacesAllowedIps(),
                    peer.allowedIps()));
        }
        WgQuickFile.Interface device = file.device();
        return new DeviceChange(
                device.privateKey(),
                device.privateKey() == null,
                orZero(device.listenPort()),
                orZero(device.fwmark()),
                true,
                peers);
    }

    /// As `wg syncconf` does, but kinder to what runs: peers that stay keep their sessions, a peer that has roamed
    /// keeps its endpoint unless the file's has changed, and the port and the mark stay where the file has none (a
    /// default route's mark is chosen at set-up).
    ///
    /// @param before the file as it was applied last
    /// @param status the device as it stands
    public static DeviceChange toSync(
            WgQuickFile file, WgQuickFile before, DeviceStatus status, Map<EndpointText, InetSocketAddress> endpoints) {
        Set<PublicKey> wanted = new HashSet<>();
        for (WgQuickFile.Peer peer : file.peers()) {
            wanted.add(peer.publicKey());
        }
        Set<PublicKey> standing = new HashSet<>();
        List<PeerChange> peers = new ArrayList<>();
        for (PeerStatus peer : status.peers()) {
            standing.add(peer.publicKey());
            if (!wanted.contains(peer.publicKey())) {
                peers.add(new PeerChange(peer.publicKey(), true, false, null, null, null, false, List.of()));
            }
        }
        Map<PublicKey, EndpointText> endpointsBefore = new HashMap<>();
        for (WgQuickFile.Peer peer : before.peers()) {
            if (peer.endpoint() != null) {
                endpointsBefore.put(peer.publicKey(), peer.endpoint());
            }
        }
        for (WgQuickFile.Peer peer : file.peers()) {
            boolean keepsEndpoint = peer.endpoint() != null
                    && standing.contains(peer.publicKey())
                    && peer.endpoint().equals(endpointsBefore.get(peer.publicKey()));
            peers.add(new PeerChange(
                    peer.publicKey(),
                    false,
                    false,
                    peer.presharedKey() == null ? PresharedKey.NONE : peer.presharedKey(),
                    keepsEndpoint ? null : resolved(peer, endpoints),
                    orZero(peer.persistentKeepaliveSeconds()),
                    peer.replacesAllowedIps(),
                    peer.allowedIps()));
        }
        WgQuickFile.Interface device = file.device();
        return new DeviceChange(
                device.privateKey(), device.privateKey() == null, device.listenPort(), device.fwmark(), false, peers);
    }

    private static int orZero(@Nullable Integer value) {
        return value == null ? 0 : value;
    }

    private static @Nullable InetSocketAddress resolved(
            WgQuickFile.Peer peer, Map<EndpointText, InetSocketAddress> endpoints) {
        if (peer.endpoint() == null) {
            return null;
        }
        InetSocketAddress address = endpoints.get(peer.endpoint());
        if (address == null) {
            throw new IllegalArgumentException("the endpoint of line " + peer.line() + " ff. is not resolved");
        }
        return address;
    }
}
