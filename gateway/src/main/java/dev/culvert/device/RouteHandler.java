package dev.culvert.device;

import dev.culvert.tun.Errno;
import dev.culvert.tun.TunQueue;
import dev.culvert.wire.Ecn;
import dev.culvert.wire.IpPacket;
import dev.culvert.wire.TransportData;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/// Last on the way in: judges the inner packet (conformance 1.9 "In", step 7) and writes it to the TUN. The source
/// must belong to the sending peer by the longest match over all peers.
@LaneConfined
@Sharable // by the two sockets of one lane
final class RouteHandler extends ChannelInboundHandlerAdapter {
    private final Lane lane;

    RouteHandler(Lane lane) {
        this.lane = lane;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        PacketBatch batch = (PacketBatch) message;
        for (int i = 0; i < batch.segments; i++) {
            if (batch.state[i] != PacketBatch.PLAINTEXT) {
                continue;
            }
            batch.state[i] = PacketBatch.DONE;
            LanePeer peer = batch.peer[i];
            assert peer != null;
            int datagramBytes = batch.length[i] + TransportData.OVERHEAD_BYTES;
            if (batch.length[i] == 0) {
                peer.received(datagramBytes);
                continue;
            }
            DropReason refusal = deliver(batch, i, peer);
            if (refusal == null) {
                peer.received(datagramBytes);
            } else {
                lane.counters.dropped(refusal);
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // a peer is one object for its whole life
    private @Nullable DropReason deliver(PacketBatch batch, int segment, LanePeer peer) {
        long inner = batch.address[segment];
        int lengthBytes = IpPacket.totalLength(inner, batch.length[segment]);
        if (lengthBytes < 0) {
            return lengthBytes == IpPacket.BAD_VERSION ? DropReason.INNER_VERSION : DropReason.INNER_LENGTH;
        }
        Peer owner = lane.router.peerFor(IpPacket.isIpv6(inner), IpPacket.sourceHi(inner), IpPacket.sourceLo(inner));
        if (owner != peer.peer) {
            return DropReason.SPOOFED_SOURCE;
        }
        Ecn.decapsulate(inner, batch.unitEcn[batch.unit[segment]]);
        TunQueue tun = lane.tun;
        int written = tun.write(inner, lengthBytes);
        if (written < 0) {
            return written == -Errno.EIO ? DropReason.TUN_DOWN : DropReason.TUN_FULL;
        }
        lane.counters.tunWritten(lengthBytes);
        return null;
    }
}
