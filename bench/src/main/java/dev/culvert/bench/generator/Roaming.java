package dev.culvert.bench.generator;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.BootClock;
import dev.culvert.tun.ReceiveArray;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.MessageType;
import dev.culvert.wire.TransportData;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One simulated peer that moves: every few packets it sends from another address and another port, while the hub also
/// sends to it of its own accord. Counts what is lost and what still arrives where the peer was before.
///
/// ```
/// moves=N                    changes of address and port
/// perMove=N                  echo requests from each place
/// source=10.202.0.1 sources=N
/// ```
final class Roaming implements Generator.Job {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long REPLY_LIMIT_NS = SECOND_NS;
    private static final long CONNECT_LIMIT_NS = 30 * SECOND_NS;
    private static final long POLL_NS = 20_000;
    private static final int PORTS = 16;
    private static final int ECHO_BYTES = 100;

    private final Arena arena = Arena.ofShared();
    private final Crypto crypto = new Crypto();
    private final List<DatagramPort> sockets = new ArrayList<>();
    private final HubAddress hub;
    private final SimulatedPeer peer;
    private final int source;
    private final int sources;
    private final int moves;
    private final int perMove;
    private DatagramPort here;
    private boolean answeredHere;
    private int repliesMax;
    private int lost;
    private int lateReplies;
    private int lateUnasked;
    private int unaskedMax;
    private int unaskedOld;
    private int unasked;
    private int repliesSeen;

    private Roaming(Settings settings) throws IOException {
        hub = HubAddress.of(settings);
        source = settings.address("source");
        sources = settings.number("sources");
        moves = settings.number("moves");
        perMove = settings.number("perMove");
        for (int i = 0; i < PORTS; i++) {
            sockets.add(new DatagramPort(0));
        }
        here = sockets.getFirst();
        long keys = arena.allocate(SimulatedPeer.KEY_BYTES, 64).address();
        int number = settings.number("first", 0);
        peer = new SimulatedPeer(
                number,
                PeerKeys.of(settings.text("run"), number),
                hub,
                source,
                settings.address("innerFirst"),
                keys,
                crypto);
    }

    static Roaming prepare(Settings settings) throws IOException {
        return new Roaming(settings);
    }

    @Override
    public Map<String, Object> run(Generator.Commands commands) throws IOException {
        connect();
        Generator.say("up");
        int done = 0;
        for (; done < moves && !commands.stopped(); done++) {
            move(done + 1);
            exchange();
        }
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("moves", done);
        figures.put("sent", done * perMove);
        figures.put("lost", lost);
        figures.put("lateReplies", lateReplies);
        figures.put("unasked", unasked);
        figures.put("lateUnasked", lateUnasked);
        figures.put("lateUnaskedMax", unaskedMax);
        figures.put("handshakes", peer.handshakes);
        return figures;
    }

    private void connect() throws IOException {
        long startNs = BootClock.bootNs();
        for (long nowNs = startNs; peer.handshakes == 0; nowNs = BootClock.bootNs()) {
            if (nowNs - startNs > CONNECT_LIMIT_NS) {
                throw new IOException("the hub did not answer for 30 s");
            }
            if (peer.attemptDueNs == SimulatedPeer.NEVER || nowNs >= peer.attemptDueNs) {
                peer.initiate(here, nowNs, BootClock.wallNs());
                here.flush();
            }
            receive(nowNs);
            LockSupport.parkNanos(POLL_NS);
        }
    }

    /// To another address and another socket, so that the port changes too.
    private void move(int number) {
        here = sockets.get(number % sockets.size());
        peer.address = source + number % sources;
        answeredHere = false;
        unaskedOld = 0;
        long nowNs = BootClock.bootNs();
        if (peer.wantsRekey(nowNs)) {
            peer.initiate(here, nowNs, BootClock.wallNs());
            here.flush();
        }
    }

    private void exchange() {
        repliesSeen = 0;
        long startNs = BootClock.bootNs();
        for (int i = 0; i < perMove; i++) {
            InnerEcho.write(
                    here.nextBuffer() + TransportData.HEADER_BYTES,
                    ECHO_BYTES,
                    peer.inner,
                    hub.inner(),
                    peer.nextSequence++,
                    startNs);
            peer.send(here, ECHO_BYTES, startNs);
        }
        here.flush();
        repliesMax = perMove;
        for (long nowNs = startNs; repliesSeen < repliesMax; nowNs = BootClock.bootNs()) {
            if (nowNs - startNs > REPLY_LIMIT_NS) {
                lost += repliesMax - repliesSeen;
                break;
            }
            receive(nowNs);
            LockSupport.parkNanos(POLL_NS);
        }
        unaskedMax = Math.max(unaskedMax, unaskedOld);
    }

    private void receive(long nowNs) {
        for (DatagramPort socket : sockets) {
            int count = socket.receive();
            ReceiveArray arrived = socket.arrived();
            for (int i = 0; i < count; i++) {
                boolean atHome = socket == here && (int) (arrived.localHi(i) >>> 32) == peer.address;
                datagram(arrived.address(i), arrived.length(i), atHome, nowNs);
            }
        }
    }

    private void datagram(long at, int lengthBytes, boolean atHome, long nowNs) {
        @Nullable MessageType type = MessageType.of(at, lengthBytes);
        if (type == MessageType.RESPONSE) {
            byte[] response = new byte[HandshakeResponse.BYTES];
            Memory.copyOut(at, response, 0, response.length);
            peer.response(response, here, nowNs);
            here.flush();
        } else if (type == MessageType.DATA) {
            int plaintextBytes = peer.open(at, lengthBytes, nowNs);
            if (plaintextBytes > 0) {
                inner(InnerEcho.type(at + TransportData.HEADER_BYTES, plaintextBytes), atHome);
            }
        }
    }

    private void inner(int echo, boolean atHome) {
        if (echo == InnerEcho.REPLY) {
            repliesSeen++;
            lateReplies += atHome ? 0 : 1;
            answeredHere |= atHome;
        } else if (echo == InnerEcho.REQUEST) {
            unasked++;
            // What left the hub before it saw the move may arrive at the old place before the first reply does here.
            if (!atHome && answeredHere) {
                lateUnasked++;
                unaskedOld++;
            }
        }
    }

    @Override
    public void close() {
        sockets.forEach(DatagramPort::close);
        peer.close();
        crypto.close();
        arena.close();
    }
}
