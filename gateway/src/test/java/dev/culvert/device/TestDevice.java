package dev.culvert.device;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.CookieChecker;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.tun.DatagramSink;
import dev.culvert.tun.SendArray;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A whole device in one thread: real lanes, handlers, peers and timers; the edges (sockets, TUN, clock, worker
/// threads) are queues in memory. Everything is seeded.
///
/// By itself it runs everything that an input causes before the call returns. In a simulation ([#stepwise]) it
/// only queues; the scheduler picks which lane, worker, alarm or queue of the TUN runs next.
@LaneConfined
final class TestDevice implements AutoCloseable {
    static final int PORT = 51820;
    /// Of [#inboundDepth]: puts the device under load.
    static final int COOKIE_REPLIES_PER_SECOND = 1000;
    static final int UNDER_LOAD_AT = 512;

    final int host;
    final DeviceClock clock;
    final PrivateKey key;
    final DeviceState state;
    final PeerConfiguration peers;
    final LaneCounters workerCounters = new LaneCounters();
    final List<Datagram> sent = new ArrayList<>();
    final List<FakeTunQueue> tun = new ArrayList<>();
    int inboundDepth;
    int sendError;
    /// What messages of several datagrams are refused with; 0 if they are taken.
    int segmentsError;
    /// Messages that one call takes at most.
    int takenAtOnce = Integer.MAX_VALUE;
    /// How many datagrams each message was that has been taken.
    final List<Integer> messages = new ArrayList<>();
    boolean stepwise;

    /// The slots that each lane's reader holds, as the two UDP channels of a lane do.
    private final int[][] readerSlots;

    private final List<EmbeddedChannel> channels = new ArrayList<>();
    private final List<Queue<Runnable>> commands = new ArrayList<>();
    private final List<HandshakeWork> works = new ArrayList<>();
    private final long[] alarms;
    private final HandshakeCipher cipher;
    private final Arena arena = Arena.ofShared();
    private final DatagramSink sink = new DatagramSink() {
        @Override
        public int send(SendArray array, int from, int count) {
            return take(array, from, count);
        }

        @Override
        public boolean segments() {
            return true;
        }
    };

    TestDevice(int host, int lanes, DeviceClock clock, long seed) {
        this(host, lanes, clock, seed, Forwarding.KERNEL);
    }

    TestDevice(int host, int lanes, DeviceClock clock, long seed, Forwarding forwarding) {
        this(host, lanes, clock, new Random(seed), forwarding);
    }

    private TestDevice(int host, int lanes, DeviceClock clock, Random random, Forwarding forwarding) {
        this(host, lanes, clock, random, PrivateKey.generate(random::nextBytes), forwarding);
    }

    /// @param key its own from here on
    TestDevice(int host, int lanes, DeviceClock clock, Random random, PrivateKey key) {
        this(host, lanes, clock, random, key, Forwarding.KERNEL);
    }

    private TestDevice(int host, int lanes, DeviceClock clock, Random random, PrivateKey key, Forwarding forwarding) {
        this.host = host;
        this.clock = clock;
        this.key = key;
        cipher = new HandshakeCipher(AeadEngine.BOUNCY_CASTLE.newAead());
        HandshakeQueue queue = new HandshakeQueue() {
            @Override
            public boolean offerInbound(HandshakeWork work) {
                return works.add(work);
            }

            @Override
            public boolean offerOwn(HandshakeWork work) {
                return works.add(work);
            }

            @Override
            public int inboundDepth() {
                return inboundDepth;
            }
        };
        HandshakeLimits limits =
                new HandshakeLimits(4096, UNDER_LOAD_AT, 1_000_000_000L, 20, 5, 1024, COOKIE_REPLIES_PER_SECOND);
        HandshakeLoad load = new HandshakeLoad(queue, limits, random.nextLong(), clock.bootNs());
        state = new DeviceState(
                clock, random::nextBytes, queue, load, new StagedBudget(1 << 20), Offloads.ALL, forwarding);
        peers = new PeerConfiguration(state, new UnpacedGreeter());
        LaneExchange exchange = new LaneExchange(lanes);
        Lane[] all = new Lane[lanes];
        alarms = new long[lanes];
        readerSlots = new int[lanes][2 * UdpChannel.SLOTS];
        for (int i = 0; i < lanes; i++) {
            int number = i;
            Queue<Runnable> laneCommands = new ArrayDeque<>();
            commands.add(laneCommands);
            LaneExecutor executor = new LaneExecutor() {
                @Override
                public boolean inLane() {
                    return true;
                }

                @Override
                public void execute(Runnable command) {
                    laneCommands.add(command);
                }
            };
            FakeTunQueue tunQueue = new FakeTunQueue();
            tun.add(tunQueue);
            alarms[i] = LanePeer.NEVER;
            all[i] = new Lane(
                    i,
                    exchange,
                    state,
                    executor,
                    tunQueue,
                    AeadEngine.BOUNCY_CASTLE.newAead(),
                    bootNs -> alarms[number] = bootNs);
            EmbeddedChannel channel = new EmbeddedChannel();
            all[i].pipeline.install(channel.pipeline());
            all[i].inbound = channel.pipeline();
            all[i].sinks(sink, null);
            channels.add(channel);
            for (int reader = 0; reader < readerSlots[i].length; reader++) {
                readerSlots[i][reader] = all[i].slots.take();
            }
        }
        state.lanes(all);
        state.up = true;
        StaticIdentity keys = new StaticIdentity(key.copy());
        state.identity = new Identity(keys, new CookieChecker(keys));
    }

    /// On the test's own thread.
    private final class UnpacedGreeter implements PeerConfiguration.Greeter {
        private final Queue<Peer> waiting = new ArrayDeque<>();

        @Override
        public void add(Peer peer) {
            waiting.add(peer);
            begin();
        }

        @Override
        public void begin() {
            while (state.up && !waiting.isEmpty()) {
                LanePeer peer = state.assignment.home(waiting.remove());
                if (peer != null) {
                    peer.lane.command(() -> peer.lane.handshakes.greet(peer));
                }
            }
        }
    }

    Lane lane(int number) {
        return state.lanes()[number];
    }

    PublicKey publicKey() {
        return key.publicKey();
    }

    private int take(SendArray array, int from, int count) {
        if (sendError != 0) {
            return -sendError;
        }
        int taken = Math.min(count, takenAtOnce);
        for (int i = from; i < from + taken; i++) {
            if (array.segments(i) > 1 && segmentsError != 0) {
                return i == from ? -segmentsError : i - from;
            }
            messages.add(array.segments(i));
            for (int k = 0; k < array.segments(i); k++) {
                byte[] bytes = new byte[array.length(i, k)];
                Memory.copyOut(array.address(i, k), bytes, 0, bytes.length);
                sent.add(new Datagram(
                        host, PORT, Datagram.host(array.destinationHi(i)), array.port(i), array.tos(i), bytes));
            }
        }
        return taken;
    }

    /// Adds or changes a peer.
    void peer(TestDevice other, boolean knowsEndpoint, @Nullable PresharedKey psk, AllowedIp... allowedIps) {
        peer(other.publicKey(), knowsEndpoint ? other.host : 0, psk, null, allowedIps);
    }

    void peer(
            PublicKey other,
            int endpointHost,
            @Nullable PresharedKey psk,
            @Nullable Integer keepaliveSeconds,
            AllowedIp... allowedIps) {
        List<PeerChange.AllowedIpChange> prefixes = new ArrayList<>();
        for (AllowedIp prefix : allowedIps) {
            prefixes.add(new PeerChange.AllowedIpChange(prefix, false));
        }
        PeerChange change = new PeerChange(
                other,
                false,
                false,
                psk,
                endpointHost == 0
                        ? null
                        : new Endpoint(false, Datagram.hi(endpointHost), 0, PORT, 0, 0, 0, 0).toSocketAddress(),
                keepaliveSeconds,
                true,
                prefixes);
        peers.apply(DeviceChange.ofPeers(List.of(change)));
        run();
    }

    void removePeer(PublicKey other) {
        peers.apply(
                DeviceChange.ofPeers(List.of(new PeerChange(other, true, false, null, null, null, false, List.of()))));
        run();
    }

    /// Another private key, or none: what [Device] does for a `set`.
    void privateKey(@Nullable PrivateKey other) {
        Identity before = state.identity;
        Identity after = null;
        if (other != null) {
            StaticIdentity keys = new StaticIdentity(other.copy());
            after = new Identity(keys, new CookieChecker(keys));
        }
        state.identity = after;
        peers.identityChanged(after);
        if (before != null) {
            before.keys().close();
        }
        run();
    }

    LanePeer lanePeer(TestDevice other) {
        Peer peer = state.peers.find(other.publicKey());
        if (peer == null || peer.lanePeer == null) {
            throw new AssertionError("no lane state for the peer");
        }
        return peer.lanePeer;
    }

    /// The host sends an inner packet through queue `lane`.
    void host(int lane, byte[]... packets) {
        tun.get(lane).toRead.addAll(List.of(packets));
        lane(lane).ingress.readable();
        run();
    }

    /// One unit a datagram.
    void receive(int lane, Datagram... datagrams) {
        List<Datagram[]> units = new ArrayList<>();
        for (Datagram datagram : datagrams) {
            units.add(new Datagram[] {datagram});
        }
        receiveUnits(lane, units);
    }

    /// Fires one batch; a unit's datagrams share the first one's source, and all but the last have the same
    /// length.
    void receiveUnits(int lane, List<Datagram[]> units) {
        PacketBatch batch = new PacketBatch();
        for (Datagram[] unit : units) {
            int segmentSize = unit.length == 1 ? 0 : unit[0].bytes().length;
            int total = 0;
            for (Datagram datagram : unit) {
                total += datagram.bytes().length;
            }
            int slot = readerSlots[lane][batch.units];
            long start = lane(lane).slots.address(slot);
            int offset = 0;
            for (Datagram datagram : unit) {
                Memory.copyIn(datagram.bytes(), 0, start + offset, datagram.bytes().length);
                offset += datagram.bytes().length;
            }
            int number = batch.addUnit(slot, unit[0].tos() & 3);
            batch.source(number, false, Datagram.hi(unit[0].from()), 0, unit[0].fromPort(), 0);
            batch.addSegments(number, start, total, segmentSize);
        }
        channels.get(lane).pipeline().fireChannelRead(batch);
        channels.get(lane).pipeline().fireChannelReadComplete();
        for (int i = 0; i < batch.units; i++) {
            readerSlots[lane][i] = lane(lane).handOver.replaceIfLent(batch.unitSlot[i]);
        }
        lane(lane).handOver.roundEnded();
        run();
    }

    /// Works and commands until nothing is left, unless a scheduler does that.
    void run() {
        boolean busy = !stepwise;
        while (busy) {
            busy = false;
            if (works() != 0) {
                runWork(0);
                busy = true;
            }
            for (int lane = 0; lane < commands.size(); lane++) {
                if (hasCommand(lane)) {
                    runCommand(lane);
                    busy = true;
                }
            }
        }
    }

    // What waits, and single steps of it.

    int works() {
        return works.size();
    }

    /// A worker does the handshake work at `position` in the queue.
    void runWork(int position) {
        works.remove(position).run(new HandshakeWorker(cipher, workerCounters));
    }

    boolean hasCommand(int lane) {
        return !commands.get(lane).isEmpty();
    }

    void runCommand(int lane) {
        commands.get(lane).remove().run();
    }

    /// Takes the lane's next command out, to be run later.
    Runnable takeCommand(int lane) {
        return commands.get(lane).remove();
    }

    boolean alarmDue(int lane) {
        return alarms[lane] <= clock.bootNs();
    }

    void runAlarm(int lane) {
        alarms[lane] = LanePeer.NEVER;
        lane(lane).timersDue();
    }

    // The link.

    void linkDown() {
        state.up = false;
        peers.linkDown();
        for (Lane lane : state.lanes()) {
            lane.command(() -> lane.sinks(null, null));
        }
        run();
    }

    void linkUp() {
        for (Lane lane : state.lanes()) {
            lane.command(() -> lane.sinks(sink, null));
        }
        state.up = true;
        peers.linkUp();
        run();
    }

    /// The nearest alarm of any lane.
    long nextAlarmNs() {
        long nearest = LanePeer.NEVER;
        for (long alarm : alarms) {
            nearest = Math.min(nearest, alarm);
        }
        return nearest;
    }

    /// Runs the lanes whose alarm is due.
    void alarmsDue() {
        for (int i = 0; i < alarms.length; i++) {
            if (alarmDue(i)) {
                runAlarm(i);
            }
        }
        run();
    }

    List<Datagram> takeSent() {
        List<Datagram> taken = List.copyOf(sent);
        sent.clear();
        return taken;
    }

    /// Those that are counted for that peer.
    long drops(DropReason reason, TestDevice of) {
        return peers.drops().getOrDefault(of.key.publicKey(), Map.of()).getOrDefault(reason, 0L);
    }

    long drops(DropReason reason) {
        long sum = workerCounters.drops(reason);
        for (Lane lane : state.lanes()) {
            sum += lane.counters.drops(reason);
        }
        return sum;
    }

    List<String> delivered() {
        List<String> payloads = new ArrayList<>();
        for (FakeTunQueue queue : tun) {
            for (byte[] packet : queue.written) {
                payloads.add(InnerPacket.payload(packet));
            }
        }
        return payloads;
    }

    @Override
    public void close() {
        for (Lane lane : state.lanes()) {
            for (Peer peer : state.peers.all()) {
                LanePeer lanePeer = peer.lanePeer;
                if (lanePeer != null && lanePeer.lane == lane) {
                    lane.stop(lanePeer, DropReason.DEVICE_DOWN);
                }
            }
        }
        for (Lane lane : state.lanes()) {
            lane.halt();
        }
        for (Lane lane : state.lanes()) {
            lane.close();
        }
        for (EmbeddedChannel channel : channels) {
            channel.finishAndReleaseAll();
        }
        cipher.close();
        arena.close();
    }
}
