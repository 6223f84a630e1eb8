package dev.culvert.device;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.noise.Cookie;
import dev.culvert.noise.RemoteIdentity;
import dev.culvert.noise.SentInitiation;
import dev.culvert.noise.SessionKeys;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.noise.Tai64n;
import dev.culvert.wire.CookieReply;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A handshake with ourselves over the loopback: through socket, lane, worker and back, as a peer's goes. Its peer
/// has
/// a key made at the start and no allowed IPs; it is in no list, and only [PeerTable#find] knows it.
///
/// Any thread; one probe at a time, at most one in [#PAUSE_NS].
@AnyThread
final class HealthProbe implements AutoCloseable {
    /// A load balancer asks more often than that.
    static final long PAUSE_NS = 10_000_000_000L;

    private static final int ANSWER_MS = 1_000;
    private static final int ROOM = 256;
    // Types of messages: the first byte.
    private static final int HANDSHAKE_RESPONSE = 2;
    private static final int COOKIE_REPLY = 3;
    private static final String[] LOOPBACKS = {"127.0.0.1", "::1"};

    private final DeviceState device;
    private final StaticIdentity me;
    private final HandshakeCipher cipher;
    private final Cookie cookie = new Cookie();
    private @Nullable Tai64n lastTimestamp;
    private boolean asked;
    private long askedNs;
    private String trouble = "";
    private boolean closed;

    HealthProbe(DeviceState device, AeadEngine engine) {
        this.device = device;
        me = new StaticIdentity(PrivateKey.generate(device.random));
        cipher = new HandshakeCipher(engine.newAead());
        device.peers.hide(new Peer(me.publicKey()));
    }

    /// @param port that the device listens on
    /// @return what is wrong, empty if a handshake was made; of the last probe if that is not older than the pause
    synchronized String trouble(int port) {
        long nowNs = device.clock.bootNs();
        if (!closed && (!asked || nowNs - askedNs >= PAUSE_NS)) {
            asked = true;
            askedNs = nowNs;
            trouble = probe(port);
        }
        return trouble;
    }

    private String probe(int port) {
        Identity identity = device.identity;
        if (identity == null) {
            return "the interface has no private key";
        }
        String last = "";
        for (String loopback : LOOPBACKS) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(ANSWER_MS);
                socket.connect(InetAddress.getByName(loopback), port);
                last = handshake(identity, socket);
            } catch (SocketTimeoutException e) {
                last = "a handshake with port " + port + " was not answered within a second";
            } catch (IOException e) {
                last = "a handshake with port " + port + " failed: " + e.getMessage();
            }
            if (last.isEmpty()) {
                break;
            }
        }
        return last;
    }

    private String handshake(Identity identity, DatagramSocket socket) throws IOException {
        Peer hidden = device.peers.find(me.publicKey());
        if (hidden == null) {
            return "the probe's peer is not there";
        }
        Tai64n timestamp = Tai64n.of(device.clock.wallNs()).orAfter(lastTimestamp);
        lastTimestamp = timestamp;
        StaticIdentity hub = identity.keys();
        try (SentInitiation sent = SentInitiation.create(
                me, hub.publicKey(), hidden.staticStatic(hub), timestamp, PrivateKey.generate(device.random), cipher)) {
            if (sent == null) {
                return "the interface's key is of low order";
            }
            byte[] message = sent.message();
            HandshakeInitiation.writeSenderIndex(message, (int) DeviceState.randomLong(device.random));
            cookie.stamp(message, new RemoteIdentity(hub.publicKey()), device.clock.bootNs());
            socket.send(new DatagramPacket(message, message.length));
            DatagramPacket answer = new DatagramPacket(new byte[ROOM], ROOM);
            socket.receive(answer);
            return judge(sent, Arrays.copyOf(answer.getData(), answer.getLength()));
        }
    }

    private String judge(SentInitiation sent, byte[] answer) {
        if (answer.length == CookieReply.BYTES && answer[0] == COOKIE_REPLY) {
            return ""; // under load: it answers, and lets in who comes again
        }
        if (answer.length != HandshakeResponse.BYTES || answer[0] != HANDSHAKE_RESPONSE) {
            return "a handshake was answered by something else";
        }
        SessionKeys keys = sent.consumeResponse(me, PresharedKey.NONE, answer, cipher);
        if (keys == null) {
            return "a handshake was answered by somebody with another key";
        }
        keys.close();
        return "";
    }

    @Override
    public synchronized void close() {
        closed = true;
        me.close();
        cipher.close();
    }
}
