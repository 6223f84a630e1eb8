package dev.culvert.device;

import dev.culvert.wire.Ecn;
import dev.culvert.wire.IpPacket;
import dev.culvert.wire.TransportData;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/// Last on the way in: judges the inner packets (conformance 1.9 "In", step 7) and writes them to the TUN, those
/// of one flow together where they can be joined; with `forwarding: direct` what is for another peer goes to
/// that one. The source must belong to the sending peer by the longest match over all peers.
@LaneConfined
@Sharable // by the two sockets of one lane
final class RouteHandler extends ChannelInboundHandlerAdapter {
    private final Lane lane;
    /// Null if the host's kernel forwards.
    private final @Nullable DirectForwarding direct;

    // Packets come in trains of one source: who owned the last one.
    private boolean lastIpv6;
    private long lastHi;
    private long lastLo;
    private @Nullable Peer lastOwner;

    RouteHandler(Lane lane) {
        this.lane = lane;
        direct = lane.device.forwarding == Forwarding.DIRECT ? new DirectForwarding(lane) : null;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        PacketBatch batch = (PacketBatch) message;
        lastOwner = null; // the routing table is a turn's
        if (direct != null) {
            direct.begin();
        }
        for (int i = 0; i < batch.segments; i++) {
            if (batch.state[i] != PacketBatch.PLAINTEXT) {
                continue;
            }
            batch.state[i] = PacketBatch.DONE;
            LanePeer peer = batch.peer[i];
            assert peer != null;
            int datagramBytes = batch.length[i] + TransportData.OVERHEAD_BYTES;
            DropReason refusal = batch.length[i] == 0 ? null : accept(batch, i, peer);
            if (refusal == null) {
                peer.received(datagramBytes);
            } else {
                lane.counters.dropped(refusal, peer.peer);
            }
        }
        lane.egress.flush();
        if (direct != null) {
            direct.flush();
            lane.handOver.publish(); // a turn may be several batches, more than the rings should hold
        }
    }

    @SuppressWarnings("ReferenceEquality") // a peer is one object for its whole life
    private @Nullable DropReason accept(PacketBatch batch, int segment, LanePeer peer) {
        long inner = batch.address[segment];
        int lengthBytes = IpPacket.totalLength(inner, batch.length[segment]);
        if (lengthBytes < 0) {
            return lengthBytes == IpPacket.BAD_VERSION ? DropReason.INNER_VERSION : DropReason.INNER_LENGTH;
        }
        if (ownerOfSource(inner) != peer.peer) {
            notAllowed(inner, peer);
            return DropReason.SPOOFED_SOURCE;
        }
        Ecn.decapsulate(inner, batch.unitEcn[batch.unit[segment]]);
        if (direct == null || !direct.forwards(batch, segment, peer, inner, lengthBytes)) {
            lane.egress.write(inner, lengthBytes);
        }
        return null;
    }

    /// Nothing is made for it beyond the allowance.
    private void notAllowed(long inner, LanePeer peer) {
        if (lane.device.incidents.allows(IncidentLog.Of.PACKET, lane.nowNs)) {
            boolean isIpv6 = IpPacket.isIpv6(inner);
            AllowedIp source =
                    new AllowedIp(isIpv6, IpPacket.sourceHi(inner), IpPacket.sourceLo(inner), isIpv6 ? 128 : 32);
            lane.device.incidents.ofPeer(
                    peer.peer, Cause.SOURCE_NOT_ALLOWED, peer.endpoint, "from " + IpText.formatAddress(source));
        }
    }

    private @Nullable Peer ownerOfSource(long inner) {
        boolean isIpv6 = IpPacket.isIpv6(inner);
        long hi = IpPacket.sourceHi(inner);
        long lo = IpPacket.sourceLo(inner);
        if (lastOwner == null || isIpv6 != lastIpv6 || hi != lastHi || lo != lastLo) {
            lastIpv6 = isIpv6;
            lastHi = hi;
            lastLo = lo;
            lastOwner = lane.router.peerFor(isIpv6, hi, lo);
        }
        return lastOwner;
    }
}
