package dev.culvert.device;

import dev.culvert.crypto.PrivateKey;
import dev.culvert.noise.Keypair;
import dev.culvert.tun.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A host of a [Simulation]: a whole [TestDevice], the queues of its sockets and its TUN, and the seeded choice of
/// what runs next on it: a lane's socket, TUN queue, command or alarm, or one of two handshake workers.
@LaneConfined
final class SimulatedHost {
    private static final int WORKERS = 2;
    /// Datagrams that wait in a socket; more are lost, as in a kernel.
    private static final int SOCKET_MAX = 256;

    private static final int[] SEND_ERRORS = {Errno.EAGAIN, Errno.ENOBUFS, Errno.EPERM, Errno.ENETUNREACH};

    /// What a step can run.
    private enum Kind {
        SOCKET,
        TUN,
        COMMAND,
        ALARM,
        WORKER
    }

    private record Ready(Kind kind, int number) {}

    final int number;
    final SimulatedClock clock;
    /// Replaced when the host restarts.
    TestDevice device;
    /// Where the network lets datagrams to this host in; changes when a NAT before it forgets.
    int publicPort = TestDevice.PORT;

    boolean up = true;
    /// Stopped, or asleep: nothing runs, the clock goes on.
    boolean paused;

    private final Simulation simulation;
    private final Random random;
    private final PrivateKey key;
    private final int lanes;
    private final List<Queue<Datagram>> sockets = new ArrayList<>();
    private boolean stepIsDue;
    private long alarmIsDueNs = LanePeer.NEVER;
    /// Steps and alarms of a device that has been replaced are void.
    private int incarnation;

    private int[] freeSlotsAtStart;

    SimulatedHost(int number, int lanes, Simulation simulation, Random random) {
        this.number = number;
        this.lanes = lanes;
        this.simulation = simulation;
        this.random = random;
        clock = new SimulatedClock(simulation);
        key = PrivateKey.generate(random::nextBytes);
        for (int lane = 0; lane < lanes; lane++) {
            sockets.add(new ArrayDeque<>());
        }
        device = newDevice();
        freeSlotsAtStart = freeSlots();
    }

    private TestDevice newDevice() {
        TestDevice made = new TestDevice(number, lanes, clock, new Random(random.nextLong()), key.copy());
        made.stepwise = true;
        return made;
    }

    private int[] freeSlots() {
        int[] free = new int[lanes];
        for (int lane = 0; lane < lanes; lane++) {
            free[lane] = device.lane(lane).slots.free();
        }
        return free;
    }

    /// Kills the device and starts another with the same key, without any memory.
    void restart() {
        incarnation++;
        device.close();
        device = newDevice();
        freeSlotsAtStart = freeSlots();
        up = true;
        stepIsDue = false;
        alarmIsDueNs = LanePeer.NEVER;
        sockets.forEach(Queue::clear);
    }

    // Inputs.

    /// A datagram comes in, to the lane that its index names, or now and then to another one.
    void arrive(Datagram datagram) {
        if (up && !datagram.isEmpty()) {
            int lane = random.nextInt(20) == 0 ? random.nextInt(lanes) : TestNetwork.steer(datagram, lanes);
            Queue<Datagram> socket = sockets.get(lane);
            if (socket.size() < SOCKET_MAX) {
                socket.add(datagram);
                wake();
            }
        }
    }

    /// The host's own stack sends an inner packet.
    void send(byte[] packet) {
        if (up) {
            device.tun.get(random.nextInt(lanes)).toRead.add(packet);
            wake();
        }
    }

    void link(boolean toUp) {
        up = toUp;
        if (toUp) {
            device.linkUp();
        } else {
            device.linkDown();
            sockets.forEach(Queue::clear);
        }
        wake();
    }

    /// Something may be ready: a step comes soon, as threads are scheduled.
    void wake() {
        if (!stepIsDue && !paused) {
            stepIsDue = true;
            int of = incarnation;
            simulation.after(random.nextInt(200_000), () -> {
                if (of == incarnation) {
                    step();
                }
            });
        }
    }

    void pause(boolean toPaused) {
        paused = toPaused;
        if (!toPaused) {
            wake();
        }
    }

    // One step.

    private void step() {
        stepIsDue = false;
        if (paused) {
            return;
        }
        List<Ready> ready = ready();
        if (!ready.isEmpty()) {
            device.sendError = random.nextInt(400) == 0 ? SEND_ERRORS[random.nextInt(SEND_ERRORS.length)] : 0;
            run(ready.get(random.nextInt(ready.size())));
            device.sendError = 0;
            for (Datagram datagram : device.takeSent()) {
                simulation.sent(this, datagram);
            }
            takeDelivered();
            if (ready.size() > 1 || !ready().isEmpty()) {
                wake();
            }
        }
        setAlarm();
    }

    private List<Ready> ready() {
        List<Ready> ready = new ArrayList<>();
        for (int lane = 0; lane < lanes; lane++) {
            if (!sockets.get(lane).isEmpty()) {
                ready.add(new Ready(Kind.SOCKET, lane));
            }
            if (!device.tun.get(lane).toRead.isEmpty()) {
                ready.add(new Ready(Kind.TUN, lane));
            }
            if (device.hasCommand(lane)) {
                ready.add(new Ready(Kind.COMMAND, lane));
            }
            if (device.alarmDue(lane)) {
                ready.add(new Ready(Kind.ALARM, lane));
            }
        }
        for (int worker = 0; worker < Math.min(WORKERS, device.works()); worker++) {
            ready.add(new Ready(Kind.WORKER, worker));
        }
        return ready;
    }

    private void run(Ready chosen) {
        switch (chosen.kind()) {
            case SOCKET -> receive(chosen.number());
            case TUN -> device.lane(chosen.number()).ingress.readable();
            case COMMAND -> device.runCommand(chosen.number());
            case ALARM -> device.runAlarm(chosen.number());
            case WORKER -> device.runWork(chosen.number());
        }
    }

    /// One read round; neighbours of one source and length now and then come as one GRO unit.
    private void receive(int lane) {
        Queue<Datagram> socket = sockets.get(lane);
        List<Datagram[]> units = new ArrayList<>();
        boolean coalesce = random.nextBoolean();
        while (!socket.isEmpty() && units.size() < PacketBatch.UNITS_MAX) {
            List<Datagram> unit = new ArrayList<>();
            Datagram first = socket.remove();
            unit.add(first);
            while (coalesce && follows(socket.peek(), first)) {
                unit.add(socket.remove());
            }
            units.add(unit.toArray(Datagram[]::new));
            if (unit.size() > 1) {
                break; // a batch holds 256 segments
            }
        }
        device.receiveUnits(lane, units);
    }

    private static boolean follows(@Nullable Datagram next, Datagram first) {
        return next != null
                && next.from() == first.from()
                && next.fromPort() == first.fromPort()
                && next.bytes().length == first.bytes().length;
    }

    private void takeDelivered() {
        for (FakeTunQueue queue : device.tun) {
            if (!queue.written.isEmpty()) {
                List<byte[]> written = List.copyOf(queue.written);
                queue.written.clear();
                written.forEach(packet -> simulation.delivered(this, packet));
            }
        }
    }

    private void setAlarm() {
        long next = device.nextAlarmNs();
        if (next < alarmIsDueNs) {
            alarmIsDueNs = next;
            int of = incarnation;
            simulation.at(next, () -> {
                if (of == incarnation && alarmIsDueNs == next) {
                    alarmIsDueNs = LanePeer.NEVER;
                    wake(); // the step sets the next one
                }
            });
        }
    }

    // What must hold.

    /// The session that sends under `remoteIndex` to `other`; its key must be young and its own.
    long sendingKeyBirthdateNs(SimulatedHost other, int remoteIndex) {
        Peer peer = device.state.peers.find(other.device.publicKey());
        LanePeer lanePeer = peer == null ? null : peer.lanePeer;
        if (lanePeer != null) {
            Keypair current = lanePeer.keypairs.current();
            if (current != null && current.remoteIndex() == remoteIndex) {
                return current.birthdateNs();
            }
        }
        return clock.bootNs(); // gone in the turn in which it sent
    }

    /// After a long silence nothing is left of any session: no index, key, timer, staged packet or lent slot.
    void assertForgotAll() {
        for (int lane = 0; lane < lanes; lane++) {
            Lane state = device.lane(lane);
            simulation.require(state.sessions.size() == 0, this, "has session indices left");
            simulation.require(state.keys.used() == 0, this, "has keys left");
            simulation.require(!device.hasCommand(lane), this, "has commands left");
            state.handOver.close(); // takes back what the other lanes have returned
            simulation.require(state.slots.free() == freeSlotsAtStart[lane], this, "lost slots");
        }
        simulation.require(device.works() == 0, this, "has handshake work left");
        simulation.require(device.state.stagedBudget.reservedBytes() == 0, this, "has staged packets left");
        simulation.require(device.nextAlarmNs() == LanePeer.NEVER, this, "has an alarm left");
    }

    void close() {
        device.close();
        key.close();
    }
}
