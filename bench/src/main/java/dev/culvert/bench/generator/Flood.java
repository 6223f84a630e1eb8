package dev.culvert.bench.generator;

import dev.culvert.crypto.Memory;
import dev.culvert.noise.Cookie;
import dev.culvert.tun.BootClock;
import dev.culvert.tun.SendArray;
import dev.culvert.tun.UdpSocket;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.MessageType;
import dev.culvert.wire.TransportData;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/// Prepared datagrams of one [FloodKind] from many source addresses, at an even rate, by one thread. Answers are left
/// to pile up in the socket's buffer: the controller counts them in the hub's firewall.
///
/// ```
/// kind, rate (a second), seconds
/// source=10.202.0.1 sources=N     the addresses that it comes from, in turn
/// bytes=N                         of a data message
/// indices=HEX,HEX                 receiver indices for BAD_TAG, as the four bytes on the wire
/// run, peer=NUMBER                whose initiation is replayed
/// ```
final class Flood implements Generator.Job {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int PREPARED = 16_384;
    private static final int STRIDE = 1536;
    private static final int BATCH = 64;
    private static final int RANDOM_BYTES_MAX = 1400;

    private final Arena arena = Arena.ofShared();
    private final UdpSocket socket;
    private final SendArray sending = new SendArray(false, BATCH);
    private final HubAddress hub;
    private final FloodKind kind;
    private final int rate;
    private final int seconds;
    private final int source;
    private final int sources;
    private final long datagrams;
    private final int[] lengths = new int[PREPARED];
    private int nextDatagram;
    private int nextSource;
    private long sent;
    private long bytes;
    private long refused;

    private Flood(Settings settings) throws IOException {
        hub = HubAddress.of(settings);
        kind = FloodKind.named(settings.text("kind"));
        rate = settings.number("rate");
        seconds = settings.number("seconds");
        source = settings.address("source");
        sources = settings.number("sources");
        socket = UdpSocket.open(false);
        if (socket.bind(0) < 0) {
            throw new IOException("cannot bind a UDP socket");
        }
        datagrams = arena.allocate((long) PREPARED * STRIDE, 64).address();
        fill(settings);
    }

    static Flood prepare(Settings settings) throws IOException {
        return new Flood(settings);
    }

    private void fill(Settings settings) {
        SplittableRandom random = new SplittableRandom(settings.number("seed", 1));
        byte[] message = new byte[STRIDE];
        byte[] replayed = kind == FloodKind.REPLAYED_INITIATION ? capture(settings) : new byte[0];
        List<Integer> indices = indices(settings);
        int dataBytes = settings.number("bytes", 160);
        Cookie cookie = new Cookie();
        for (int i = 0; i < PREPARED; i++) {
            long at = datagrams + (long) i * STRIDE;
            random.nextBytes(message);
            int length = switch (kind) {
                case RANDOM_BYTES -> 1 + random.nextInt(RANDOM_BYTES_MAX);
                case UNKNOWN_INDEX, BAD_TAG -> dataBytes;
                case WRONG_MAC1, RANDOM_EPHEMERAL, REPLAYED_INITIATION -> HandshakeInitiation.BYTES;
            };
            byte[] datagram = java.util.Arrays.copyOf(message, length);
            if (kind == FloodKind.RANDOM_EPHEMERAL) {
                HandshakeInitiation.writeType(datagram);
                cookie.stamp(datagram, hub.identity(), 0);
            } else if (kind == FloodKind.WRONG_MAC1) {
                HandshakeInitiation.writeType(datagram);
            } else if (kind == FloodKind.REPLAYED_INITIATION) {
                datagram = replayed;
            }
            Memory.copyIn(datagram, 0, at, length);
            if (kind == FloodKind.UNKNOWN_INDEX || kind == FloodKind.BAD_TAG) {
                int index = indices.isEmpty() ? random.nextInt() : indices.get(i % indices.size());
                TransportData.writeHeader(at, index, random.nextLong() >>> 2);
            }
            if (kind == FloodKind.RANDOM_BYTES && MessageType.of(at, length) != null) {
                Memory.putByte(at, 99);
            }
            lengths[i] = length;
        }
    }

    private static List<Integer> indices(Settings settings) {
        List<Integer> all = new ArrayList<>();
        if (settings.has("indices")) {
            for (String hex : settings.text("indices").split(",", -1)) {
                all.add(Integer.reverseBytes((int) Long.parseLong(hex, 16)));
            }
        }
        return all;
    }

    /// Of a peer that the hub knows. The first copy that arrives is a genuine one.
    private byte[] capture(Settings settings) {
        try (Crypto crypto = new Crypto()) {
            long keys = arena.allocate(SimulatedPeer.KEY_BYTES, 64).address();
            int number = settings.number("peer");
            try (SimulatedPeer peer = new SimulatedPeer(
                    number, PeerKeys.of(settings.text("run"), number), hub, source, 0, keys, crypto)) {
                return peer.capturedInitiation(BootClock.bootNs(), BootClock.wallNs());
            }
        }
    }

    @Override
    public Map<String, Object> run(Generator.Commands commands) {
        long startNs = BootClock.bootNs();
        long nowNs = startNs;
        long reportNs = startNs + SECOND_NS;
        Pacer pacer = new Pacer(rate, startNs);
        while (nowNs - startNs < seconds * SECOND_NS && !commands.stopped()) {
            int due = pacer.due(nowNs, BATCH);
            if (due < BATCH / 2) {
                pacer.await(BATCH - due, nowNs);
            }
            if (due > 0) {
                send(due);
            }
            if (nowNs >= reportNs) {
                reportNs += SECOND_NS;
                Generator.say("sent " + sent);
            }
            nowNs = BootClock.bootNs();
        }
        double lastedS = (double) (nowNs - startNs) / SECOND_NS;
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("sent", sent);
        figures.put("bytes", bytes);
        figures.put("refused", refused);
        figures.put("seconds", String.format(Locale.ROOT, "%.2f", lastedS));
        figures.put("rate", String.format(Locale.ROOT, "%.0f", sent / lastedS));
        return figures;
    }

    private void send(int count) {
        for (int i = 0; i < count; i++) {
            int which = nextDatagram;
            nextDatagram = nextDatagram + 1 & PREPARED - 1;
            int from = source + nextSource;
            nextSource = nextSource + 1 == sources ? 0 : nextSource + 1;
            sending.set(
                    i,
                    datagrams + (long) which * STRIDE,
                    lengths[which],
                    DatagramPort.left(hub.address()),
                    0,
                    hub.port(),
                    0,
                    DatagramPort.left(from),
                    0,
                    0,
                    0);
            bytes += lengths[which];
        }
        int taken = 0;
        while (taken < count) {
            int result = socket.send(sending, taken, count - taken);
            if (result > 0) {
                taken += result;
                sent += result;
            } else {
                refused++;
                taken++;
            }
        }
    }

    @Override
    public void close() {
        socket.close();
        sending.close();
        arena.close();
    }
}
