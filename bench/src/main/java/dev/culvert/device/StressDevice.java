package dev.culvert.device;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.tun.TunQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// What the stress tests need of a device: its shared state, and one lane whose commands wait until they are
/// run.
///
/// Not stressed, because only one thread writes *and* reads it, the peer's home lane, which `Lane#beginTurn`
/// asserts: replay window, keypair rotation, send counter, staged packets, session index table, timer wheel,
/// slot pool. The queues of handshake work are guarded by one lock. Commands travel through Netty's task queue.
@AnyThread
final class StressDevice {
    private final DeviceState state = state();
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();

    StressDevice() {
        LaneExecutor executor = new LaneExecutor() {
            @Override
            public boolean inLane() {
                return true;
            }

            @Override
            public void execute(Runnable command) {
                commands.add(command);
            }
        };
        TunQueue nothing = new TunQueue() {
            @Override
            public int read(long packet, int capacityBytes) {
                return 0;
            }

            @Override
            public int write(long packet, int lengthBytes) {
                return lengthBytes;
            }

            @Override
            public int writeVector(long iovecs, int count) {
                return count;
            }

            @Override
            public int fd() {
                return -1;
            }
        };
        Lane lane = new Lane(
                0, new LaneExchange(1), state, executor, nothing, AeadEngine.BOUNCY_CASTLE.newAead(), bootNs -> {});
        state.lanes(new Lane[] {lane});
    }

    static DeviceState state() {
        DeviceClock clock = new DeviceClock() {
            @Override
            public long bootNs() {
                return 1;
            }

            @Override
            public long wallNs() {
                return 1;
            }
        };
        HandshakeQueue queue = new HandshakeQueue() {
            @Override
            public boolean offerInbound(HandshakeWork work) {
                return false;
            }

            @Override
            public boolean offerOwn(HandshakeWork work) {
                return false;
            }

            @Override
            public int inboundDepth() {
                return 0;
            }
        };
        HandshakeLoad load = new HandshakeLoad(queue, new HandshakeLimits(8, 1, 0, 1, 1, 1, 1), 1, 1);
        return new DeviceState(clock, bytes -> {}, queue, load, new StagedBudget(1), Offloads.NONE, Forwarding.KERNEL);
    }

    LanePeer assign(Peer peer) {
        LanePeer home = state.assignment.home(peer);
        assert home != null : "nobody removes it";
        return home;
    }

    synchronized void runCommands() {
        for (Runnable next = commands.poll(); next != null; next = commands.poll()) {
            next.run();
        }
    }
}
