package dev.culvert.device;

import dev.culvert.bench.generator.InnerUdp;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.noise.CookieChecker;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.tun.DatagramSink;
import dev.culvert.tun.Errno;
import dev.culvert.tun.SendArray;
import dev.culvert.tun.TunQueue;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Random;

/// One real lane with its handlers and one peer, whose socket, TUN and clock are memory. The clock stands
/// still.
@LaneConfined
final class PathDevice implements AutoCloseable {
    private static final int DATAGRAMS_MAX = 64;
    private static final int STRIDE = 2048;
    private static final int PORT = 51820;
    private static final int NETWORK = 10 << 24;

    private final int host;
    private final PrivateKey key;
    private final HandshakeCipher cipher;
    private final DeviceState state;
    private final PeerConfiguration peers;
    private final Queue<Runnable> commands = new ArrayDeque<>();
    private final Queue<HandshakeWork> works = new ArrayDeque<>();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final PacketBatch batch = new PacketBatch();
    private final int[] slots = new int[DATAGRAMS_MAX];
    private final Arena arena = Arena.ofShared();
    private final MemoryTun tun = new MemoryTun(arena.allocate(STRIDE, 64).address());
    private final long sentBytes =
            arena.allocate((long) DATAGRAMS_MAX * STRIDE, 64).address();
    private final int[] sentLength = new int[DATAGRAMS_MAX];
    private int sentCount;
    private boolean keepsSent = true;
    final Lane lane;

    /// @param host number of its outer and inner addresses
    PathDevice(int host) {
        this.host = host;
        Random random = new Random(host);
        key = PrivateKey.generate(random::nextBytes);
        AeadEngine engine = AeadEngine.select(AeadEngine.AUTO).engine();
        cipher = new HandshakeCipher(engine.newAead());
        DeviceClock clock = new DeviceClock() {
            @Override
            public long bootNs() {
                return 1_000_000_000_000L;
            }

            @Override
            public long wallNs() {
                return 1_700_000_000_000_000_000L;
            }
        };
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
                return 0;
            }
        };
        HandshakeLoad load = new HandshakeLoad(queue, new HandshakeLimits(64, 64, 1, 20, 5, 64, 64), 1, clock.bootNs());
        state = new DeviceState(
                clock, random::nextBytes, queue, load, new StagedBudget(1 << 20), Offloads.ALL, Forwarding.KERNEL);
        peers = new PeerConfiguration(state, new PeerConfiguration.Greeter() {
            @Override
            public void add(Peer peer) {}

            @Override
            public void begin() {}
        });
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
        lane = new Lane(0, new LaneExchange(1), state, executor, tun, engine.newAead(), bootNs -> {});
        lane.pipeline.install(channel.pipeline());
        lane.inbound = channel.pipeline();
        lane.sinks(
                new DatagramSink() {
                    @Override
                    public int send(SendArray array, int from, int count) {
                        return take(array, from, count);
                    }

                    @Override
                    public boolean segments() {
                        return true;
                    }
                },
                null);
        for (int i = 0; i < slots.length; i++) {
            slots[i] = lane.slots.take();
        }
        state.lanes(new Lane[] {lane});
        state.up = true;
        StaticIdentity keys = new StaticIdentity(key.copy());
        state.identity = new Identity(keys, new CookieChecker(keys));
    }

    /// Two devices with a session that both have confirmed.
    static void connect(PathDevice spoke, PathDevice hub) {
        spoke.peer(hub);
        hub.peer(spoke);
        spoke.tunGives(hub, 100, 1);
        spoke.lane.ingress.readable();
        for (int round = 0; round < 8; round++) {
            spoke.run();
            hub.receive(spoke, 1);
            hub.run();
            spoke.receive(hub, 1);
        }
        if (hub.tun.written != 1) {
            throw new IllegalStateException("the first packet did not come through");
        }
        spoke.keepsSent = false;
        hub.keepsSent = false;
    }

    private void peer(PathDevice other) {
        PeerChange change = new PeerChange(
                other.key.publicKey(),
                false,
                false,
                null,
                new Endpoint(false, outer(other.host), 0, PORT, 0, 0, 0, 0).toSocketAddress(),
                null,
                true,
                List.of(new PeerChange.AllowedIpChange(new AllowedIp(false, inner(other.host), 0, 32), false)));
        peers.apply(DeviceChange.ofPeers(List.of(change)));
        run();
    }

    private static long outer(int host) {
        return (long) (0xC0000200 | host) << 32;
    }

    private static long inner(int host) {
        return (long) (NETWORK | host) << 32;
    }

    private void run() {
        while (!works.isEmpty() || !commands.isEmpty()) {
            if (!works.isEmpty()) {
                works.remove().run(new HandshakeWorker(cipher, new LaneCounters()));
            }
            if (!commands.isEmpty()) {
                commands.remove().run();
            }
        }
    }

    private int take(SendArray array, int from, int count) {
        for (int i = from; keepsSent && i < from + count; i++) {
            for (int k = 0; k < array.segments(i); k++) {
                Memory.copy(array.address(i, k), sentBytes + (long) sentCount * STRIDE, array.length(i, k));
                sentLength[sentCount++] = array.length(i, k);
            }
        }
        return count;
    }

    /// What is sent from now on is there for [#load], up to 64 datagrams.
    void keepSent() {
        keepsSent = true;
        sentCount = 0;
    }

    /// The host sends `count` packets to the other device's: they wait in the TUN.
    void tunGives(PathDevice to, int lengthBytes, int count) {
        tun.prepare(lengthBytes, NETWORK | host, NETWORK | to.host);
        tun.waiting = count;
    }

    /// They are there again.
    void tunGives(int count) {
        tun.waiting = count;
    }

    private void receive(PathDevice from, int segmentsPerUnit) {
        load(from, segmentsPerUnit);
        from.sentCount = 0;
        fire();
    }

    /// Puts what the other has sent into the batch, without handing it on.
    void load(PathDevice from, int segmentsPerUnit) {
        batch.clear();
        for (int i = 0; i < from.sentCount; i += segmentsPerUnit) {
            int slot = slots[batch.units];
            long start = lane.slots.address(slot);
            int bytes = 0;
            for (int k = i; k < Math.min(i + segmentsPerUnit, from.sentCount); k++) {
                Memory.copy(from.sentBytes + (long) k * STRIDE, start + bytes, from.sentLength[k]);
                bytes += from.sentLength[k];
            }
            int unit = batch.addUnit(slot, 0);
            batch.source(unit, false, outer(from.host), 0, PORT, 0);
            batch.local(unit, 0, 0, 0);
            batch.addSegments(unit, start, bytes, segmentsPerUnit == 1 ? 0 : from.sentLength[i]);
        }
    }

    /// One read event of the socket.
    void fire() {
        channel.pipeline().fireChannelRead(batch);
        channel.pipeline().fireChannelReadComplete();
    }

    long written() {
        return tun.written;
    }

    @Override
    public void close() {
        for (Peer peer : state.peers.all()) {
            LanePeer lanePeer = peer.lanePeer;
            if (lanePeer != null) {
                lane.stop(lanePeer, DropReason.DEVICE_DOWN);
            }
        }
        lane.halt();
        lane.close();
        channel.finishAndReleaseAll();
        cipher.close();
        key.close();
        arena.close();
    }

    /// Gives copies of one packet, and counts what is written.
    @LaneConfined
    private static final class MemoryTun implements TunQueue {
        private final long packet;
        private int packetBytes;
        private int waiting;
        private long written;

        /// @param packet address of [#STRIDE] bytes
        MemoryTun(long packet) {
            this.packet = packet;
        }

        private void prepare(int lengthBytes, int source, int destination) {
            packetBytes = lengthBytes;
            InnerUdp.write(packet, lengthBytes, source, destination, PORT);
        }

        @Override
        public int read(long address, int capacityBytes) {
            if (waiting == 0) {
                return -Errno.EAGAIN;
            }
            waiting--;
            Memory.zero(address - HEADER_BYTES, HEADER_BYTES);
            Memory.copy(packet, address, packetBytes);
            return packetBytes;
        }

        @Override
        public int write(long address, int lengthBytes) {
            written++;
            return lengthBytes;
        }

        @Override
        public int writeVector(long iovecs, int count) {
            written += count;
            return count;
        }

        @Override
        public int fd() {
            return -1;
        }
    }
}
