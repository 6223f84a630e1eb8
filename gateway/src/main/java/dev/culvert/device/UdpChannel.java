package dev.culvert.device;

import dev.culvert.tun.ReadableHandle;
import dev.culvert.tun.ReceiveArray;
import dev.culvert.tun.UdpSocket;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// One of a lane's two UDP sockets as a Netty channel on the lane's epoll loop: each recvmmsg becomes one
/// [PacketBatch], fired down the pipeline of [UdpPipeline] as one event. Nothing is written through it: [Sender]
/// calls sendmmsg itself.
///
/// Why not Netty's own datagram channel: it splits GRO buffers into an object a datagram, cannot answer from the
/// address that was asked, and does not show ECN.
@LaneConfined
final class UdpChannel extends AbstractChannel {
    /// Datagrams, or GRO buffers, one recvmmsg takes.
    static final int SLOTS = PacketBatch.UNITS_MAX;

    /// recvmmsg calls a turn: then the TUN has its turn.
    private static final int ROUNDS_PER_TURN = 4;
    /// Segments of one unit; the kernel's own bound is 64 (128 since 6.x). More is not a unit that it made.
    private static final int SEGMENTS_PER_UNIT_MAX = 128;

    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    private final UdpSocket socket;
    private final Lane lane;
    private final ReceiveArray array;
    private final int[] slot;
    private final PacketBatch batch = new PacketBatch();
    private final ChannelConfig config = new DefaultChannelConfig(this);
    private @Nullable ReadableHandle handle;
    private volatile boolean open = true;
    private volatile boolean registered;

    /// @param socket bound; closed with the channel's owner, not here
    UdpChannel(Lane lane, UdpSocket socket, boolean ipv6) {
        super(null);
        this.lane = lane;
        this.socket = socket;
        array = new ReceiveArray(ipv6, SLOTS);
        slot = new int[SLOTS];
        config.setAutoRead(true);
    }

    // Reading.

    private void readable() {
        for (int round = 0; round < ROUNDS_PER_TURN && open; round++) {
            int received = socket.receive(array);
            if (received <= 0) {
                break; // EAGAIN; an error of an earlier send was reported and is cleared by the call
            }
            deliver(received);
            if (received < array.slots()) {
                break;
            }
        }
        pipeline().fireChannelReadComplete();
    }

    private void deliver(int received) {
        int all = 0;
        for (int i = 0; i < received; i++) {
            int segments = PacketBatch.segmentsOf(array.length(i), array.segmentSize(i));
            if (array.truncated(i) || segments > SEGMENTS_PER_UNIT_MAX) {
                lane.counters.dropped(array.truncated(i) ? DropReason.TRUNCATED : DropReason.MALFORMED);
                continue;
            }
            if (!batch.hasRoomFor(segments)) {
                fire();
            }
            all += segments;
            lane.counters.datagramsReceived(segments, array.length(i));
            int unit = batch.addUnit(slot[i], array.ecn(i));
            batch.source(
                    unit,
                    array.ipv6(),
                    array.sourceHi(i),
                    array.sourceLo(i),
                    array.sourcePort(i),
                    array.sourceScope(i));
            batch.local(unit, array.localHi(i), array.localLo(i), array.localInterface(i));
            batch.addSegments(unit, array.address(i), array.length(i), array.segmentSize(i));
        }
        lane.counters.batchReceived(all);
        fire();
        for (int i = 0; i < received; i++) {
            int kept = lane.handOver.replaceIfLent(slot[i]);
            if (kept != slot[i]) {
                slot[i] = kept;
                array.buffer(i, lane.slots.address(kept), lane.slots.capacityBytes());
            }
        }
        lane.handOver.roundEnded();
    }

    private void fire() {
        if (batch.segments != 0) {
            pipeline().fireChannelRead(batch);
            batch.clear();
        }
    }

    // The channel's life.

    @Override
    protected void doRegister(ChannelPromise promise) {
        for (int i = 0; i < slot.length; i++) {
            slot[i] = lane.slots.take();
            assert slot[i] >= 0 : "the pool is made larger than what the readers hold";
            array.buffer(i, lane.slots.address(slot[i]), lane.slots.capacityBytes());
        }
        ReadableHandle.Callback callback = new ReadableHandle.Callback() {
            @Override
            public void readable() {
                UdpChannel.this.readable();
            }

            @Override
            public boolean broken() {
                // An asynchronous socket error (ICMP) shows as EPOLLERR; the next receive call clears it.
                UdpChannel.this.readable();
                return open;
            }
        };
        ReadableHandle.register((IoEventLoop) eventLoop(), socket.fd(), callback)
                .addListener(future -> {
                    if (future.isSuccess()) {
                        handle = (ReadableHandle) future.getNow();
                        registered = true;
                        promise.setSuccess();
                    } else {
                        promise.setFailure(future.cause());
                    }
                });
    }

    @Override
    protected void doBeginRead() {
        // Armed since the registration: there is always a slot to read into.
    }

    @Override
    protected void doClose() {
        open = false;
        ReadableHandle armed = handle;
        handle = null;
        if (armed != null) {
            armed.cancel();
        }
        if (registered && !lane.isClosed()) {
            for (int s : slot) {
                lane.slots.release(s);
            }
        }
        registered = false;
        array.close();
    }

    @Override
    protected void doDeregister() {
        ReadableHandle armed = handle;
        handle = null;
        if (armed != null) {
            armed.cancel();
        }
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open && registered;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof IoEventLoop ioLoop && ioLoop.isCompatible(ReadableHandle.class);
    }

    @Override
    protected SocketAddress localAddress0() {
        return new InetSocketAddress((InetAddress) null, socket.localPort());
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return null; // unconnected
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
                promise.setFailure(new IllegalStateException("a WireGuard socket is not connected"));
            }
        };
    }

    @Override
    protected void doBind(SocketAddress address) {
        throw new IllegalStateException("the sockets are bound as a group before their channels are made");
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer buffer) {
        throw new IllegalStateException("datagrams are sent by the lane's Sender, not through the channel");
    }
}
