package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.Protocol;
import dev.culvert.noise.Tai64n;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What is remembered across restarts: takes over what an earlier run knew of a peer when the peer is
/// configured, and tells a journal what changes. Off, and free of cost, until [#begin].
@AnyThread
final class PeerMemory {
    /// Sessions that old are dead: their peers are not greeted.
    private static final long ALIVE_NS = Protocol.REJECT_AFTER_TIME_NS;

    private final LinkedBlockingQueue<Peer> changed = new LinkedBlockingQueue<>();
    private volatile boolean on;

    // Under the device's configuration lock.
    private final Map<PublicKey, RememberedPeer> before = new LinkedHashMap<>();
    private long endedWallNs;

    /// @param peers of an earlier run; before the first peer is configured. Under the configuration lock
    void begin(List<RememberedPeer> peers) {
        for (RememberedPeer peer : peers) {
            before.put(peer.publicKey(), peer);
            endedWallNs = Math.max(endedWallNs, peer.lastHandshakeWallNs());
        }
        on = true;
    }

    /// A peer was made: it starts with what is remembered of it. Under the configuration lock.
    ///
    /// @return whether it had a session when the earlier run ended
    boolean recall(Peer peer) {
        RememberedPeer known = before.get(peer.publicKey());
        if (known == null) {
            return false;
        }
        if (known.stampSeconds() != 0) {
            peer.greatestTimestamp = new Tai64n(known.stampSeconds(), known.stampNanoseconds());
        }
        InetSocketAddress endpoint = known.endpoint();
        if (endpoint == null) {
            return false;
        }
        peer.configuredEndpoint = Endpoint.of(endpoint);
        return known.lastHandshakeWallNs() != 0 && endedWallNs - known.lastHandshakeWallNs() <= ALIVE_NS;
    }

    /// A peer is removed: whoever adds it again wants a new one. Under the configuration lock.
    void forget(Peer peer) {
        before.remove(peer.publicKey());
        note(peer);
    }

    /// Something of the peer changed. Called on its home lane after the change, once a handshake or a change of
    /// endpoint.
    void note(Peer peer) {
        if (on && !peer.noted) {
            peer.noted = true;
            changed.add(peer);
        }
    }

    /// See [PeerNotes#awaitChange].
    @Nullable
    RememberedPeer awaitChange(long timeoutMs) throws InterruptedException {
        Peer peer = changed.poll(timeoutMs, TimeUnit.MILLISECONDS);
        if (peer == null) {
            return null;
        }
        // Before the values are read: a change that comes later notes the peer again.
        peer.noted = false;
        return peer.removed ? RememberedPeer.removed(peer.publicKey()) : of(peer, null);
    }

    /// See [PeerNotes#all]. Under the configuration lock.
    List<RememberedPeer> all(List<Peer> peers) {
        Map<PublicKey, RememberedPeer> all = new LinkedHashMap<>(before);
        for (Peer peer : peers) {
            RememberedPeer now = of(peer, before.get(peer.publicKey()));
            if (now.stampSeconds() != 0 || now.lastHandshakeWallNs() != 0) {
                all.put(peer.publicKey(), now);
            }
        }
        return new ArrayList<>(all.values());
    }

    /// @param known of an earlier run: its handshake counts until there is one in this
    private static RememberedPeer of(Peer peer, @Nullable RememberedPeer known) {
        LanePeer lanePeer = peer.lanePeer;
        Endpoint endpoint = lanePeer == null ? peer.configuredEndpoint : lanePeer.endpoint;
        long handshakeNs = lanePeer == null ? 0 : lanePeer.lastHandshakeWallNs;
        Tai64n stamp = peer.greatestTimestamp;
        return new RememberedPeer(
                peer.publicKey(),
                endpoint == null ? null : endpoint.toSocketAddress(),
                stamp == null ? 0 : stamp.seconds(),
                stamp == null ? 0 : stamp.nanoseconds(),
                handshakeNs != 0 || known == null ? handshakeNs : known.lastHandshakeWallNs(),
                false);
    }
}
