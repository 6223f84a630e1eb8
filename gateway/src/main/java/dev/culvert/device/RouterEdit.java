package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// Changes to the routing tables that are published together. Of the control plane, under the configuration lock;
/// the tables themselves are immutable and share what did not change.
@AnyThread
final class RouterEdit {
    private AllowedIps<Peer> ipv4;
    private AllowedIps<Peer> ipv6;
    private boolean changed;

    RouterEdit(CryptokeyRouter from) {
        ipv4 = from.ipv4;
        ipv6 = from.ipv6;
    }

    /// @return the peer that loses the prefix, null if none does
    @SuppressWarnings("ReferenceEquality") // a peer is one object for its whole life
    @Nullable
    Peer insert(AllowedIp prefix, Peer peer) {
        AllowedIps<Peer> table = prefix.ipv6() ? ipv6 : ipv4;
        Peer before = table.exact(prefix.hi(), prefix.lo(), prefix.length());
        if (before == peer) {
            return null;
        }
        replace(prefix.ipv6(), table.with(prefix.hi(), prefix.lo(), prefix.length(), peer));
        return before;
    }

    void remove(AllowedIp prefix, Peer peer) {
        AllowedIps<Peer> table = prefix.ipv6() ? ipv6 : ipv4;
        replace(prefix.ipv6(), table.without(prefix.hi(), prefix.lo(), prefix.length(), peer));
    }

    private void replace(boolean isIpv6, AllowedIps<Peer> table) {
        if (isIpv6) {
            ipv6 = table;
        } else {
            ipv4 = table;
        }
        changed = true;
    }

    /// One volatile write, if anything changed since the last one.
    void publish(DeviceState state) {
        if (changed) {
            state.router = new CryptokeyRouter(ipv4, ipv6);
            changed = false;
        }
    }
}
