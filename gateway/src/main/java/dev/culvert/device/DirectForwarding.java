package dev.culvert.device;

import dev.culvert.wire.IpForward;
import dev.culvert.wire.IpPacket;
import org.jspecify.annotations.Nullable;

/// The short cut from peer to peer (`forwarding: direct`; kernel: ip_forward, ip6_forward): a decrypted packet
/// whose
/// destination belongs to another peer is sealed for that one where it lies, and never sees the TUN, the host's
/// firewall or its routes.
///
/// Whatever needs more of a router than one step of the time to live is left to the host's kernel, which gets it
/// through the TUN as before: what is for the host itself or for nobody, what goes back to its sender, what has
/// used up its time to live, options, what is longer than the interface's MTU, multicast and link-local addresses.
///
/// Packets for a peer of another lane go there as runs: one entry of the ring for those of a GRO unit that
/// follow one another.
@LaneConfined
final class DirectForwarding {
    private final Lane lane;

    // Packets come in trains between two addresses: where the last one went, null for the host.
    private boolean decided;
    private boolean lastIpv6;
    private long lastSourceHi;
    private long lastSourceLo;
    private long lastDestinationHi;
    private long lastDestinationLo;
    private @Nullable LanePeer lastHome;

    // The run that grows.
    private @Nullable LanePeer runTo;
    private int runSlot;
    private long runAddress;
    private int runStride;
    private int runPackets;
    private int runBytes;

    DirectForwarding(Lane lane) {
        this.lane = lane;
    }

    /// A batch begins: routing tables and the host's addresses may be others.
    void begin() {
        decided = false;
    }

    /// Forwards a packet that `from` may send, or leaves it as it is.
    ///
    /// @param inner has passed [IpPacket#totalLength] in a datagram, of which header and tag are still there
    /// @return false if it is for the host
    boolean forwards(PacketBatch batch, int segment, LanePeer from, long inner, int lengthBytes) {
        if (lengthBytes > lane.device.mtu || !IpForward.isPlain(inner)) {
            return false;
        }
        LanePeer home = homeOf(inner, from);
        if (home == null) {
            return false;
        }
        IpPacket.decreaseTtl(inner);
        if (home.lane == lane) {
            lane.counters.forwardedDirect(1, lengthBytes);
            lane.sender.forward(home, inner, lengthBytes);
        } else {
            handOver(home, batch.unitSlot[batch.unit[segment]], inner, lengthBytes);
        }
        return true;
    }

    private @Nullable LanePeer homeOf(long inner, LanePeer from) {
        boolean isIpv6 = IpPacket.isIpv6(inner);
        long sourceHi = IpPacket.sourceHi(inner);
        long sourceLo = IpPacket.sourceLo(inner);
        long destinationHi = IpPacket.destinationHi(inner);
        long destinationLo = IpPacket.destinationLo(inner);
        if (!decided
                || destinationHi != lastDestinationHi
                || sourceHi != lastSourceHi
                || destinationLo != lastDestinationLo
                || sourceLo != lastSourceLo
                || isIpv6 != lastIpv6) {
            decided = true;
            lastIpv6 = isIpv6;
            lastSourceHi = sourceHi;
            lastSourceLo = sourceLo;
            lastDestinationHi = destinationHi;
            lastDestinationLo = destinationLo;
            lastHome = decide(from);
        }
        return lastHome;
    }

    /// Of the addresses just noted. One source has one owner, so `from` is the same for them all.
    @SuppressWarnings("ReferenceEquality") // a peer is one object for its whole life
    private @Nullable LanePeer decide(LanePeer from) {
        LocalAddresses host = lane.device.localAddresses;
        if (host == null
                || !IpForward.isForwardable(lastIpv6, lastDestinationHi)
                || !IpForward.isForwardable(lastIpv6, lastSourceHi)
                || host.contains(lastIpv6, lastDestinationHi, lastDestinationLo)
                || host.contains(lastIpv6, lastSourceHi, lastSourceLo)) {
            return null;
        }
        Peer owner = lane.router.peerFor(lastIpv6, lastDestinationHi, lastDestinationLo);
        if (owner == null || owner == from.peer) {
            return null;
        }
        LanePeer home = lane.device.assignment.home(owner);
        // Without an endpoint the host is told so by ICMP on the usual way.
        return home == null || home.endpoint == null ? null : home;
    }

    @SuppressWarnings("ReferenceEquality")
    private void handOver(LanePeer home, int slot, long inner, int lengthBytes) {
        if (slot < 0) { // handed over to us, so the memory is not ours to lend
            flush();
            if (lane.handOver.copyTo(home, inner, lengthBytes)) {
                lane.counters.forwardedDirect(1, lengthBytes);
            }
            return;
        }
        long step = inner - runAddress;
        boolean continues = runPackets != 0
                && runTo == home
                && runSlot == slot
                && (runPackets == 1 ? step > 0 : step == (long) runPackets * runStride);
        if (!continues) {
            flush();
            runTo = home;
            runSlot = slot;
            runAddress = inner;
        } else if (runPackets == 1) {
            runStride = (int) step;
        }
        runPackets++;
        runBytes += lengthBytes;
    }

    /// Hands over what waits for its run to end; before the batch's memory is used for anything else.
    void flush() {
        LanePeer to = runTo;
        if (to != null) {
            if (lane.handOver.runTo(to, runSlot, runAddress, runStride, runPackets)) {
                lane.counters.forwardedDirect(runPackets, runBytes);
            }
            runTo = null;
            runPackets = 0;
            runBytes = 0;
        }
    }
}
