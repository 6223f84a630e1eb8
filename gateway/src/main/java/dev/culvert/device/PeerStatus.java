package dev.culvert.device;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A peer as `wg show` prints it.
///
/// @param lastHandshakeWallNs nanoseconds since 1970, 0 for never
/// @param txBytes unsigned; UDP payload bytes sent, handshakes included
/// @param rxBytes unsigned; UDP payload bytes accepted
/// @param allowedIps in order of insertion
@Published
public record PeerStatus(
        PublicKey publicKey,
        PresharedKey presharedKey,
        @Nullable InetSocketAddress endpoint,
        long lastHandshakeWallNs,
        long txBytes,
        long rxBytes,
        int persistentKeepaliveSeconds,
        List<AllowedIp> allowedIps) {}
