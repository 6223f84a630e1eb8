package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// Cryptokey routing (paper section 2): one longest-prefix table a family, for the whole device. Immutable; the
/// control plane publishes the next one by one volatile write, so a reader never sees a prefix missing while it
/// moves.
@Published
final class CryptokeyRouter {
    static final CryptokeyRouter EMPTY = new CryptokeyRouter(AllowedIps.empty(), AllowedIps.empty());

    final AllowedIps<Peer> ipv4;
    final AllowedIps<Peer> ipv6;

    CryptokeyRouter(AllowedIps<Peer> ipv4, AllowedIps<Peer> ipv6) {
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
    }

    @Nullable
    Peer peerFor(boolean isIpv6, long hi, long lo) {
        return isIpv6 ? ipv6.lookup(hi, lo, 128) : ipv4.lookup(hi, lo, 32);
    }

    AllowedIps<Peer> table(boolean isIpv6) {
        return isIpv6 ? ipv6 : ipv4;
    }
}
