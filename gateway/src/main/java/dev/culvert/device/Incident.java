package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Something that kept a peer from being connected, as often as it happened in a row.
///
/// @param firstWallNs nanoseconds since 1970
/// @param count of those that were noted; what a flood brings beyond its allowance is only counted as drops
/// @param source the outer address it came from, or was sent to
/// @param key the peer's, or the one that the sender claims to have
/// @param detail figures and addresses, empty if there are none; of the last one
@Published
public record Incident(
        Cause cause,
        long firstWallNs,
        long lastWallNs,
        long count,
        @Nullable InetSocketAddress source,
        @Nullable PublicKey key,
        String detail) {
    /// The same again.
    Incident again(Incident later) {
        return new Incident(cause, firstWallNs, later.lastWallNs, count + 1, later.source, later.key, later.detail);
    }
}
