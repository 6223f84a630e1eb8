package dev.culvert.bench.generator;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.BootClock;
import dev.culvert.tun.ReceiveArray;
import dev.culvert.wire.CookieReply;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.MessageType;
import dev.culvert.wire.TransportData;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// Loads a hub's way in and nothing else: simulated peers with real sessions, all of whose packets are
/// encrypted before the first one is sent, so that sending them takes little of the processor.
///
/// ```
/// peers=N first=NUMBER run=NAME        their keys, see PeerKeys
/// source=10.202.0.1 innerFirst=…       addresses; each peer has the next one
/// bytes=N                              of an inner packet: UDP in IPv4
/// burst=N                              packets of one peer in a row, given to the kernel as one (UDP_SEGMENT)
/// rate=N                               packets a second; 0 for as many as go
/// warm=N packets=N                     how many, before and after the command `measure`
/// ```
final class Load implements Generator.Job {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long CONNECT_LIMIT_NS = 60 * SECOND_NS;
    private static final long IDLE_NS = 100_000;
    /// A hub answers so many at once without being under load.
    private static final int OUTSTANDING_MAX = 64;
    private static final int PORT_FIRST = 20_000;
    /// A calls's datagrams: few where the rate is given, so that it is even.
    private static final int PACED_BATCH = 16;

    private static final int PACED_BURSTS = 4;
    private static final int FLOOD_BURSTS = 16;

    private final Arena arena = Arena.ofShared();
    private final Crypto crypto = new Crypto();
    private final HubAddress hub;
    private final DatagramPort socket;
    private final SimulatedPeer[] peers;
    private final int innerBytes;
    private final int burst;
    private final int rate;
    private final int bytes;
    private final long datagrams;
    private final long blocks;
    private final long warmBlocks;
    private final double connectS;
    private long next;

    private Load(Settings settings) throws IOException {
        hub = HubAddress.of(settings);
        socket = new DatagramPort(0);
        innerBytes = settings.number("bytes");
        burst = settings.number("burst");
        rate = settings.number("rate");
        warmBlocks = settings.number("warm") / burst;
        blocks = warmBlocks + settings.number("packets") / burst;
        peers = new SimulatedPeer[settings.number("peers")];
        long keys = arena.allocate((long) peers.length * SimulatedPeer.KEY_BYTES, 64)
                .address();
        int first = settings.number("first");
        for (int i = 0; i < peers.length; i++) {
            peers[i] = new SimulatedPeer(
                    first + i,
                    PeerKeys.of(settings.text("run"), first + i),
                    hub,
                    settings.address("source") + i,
                    settings.address("innerFirst") + i,
                    keys + (long) i * SimulatedPeer.KEY_BYTES,
                    crypto);
        }
        long startNs = BootClock.bootNs();
        connect(first, startNs);
        connectS = (double) (BootClock.bootNs() - startNs) / SECOND_NS;
        bytes = TransportData.paddedLength(innerBytes, 0) + TransportData.OVERHEAD_BYTES;
        datagrams = arena.allocate(blocks * burst * bytes, 64).address();
        seal();
        if (burst > 1) {
            socket.segment(bytes);
        }
    }

    static Load prepare(Settings settings) throws IOException {
        return new Load(settings);
    }

    /// Every peer gets a session, or it ends with a sentence.
    private void connect(int first, long startNs) throws IOException {
        byte[] response = new byte[HandshakeResponse.BYTES];
        byte[] cookieReply = new byte[CookieReply.BYTES];
        int begun = 0;
        int up = 0;
        while (up < peers.length) {
            long nowNs = BootClock.bootNs();
            if (nowNs - startNs > CONNECT_LIMIT_NS) {
                throw new IOException("only " + up + " of " + peers.length + " peers got a session");
            }
            while (begun < peers.length && begun - up < OUTSTANDING_MAX) {
                peers[begun++].attemptDueNs = nowNs;
            }
            for (int i = 0; i < begun; i++) {
                if (nowNs >= peers[i].attemptDueNs) {
                    peers[i].initiate(socket, nowNs, BootClock.wallNs());
                }
            }
            socket.flush();
            int count = socket.receive();
            ReceiveArray arrived = socket.arrived();
            for (int i = 0; i < count; i++) {
                MessageType type = MessageType.of(arrived.address(i), arrived.length(i));
                if (type != MessageType.RESPONSE && type != MessageType.COOKIE_REPLY) {
                    continue;
                }
                SimulatedPeer peer =
                        peers[SimulatedPeer.numberOf(TransportData.receiverIndex(type, arrived.address(i))) - first];
                if (type == MessageType.RESPONSE) {
                    Memory.copyOut(arrived.address(i), response, 0, response.length);
                    up += peer.response(response, socket, nowNs) ? 1 : 0;
                } else {
                    Memory.copyOut(arrived.address(i), cookieReply, 0, cookieReply.length);
                    peer.cookieReply(cookieReply, nowNs);
                }
            }
            socket.flush();
            if (count == 0) {
                LockSupport.parkNanos(IDLE_NS);
            }
        }
    }

    /// Blocks of packets in the order of sending, each of the next peer.
    private void seal() throws IOException {
        long nowNs = BootClock.bootNs();
        for (long i = 0; i < blocks * burst; i++) {
            int number = (int) (i / burst % peers.length);
            long at = datagrams + i * bytes;
            InnerUdp.write(
                    at + TransportData.HEADER_BYTES, innerBytes, peers[number].inner, hub.inner(), PORT_FIRST + number);
            if (peers[number].seal(at, innerBytes, nowNs) != bytes) {
                throw new IOException("peer " + number + " lost its session before its packets were encrypted");
            }
        }
    }

    @Override
    public Map<String, Object> run(Generator.Commands commands) {
        send(warmBlocks);
        Generator.say("warm");
        String command = commands.poll();
        while (command == null && !commands.stopped()) {
            LockSupport.parkNanos(IDLE_NS);
            command = commands.poll();
        }
        long sentBefore = socket.sentDatagrams();
        long unsentBefore = socket.unsentDatagrams();
        long startNs = BootClock.bootNs();
        send(blocks);
        double seconds = (double) (BootClock.bootNs() - startNs) / SECOND_NS;
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("sent", (socket.sentDatagrams() - sentBefore) * burst);
        figures.put("unsent", (socket.unsentDatagrams() - unsentBefore) * burst);
        figures.put("seconds", String.format(Locale.ROOT, "%.4f", seconds));
        figures.put("connectS", String.format(Locale.ROOT, "%.3f", connectS));
        return figures;
    }

    private void send(long end) {
        boolean paced = rate > 0;
        int batch = burst == 1 ? paced ? PACED_BATCH : DatagramPort.SEND_SLOTS : paced ? PACED_BURSTS : FLOOD_BURSTS;
        Pacer pacer = new Pacer(paced ? (double) rate / burst : 1, BootClock.bootNs());
        while (next < end) {
            int due = batch;
            if (paced) {
                long nowNs = BootClock.bootNs();
                due = pacer.due(nowNs, batch);
                if (due < batch / 2) {
                    pacer.await(batch - due, nowNs);
                }
            }
            for (int i = 0; i < due && next < end; i++) {
                long at = datagrams + next * burst * bytes;
                SimulatedPeer peer = peers[(int) (next % peers.length)];
                socket.queue(at, burst * bytes, hub.address(), hub.port(), peer.address);
                next++;
            }
            socket.flush();
        }
    }

    @Override
    public void close() {
        socket.close();
        for (SimulatedPeer peer : peers) {
            peer.close();
        }
        crypto.close();
        arena.close();
    }
}
