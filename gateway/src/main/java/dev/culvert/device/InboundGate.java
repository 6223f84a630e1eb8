package dev.culvert.device;

import dev.culvert.wire.MessageType;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/// First on the way in: begins the lane's turn and sorts each segment by type and exact length; anything else is
/// dropped without an answer. At the end of the read it ends the turn, which sends what the handlers queued.
@LaneConfined
@Sharable // by the two sockets of one lane
final class InboundGate extends ChannelInboundHandlerAdapter {
    private final Lane lane;

    InboundGate(Lane lane) {
        this.lane = lane;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        PacketBatch batch = (PacketBatch) message;
        lane.beginTurn();
        for (int i = 0; i < batch.segments; i++) {
            @Nullable MessageType type = MessageType.of(batch.address[i], batch.length[i]);
            if (type == null) {
                batch.state[i] = PacketBatch.DONE;
                lane.counters.dropped(DropReason.MALFORMED);
            } else {
                batch.state[i] = type == MessageType.DATA ? PacketBatch.DATA : PacketBatch.HANDSHAKE;
            }
        }
        context.fireChannelRead(batch);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        lane.endTurn();
    }
}
