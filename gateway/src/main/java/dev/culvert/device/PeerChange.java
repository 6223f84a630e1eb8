package dev.culvert.device;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One peer's block of a [DeviceChange]. A null component means "leave as it is".
///
/// @param remove removes the peer; the rest is ignored
/// @param updateOnly does nothing if there is no such peer
/// @param presharedKey [PresharedKey#NONE] takes it away
/// @param endpoint a resolved address
/// @param persistentKeepaliveSeconds 0..65535, 0 switches it off
/// @param replaceAllowedIps empties the list before `allowedIps` is worked through
/// @param allowedIps in order
@Published
public record PeerChange(
        PublicKey publicKey,
        boolean remove,
        boolean updateOnly,
        @Nullable PresharedKey presharedKey,
        @Nullable InetSocketAddress endpoint,
        @Nullable Integer persistentKeepaliveSeconds,
        boolean replaceAllowedIps,
        List<AllowedIpChange> allowedIps) {
    public PeerChange {
        allowedIps = List.copyOf(allowedIps);
    }

    /// One `allowed_ip` line; `remove` is the form with a leading `-`.
    public record AllowedIpChange(AllowedIp prefix, boolean remove) {}
}
