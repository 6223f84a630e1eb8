package dev.culvert.device;

import dev.culvert.crypto.PrivateKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one `set` asks for: applied whole or not at all. A null component means "leave as it is".
///
/// @param privateKey the new identity; the device takes a copy, the caller closes this one
/// @param removePrivateKey takes the identity away (`private_key` of zeros)
/// @param listenPort 0 lets the system choose
/// @param fwmark 0 switches the mark off
/// @param replacePeers removes all peers first
/// @param peers in the order of the request; one key may come twice
@Published
public record DeviceChange(
        @Nullable PrivateKey privateKey,
        boolean removePrivateKey,
        @Nullable Integer listenPort,
        @Nullable Integer fwmark,
        boolean replacePeers,
        List<PeerChange> peers) {
    public DeviceChange {
        peers = List.copyOf(peers);
    }

    /// A change of peers only.
    public static DeviceChange ofPeers(List<PeerChange> peers) {
        return new DeviceChange(null, false, null, null, false, peers);
    }
}
