package dev.culvert.bench.generator;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.BootClock;
import dev.culvert.tun.ReceiveArray;
import dev.culvert.wire.CookieReply;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.MessageType;
import dev.culvert.wire.TransportData;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// Many simulated peers in one thread: they connect, at once or spread over a time, keep their sessions, and exchange
/// echoes with the hub at a given rate.
///
/// ```
/// peers=N first=NUMBER run=NAME        their keys, see PeerKeys
/// source=10.202.0.1 innerFirst=…       addresses; each peer has the next one
/// begin=N                              how many of them begin by themselves; the others by `add`
/// spreadMs=0                           over which the first initiations are spread
/// seconds=N                            how long at most
/// untilUp=yes                          ends when all have a session
/// inTime=S                             how many connected within that time is a figure
/// prepared=N                           initiations computed before `go`
/// echoes=N                             requests a second over all peers; echoBytes=N each
/// handshakes=1                         how many each peer makes before it is `ready`, a second apart
/// confirm=yes                          a keepalive follows each reply, so that the hub has no reason to doubt
/// ```
///
/// Commands: `add NUMBER` and `remove NUMBER` let a peer begin or end; `echoes N` changes the rate.
final class Fleet implements Generator.Job {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long SCAN_NS = 5_000_000;
    private static final long IDLE_NS = 200_000;
    private static final int SENDS_PER_TURN = 256;

    private final Arena arena = Arena.ofShared();
    private final Crypto crypto = new Crypto();
    private final HubAddress hub;
    private final DatagramPort socket;
    private final Map<Integer, SimulatedPeer> peers = new LinkedHashMap<>();
    private final SimulatedPeer[] inOrder;
    private final boolean[] active;
    private final String run;
    private final int first;
    private final int source;
    private final int innerFirst;
    private final int spreadMs;
    private final long secondsMax;
    private final boolean untilUp;
    private final int echoBytes;
    private final int inTimeS;
    private final int handshakes;
    private final boolean confirm;
    private final int beginning;
    private int echoRate;
    private Pacer echoes = new Pacer(1, 0);
    private int echoNext;
    private long echoesSent;
    private long echoesAnswered;
    private long requestsAnswered;
    private int up;
    private int everUp;
    private int ready;
    private int established;
    private int added;
    private final Sample roundTripMs = new Sample();
    private Sample recentMs = new Sample();
    private final Sample connectS = new Sample();
    private final byte[] initiation = new byte[HandshakeInitiation.BYTES];
    private final byte[] response = new byte[HandshakeResponse.BYTES];
    private final byte[] cookieReply = new byte[CookieReply.BYTES];

    private Fleet(Settings settings) throws IOException {
        hub = HubAddress.of(settings);
        socket = new DatagramPort(settings.number("sourcePort", 0));
        run = settings.text("run");
        first = settings.number("first", 0);
        source = settings.address("source");
        innerFirst = settings.address("innerFirst");
        spreadMs = settings.number("spreadMs", 0);
        secondsMax = settings.number("seconds");
        untilUp = settings.has("untilUp");
        echoRate = settings.number("echoes", 0);
        echoBytes = settings.number("echoBytes", 100);
        inTimeS = settings.number("inTime", 15);
        handshakes = settings.number("handshakes", 1);
        confirm = settings.has("confirm");
        int count = settings.number("peers");
        beginning = settings.number("begin", count);
        inOrder = new SimulatedPeer[count];
        active = new boolean[count];
        int prepared = settings.number("prepared", 1);
        long keys = arena.allocate((long) count * SimulatedPeer.KEY_BYTES, 64).address();
        for (int i = 0; i < count; i++) {
            SimulatedPeer peer = new SimulatedPeer(
                    first + i,
                    PeerKeys.of(run, first + i),
                    hub,
                    source + i,
                    innerFirst + i,
                    keys + (long) i * SimulatedPeer.KEY_BYTES,
                    crypto);
            peer.prepare(prepared, BootClock.wallNs());
            inOrder[i] = peer;
            peers.put(first + i, peer);
        }
    }

    static Fleet prepare(Settings settings) throws IOException {
        return new Fleet(settings);
    }

    @Override
    public Map<String, Object> run(Generator.Commands commands) {
        long startNs = BootClock.bootNs();
        for (int i = 0; i < inOrder.length; i++) {
            if (i < beginning) {
                begin(i, startNs + (long) spreadMs * 1_000_000 * i / beginning);
            }
        }
        echoes = new Pacer(echoRate, startNs);
        long scanNs = startNs;
        long reportNs = startNs + SECOND_NS;
        long nowNs = startNs;
        while (!commands.stopped() && nowNs - startNs < secondsMax * SECOND_NS && !(untilUp && everUp == added)) {
            boolean busy = receive(nowNs);
            if (nowNs >= scanNs) {
                scanNs = nowNs + SCAN_NS;
                attemptDue(nowNs);
                for (String command = commands.poll(); command != null; command = commands.poll()) {
                    obey(command, nowNs);
                }
            }
            busy |= echo(nowNs);
            socket.flush();
            if (nowNs >= reportNs) {
                reportNs += SECOND_NS;
                progress(startNs, nowNs);
            }
            if (!busy) {
                LockSupport.parkNanos(IDLE_NS);
            }
            nowNs = BootClock.bootNs();
        }
        return figures();
    }

    private void begin(int place, long atNs) {
        SimulatedPeer peer = inOrder[place];
        if (!active[place]) {
            active[place] = true;
            added++;
            peer.establishedNs = SimulatedPeer.NEVER;
            peer.startedNs = atNs;
            peer.attempts = 0;
            peer.attemptDueNs = atNs;
        }
    }

    private void obey(String command, long nowNs) {
        String[] words = command.split(" ", -1);
        int argument = Integer.parseInt(words[1]);
        switch (words[0]) {
            case "add" -> begin(argument - first, nowNs);
            case "remove" -> {
                active[argument - first] = false;
                inOrder[argument - first].forgetSessions();
            }
            case "echoes" -> {
                echoRate = argument;
                echoes = new Pacer(argument, nowNs);
            }
            default -> throw new IllegalArgumentException("no such command: " + command);
        }
    }

    private void attemptDue(long nowNs) {
        long wallNs = BootClock.wallNs();
        up = 0;
        for (int i = 0; i < inOrder.length; i++) {
            SimulatedPeer peer = inOrder[i];
            if (!active[i]) {
                continue;
            }
            if (peer.sendable(nowNs) != null) {
                up++;
            }
            if (nowNs >= peer.attemptDueNs) {
                peer.initiate(socket, nowNs, wallNs);
            } else if (peer.handshakes > 0 && peer.wantsRekey(nowNs)) {
                peer.initiate(socket, nowNs, wallNs);
            }
        }
    }

    /// @return whether there was anything to send
    private boolean echo(long nowNs) {
        if (echoRate == 0) {
            return false;
        }
        int due = echoes.due(nowNs, SENDS_PER_TURN);
        for (int i = 0; i < due; i++) {
            SimulatedPeer peer = nextUp(nowNs);
            if (peer == null) {
                return false;
            }
            InnerEcho.write(
                    socket.nextBuffer() + TransportData.HEADER_BYTES,
                    echoBytes,
                    peer.inner,
                    hub.inner(),
                    peer.nextSequence++,
                    nowNs);
            if (peer.send(socket, echoBytes, nowNs)) {
                echoesSent++;
            }
        }
        return due > 0;
    }

    private @Nullable SimulatedPeer nextUp(long nowNs) {
        for (int tried = 0; tried < inOrder.length; tried++) {
            int place = echoNext++ % inOrder.length;
            if (echoNext == inOrder.length) {
                echoNext = 0;
            }
            if (active[place] && inOrder[place].sendable(nowNs) != null) {
                return inOrder[place];
            }
        }
        return null;
    }

    private boolean receive(long nowNs) {
        int count = socket.receive();
        ReceiveArray arrived = socket.arrived();
        for (int i = 0; i < count; i++) {
            long at = arrived.address(i);
            int lengthBytes = arrived.length(i);
            MessageType type = MessageType.of(at, lengthBytes);
            SimulatedPeer peer = type == null ? null : receiver(type, arrived, i);
            if (type != null && peer != null) {
                dispatch(type, peer, at, lengthBytes, nowNs);
            }
        }
        return count > 0;
    }

    /// An initiation names no receiver: it is the one that lives at the address.
    private @Nullable SimulatedPeer receiver(MessageType type, ReceiveArray arrived, int i) {
        return type == MessageType.INITIATION
                ? peers.get(first + (int) (arrived.localHi(i) >>> 32) - source)
                : peers.get(SimulatedPeer.numberOf(TransportData.receiverIndex(type, arrived.address(i))));
    }

    private void dispatch(MessageType type, SimulatedPeer peer, long at, int lengthBytes, long nowNs) {
        switch (type) {
            case INITIATION -> {
                Memory.copyOut(at, initiation, 0, initiation.length);
                peer.initiationReceived(initiation, socket, nowNs);
            }
            case RESPONSE -> {
                Memory.copyOut(at, response, 0, response.length);
                boolean firstOne = peer.establishedNs == SimulatedPeer.NEVER;
                if (peer.response(response, socket, nowNs)) {
                    established++;
                    if (firstOne) {
                        everUp++;
                        connectS.add((double) (nowNs - peer.startedNs) / SECOND_NS);
                    }
                    if (peer.handshakes == handshakes) {
                        ready++;
                    } else if (peer.handshakes < handshakes) {
                        peer.attemptDueNs = nowNs + SECOND_NS;
                    }
                }
            }
            case COOKIE_REPLY -> {
                Memory.copyOut(at, cookieReply, 0, cookieReply.length);
                peer.cookieReply(cookieReply, nowNs);
            }
            case DATA -> data(peer, at, lengthBytes, nowNs);
        }
    }

    private void data(SimulatedPeer peer, long at, int lengthBytes, long nowNs) {
        int plaintextBytes = peer.open(at, lengthBytes, nowNs);
        if (plaintextBytes <= 0) {
            return;
        }
        long inner = at + TransportData.HEADER_BYTES;
        int type = InnerEcho.type(inner, plaintextBytes);
        if (type == InnerEcho.REPLY) {
            echoesAnswered++;
            double ms = (nowNs - InnerEcho.sentNs(inner, plaintextBytes)) / 1e6;
            roundTripMs.add(ms);
            recentMs.add(ms);
            if (confirm) {
                peer.sendKeepalive(socket, nowNs);
            }
        } else if (type == InnerEcho.REQUEST) {
            int innerBytes = InnerEcho.totalLength(inner);
            if (innerBytes > plaintextBytes) {
                return;
            }
            InnerEcho.answer(inner);
            Memory.copy(inner, socket.nextBuffer() + TransportData.HEADER_BYTES, innerBytes);
            requestsAnswered += peer.send(socket, innerBytes, nowNs) ? 1 : 0;
        }
    }

    private void progress(long startNs, long nowNs) {
        Generator.say(String.format(
                Locale.ROOT,
                "at %.1f up=%d everUp=%d ready=%d sent=%d answered=%d p99Ms=%.3f",
                (double) (nowNs - startNs) / SECOND_NS,
                up,
                everUp,
                ready,
                echoesSent,
                echoesAnswered,
                recentMs.percentile(0.99)));
        recentMs = new Sample();
    }

    private Map<String, Object> figures() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("added", added);
        all.put("everUp", everUp);
        all.put("handshakes", established);
        all.put("connectP50", text(connectS.percentile(0.5)));
        all.put("connectP99", text(connectS.percentile(0.99)));
        all.put("connectMax", text(connectS.max()));
        all.put("inTime", connectS.upTo(inTimeS));
        all.put("sent", echoesSent);
        all.put("answered", echoesAnswered);
        all.put("requestsAnswered", requestsAnswered);
        all.put("p50Ms", text(roundTripMs.percentile(0.5)));
        all.put("p99Ms", text(roundTripMs.percentile(0.99)));
        all.put("maxMs", text(roundTripMs.max()));
        all.put("cookieReplies", sum(peer -> peer.cookieReplies));
        all.put("hubInitiations", sum(peer -> peer.initiationsReceived));
        all.put("staleInitiations", sum(peer -> peer.staleInitiations));
        all.put("replays", sum(peer -> peer.replays));
        all.put("forgeries", sum(peer -> peer.forgeries));
        all.put("expired", sum(peer -> peer.expired));
        all.put("unsent", socket.unsentDatagrams());
        return all;
    }

    private int sum(ToIntFunction<SimulatedPeer> figure) {
        return peers.values().stream().mapToInt(figure).sum();
    }

    private static String text(double figure) {
        return String.format(Locale.ROOT, "%.3f", figure);
    }

    @Override
    public void close() {
        socket.close();
        peers.values().forEach(SimulatedPeer::close);
        crypto.close();
        arena.close();
    }
}
