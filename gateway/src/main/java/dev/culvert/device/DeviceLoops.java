package dev.culvert.device;

import dev.culvert.tun.CpuAffinity;
import dev.culvert.tun.ReadableHandle;
import dev.culvert.tun.TimerFd;
import dev.culvert.tun.Tun;
import dev.culvert.tun.TunQueue;
import dev.culvert.tun.UdpSocket;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The event loops of a device, one a lane: puts each lane's TUN queue, alarm and sockets on its loop.
///
/// Of the control plane, under the device's configuration lock; waits for lanes, so no lane may call it.
@AnyThread
final class DeviceLoops implements AutoCloseable {
    private static final int CLOSE_TIMEOUT_S = 2;

    private final MultiThreadIoEventLoopGroup group;
    private final List<IoEventLoop> loops = new ArrayList<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final List<TimerFd> alarms = new ArrayList<>();
    private final List<ReadableHandle> handles = new ArrayList<>();
    private List<UdpChannel> channels = List.of();

    private DeviceLoops(DeviceOptions options, DeviceClock clock) {
        group = new MultiThreadIoEventLoopGroup(
                options.lanes(),
                new DefaultThreadFactory(options.name() + "-lane", true),
                EpollIoHandler.newFactory(0, () -> BusyPolling.strategy(options.busyPollNs(), clock)));
    }

    static DeviceLoops start(DeviceOptions options, DeviceState state, Tun tun, Runnable onDeleted) {
        DeviceLoops all = new DeviceLoops(options, state.clock);
        try {
            all.startLanes(options, state, tun);
            for (int i = 0; i < options.lanes(); i++) {
                all.readable(i, tun.queues().get(i).fd(), all.lanes.get(i).ingress::readable, onDeleted);
            }
            return all;
        } catch (IOException e) {
            all.close();
            throw new UncheckedIOException("cannot start the lanes: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
    }

    private void startLanes(DeviceOptions options, DeviceState state, Tun tun) throws IOException {
        int count = options.lanes();
        LaneExchange exchange = new LaneExchange(count);
        for (int i = 0; i < count; i++) {
            IoEventLoop loop = group.next();
            TimerFd alarm = TimerFd.open();
            alarms.add(alarm);
            TunQueue queue = tun.queues().get(i);
            Lane lane = new Lane(
                    i,
                    exchange,
                    state,
                    new LoopExecutor(loop),
                    queue,
                    options.engine().newAead(),
                    alarm::arm);
            loops.add(loop);
            lanes.add(lane);
            if (!options.cpus().isEmpty()) {
                pin(loop, options.cpus().get(i));
            }
        }
        state.lanes(lanes.toArray(Lane[]::new));
        for (int i = 0; i < count; i++) {
            TimerFd alarm = alarms.get(i);
            Lane lane = lanes.get(i);
            readable(
                    i,
                    alarm.fd(),
                    () -> {
                        alarm.drain();
                        lane.timersDue();
                    },
                    () -> {});
        }
    }

    /// Affinity is a thread's: the loop's own sets it.
    private static void pin(IoEventLoop loop, int cpu) throws IOException {
        Future<?> pinned = loop.submit(() -> {
                    CpuAffinity.pin(cpu);
                    return null;
                })
                .awaitUninterruptibly();
        if (!pinned.isSuccess()) {
            throw new IOException(pinned.cause().getMessage());
        }
    }

    private void readable(int lane, int fd, Runnable readable, Runnable broken) {
        ReadableHandle.Callback callback = new ReadableHandle.Callback() {
            @Override
            public void readable() {
                readable.run();
            }

            @Override
            public boolean broken() {
                broken.run();
                return false;
            }
        };
        handles.add(ReadableHandle.register(loops.get(lane), fd, callback)
                .syncUninterruptibly()
                .getNow());
    }

    /// A lane's thread is its loop's.
    private record LoopExecutor(IoEventLoop loop) implements LaneExecutor {
        @Override
        public boolean inLane() {
            return loop.inEventLoop();
        }

        @Override
        public long threadId() {
            return loop instanceof SingleThreadEventExecutor single
                    ? single.threadProperties().id()
                    : 0;
        }

        @Override
        public void execute(Runnable command) {
            loop.execute(command);
        }
    }

    int lanes() {
        return lanes.size();
    }

    /// Puts new sockets under the lanes, then closes the channels of the old ones; null takes the sockets away.
    /// When it returns, no lane uses the old sockets any more.
    void use(@Nullable UdpSockets sockets) {
        List<UdpChannel> opened = new ArrayList<>();
        List<Future<?>> done = new ArrayList<>();
        for (int i = 0; i < lanes.size(); i++) {
            Lane lane = lanes.get(i);
            UdpSocket ipv4 = sockets == null ? null : sockets.ipv4(i);
            UdpSocket ipv6 = sockets == null ? null : sockets.ipv6(i);
            UdpChannel first = channel(lane, i, ipv4, false, opened);
            channel(lane, i, ipv6, true, opened);
            done.add(loops.get(i).submit(() -> {
                lane.sinks(ipv4, ipv6);
                lane.inbound = first == null ? null : first.pipeline();
            }));
        }
        done.forEach(Future::syncUninterruptibly);
        for (UdpChannel old : channels) {
            old.close().syncUninterruptibly();
        }
        channels = opened;
    }

    private @Nullable UdpChannel channel(
            Lane lane, int number, @Nullable UdpSocket socket, boolean ipv6, List<UdpChannel> opened) {
        if (socket == null) {
            return null;
        }
        UdpChannel channel = new UdpChannel(lane, socket, ipv6);
        lane.pipeline.install(channel.pipeline());
        EventLoop loop = loops.get(number);
        loop.register(channel).syncUninterruptibly();
        opened.add(channel);
        return channel;
    }

    private void onEachLane(Consumer<Lane> action) {
        for (int i = 0; i < lanes.size(); i++) {
            Lane lane = lanes.get(i);
            loops.get(i).submit(() -> action.accept(lane)).syncUninterruptibly();
        }
    }

    @Override
    public void close() {
        use(null);
        handles.forEach(ReadableHandle::cancel);
        onEachLane(Lane::halt);
        onEachLane(Lane::close);
        group.shutdownGracefully(0, CLOSE_TIMEOUT_S, TimeUnit.SECONDS).syncUninterruptibly();
        alarms.forEach(TimerFd::close);
    }
}
