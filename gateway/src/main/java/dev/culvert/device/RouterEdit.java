package dev.culvert.device;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes to the routing tables that are published together. Of the control plane, under the configuration
/// lock; the tables themselves are immutable and share what did not change.
@AnyThread
final class RouterEdit {
    private final AllowedIps.Edit<Peer> ipv4;
    private final AllowedIps.Edit<Peer> ipv6;
    /// What the steering must learn when the tables are published.
    private final List<AllowedIp> toSteer = new ArrayList<>();

    RouterEdit(CryptokeyRouter from) {
        ipv4 = from.ipv4.edit();
        ipv6 = from.ipv6.edit();
    }

    /// @return the peer that loses the prefix, null if none does
    @SuppressWarnings("ReferenceEquality") // a peer is one object for its whole life
    @Nullable
    Peer insert(AllowedIp prefix, Peer peer) {
        AllowedIps.Edit<Peer> table = table(prefix);
        Peer before = table.exact(prefix.hi(), prefix.lo(), prefix.length());
        if (before == peer) {
            return null;
        }
        table.insert(prefix.hi(), prefix.lo(), prefix.length(), peer);
        if (peer.lanePeer != null || before != null && before.lanePeer != null) {
            toSteer.add(prefix);
        }
        return before;
    }

    void remove(AllowedIp prefix, Peer peer) {
        table(prefix).remove(prefix.hi(), prefix.lo(), prefix.length(), peer);
        if (peer.lanePeer != null) {
            toSteer.add(prefix);
        }
    }

    private AllowedIps.Edit<Peer> table(AllowedIp prefix) {
        return prefix.ipv6() ? ipv6 : ipv4;
    }

    /// One volatile write, if anything changed since the last one.
    void publish(DeviceState state) {
        CryptokeyRouter before = state.router;
        AllowedIps<Peer> nextIpv4 = ipv4.table();
        AllowedIps<Peer> nextIpv6 = ipv6.table();
        if (nextIpv4 != before.ipv4 || nextIpv6 != before.ipv6) {
            state.router = new CryptokeyRouter(nextIpv4, nextIpv6);
        }
        state.steering.update(toSteer);
        toSteer.clear();
    }
}
