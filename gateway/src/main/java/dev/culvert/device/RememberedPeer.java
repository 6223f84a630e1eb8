package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// What a hub does well to know of a peer when it starts again (architecture, decision 12). No keys but the
/// public one.
///
/// @param endpoint where its last authenticated message came from
/// @param stampSeconds the greatest timestamp of its initiations, as in TAI64N; both 0 for none
/// @param stampNanoseconds the rest of that
/// @param lastHandshakeWallNs nanoseconds since 1970, 0 for never
/// @param removed the peer is no more: what was noted of it before is void
@Published
public record RememberedPeer(
        PublicKey publicKey,
        @Nullable InetSocketAddress endpoint,
        long stampSeconds,
        int stampNanoseconds,
        long lastHandshakeWallNs,
        boolean removed) {
    public static RememberedPeer removed(PublicKey publicKey) {
        return new RememberedPeer(publicKey, null, 0, 0, 0, true);
    }
}
