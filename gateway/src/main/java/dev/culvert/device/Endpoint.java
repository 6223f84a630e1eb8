package dev.culvert.device;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/// Where a peer's datagrams go, and from which of our addresses: an outer address and port, and the local
/// address and interface on which the peer's last authenticated datagram came ("sticky" source, conformance
/// 1.13).
///
/// A new object is made only when something changed, so that a reader of any thread sees one consistent
/// endpoint.
@Published
final class Endpoint {
    final boolean ipv6;
    final long hi;
    final long lo;
    final int port;
    /// The zone of a link-local IPv6 address as an interface index, else 0.
    final int scope;

    final long localHi;
    final long localLo;
    /// 0 if the source address is left to the kernel's routing.
    final int localInterface;

    Endpoint(boolean ipv6, long hi, long lo, int port, int scope, long localHi, long localLo, int localInterface) {
        this.ipv6 = ipv6;
        this.hi = hi;
        this.lo = lo;
        this.port = port;
        this.scope = scope;
        this.localHi = localHi;
        this.localLo = localLo;
        this.localInterface = localInterface;
    }

    /// @param address resolved
    static Endpoint of(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        AllowedIp bits = AllowedIp.of(host.getAddress(), host.getAddress().length * 8);
        int scope = host instanceof Inet6Address v6 ? v6.getScopeId() : 0;
        return new Endpoint(bits.ipv6(), bits.hi(), bits.lo(), address.getPort(), scope, 0, 0, 0);
    }

    /// The source of unit `unit` of a received batch.
    static Endpoint ofUnit(PacketBatch batch, int unit) {
        return new Endpoint(
                batch.unitIpv6[unit],
                batch.unitSourceHi[unit],
                batch.unitSourceLo[unit],
                batch.unitSourcePort[unit],
                batch.unitSourceScope[unit],
                batch.unitLocalHi[unit],
                batch.unitLocalLo[unit],
                batch.unitLocalInterface[unit]);
    }

    /// True if unit `unit` came from here, to the same address of ours.
    boolean isSourceOf(PacketBatch batch, int unit) {
        return batch.unitSourceLo[unit] == lo
                && batch.unitSourceHi[unit] == hi
                && batch.unitSourcePort[unit] == port
                && batch.unitIpv6[unit] == ipv6
                && batch.unitLocalHi[unit] == localHi
                && batch.unitLocalLo[unit] == localLo
                && batch.unitLocalInterface[unit] == localInterface
                && batch.unitSourceScope[unit] == scope;
    }

    /// True if both are the same address and port of the peer, whichever of ours is used.
    boolean isSameAs(Endpoint other) {
        return lo == other.lo && hi == other.hi && port == other.port && ipv6 == other.ipv6 && scope == other.scope;
    }

    Endpoint withoutSource() {
        return localInterface == 0 && localHi == 0 && localLo == 0
                ? this
                : new Endpoint(ipv6, hi, lo, port, scope, 0, 0, 0);
    }

    InetSocketAddress toSocketAddress() {
        InetAddress host = new AllowedIp(ipv6, hi, lo, ipv6 ? 128 : 32).address();
        if (scope != 0) {
            try {
                host = Inet6Address.getByAddress(null, host.getAddress(), scope);
            } catch (UnknownHostException e) {
                throw new AssertionError(e); // 16 bytes are always an IPv6 address
            }
        }
        return new InetSocketAddress(host, port);
    }
}
