package dev.culvert.device;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The peers' side of the control plane: compares what is asked with what stands, so that an unchanged peer
/// publishes nothing and sends its lane no command (`wg syncconf` resends every peer). Under the device's
/// configuration lock.
@AnyThread
final class PeerConfiguration {
    private final DeviceState state;
    private final Greeter greeter;

    /// Sends first to peers that an earlier run knew, when the link is up.
    interface Greeter {
        void add(Peer peer);

        /// The link came up.
        void begin();
    }

    /// @param greeter of those that an earlier run knew
    PeerConfiguration(DeviceState state, Greeter greeter) {
        this.state = state;
        this.greeter = greeter;
    }

    /// Works through the blocks in order; nothing here can fail.
    void apply(DeviceChange change) {
        RouterEdit routes = new RouterEdit(state.router);
        ChangedPeers changed = new ChangedPeers(state.events);
        if (change.replacePeers()) {
            for (Peer peer : state.peers.all()) {
                changed.removed(peer);
                remove(peer, routes);
            }
        }
        MovedPrefixes moved = new MovedPrefixes(state.counters, state.events);
        for (PeerChange block : change.peers()) {
            apply(block, routes, moved, changed);
        }
        moved.settleAll();
        routes.publish(state);
        changed.tell();
    }

    private void apply(PeerChange block, RouterEdit routes, MovedPrefixes moved, ChangedPeers changed) {
        if (isOwnKey(block.publicKey())) {
            return;
        }
        Peer peer = state.peers.find(block.publicKey());
        if (block.remove()) {
            if (peer != null) {
                changed.removed(peer);
                remove(peer, routes);
            }
            return;
        }
        if (peer == null) {
            if (block.updateOnly()) {
                return;
            }
            peer = new Peer(block.publicKey());
            if (state.memory.recall(peer)) {
                greeter.add(peer);
            }
            state.peers.add(peer);
            changed.added(peer);
        }
        changed.before(peer);
        presharedKey(peer, block.presharedKey());
        endpoint(peer, block.endpoint());
        allowedIps(peer, block, routes, moved);
        boolean keepaliveBegins = keepalive(peer, block.persistentKeepaliveSeconds());
        changed.after(peer);
        if (state.up && (keepaliveBegins || peer.lanePeer != null && block.endpoint() != null)) {
            routes.publish(state); // before a lane sends for it
            start(peer, keepaliveBegins);
        }
    }

    private boolean isOwnKey(PublicKey key) {
        Identity identity = state.identity;
        return identity != null && identity.keys().publicKey().equals(key);
    }

    private static void presharedKey(Peer peer, @Nullable PresharedKey key) {
        if (key != null && !peer.presharedKey.equals(key)) {
            peer.presharedKey(key);
        }
    }

    static void endpoint(Peer peer, @Nullable InetSocketAddress address) {
        if (address == null) {
            return;
        }
        Endpoint wanted = Endpoint.of(address);
        LanePeer lanePeer;
        synchronized (peer) { // a lane state that is just being made takes the one or gets the command
            peer.configuredEndpoint = wanted;
            lanePeer = peer.lanePeer;
        }
        if (lanePeer != null) {
            lanePeer.lane.command(() -> lanePeer.endpoint = wanted);
        }
    }

    private static boolean keepalive(Peer peer, @Nullable Integer seconds) {
        if (seconds == null || seconds == peer.persistentKeepaliveSeconds) {
            return false;
        }
        boolean begins = peer.persistentKeepaliveSeconds == 0;
        peer.persistentKeepaliveSeconds = seconds;
        return begins;
    }

    /// After a block, with the link up: a keepalive where one begins, and what is staged is tried.
    private void start(Peer peer, boolean keepaliveBegins) {
        LanePeer home = state.assignment.home(peer);
        if (home != null) {
            home.lane.command(() -> {
                if (keepaliveBegins) {
                    home.lane.timers.start(home);
                }
                home.lane.sender.sendStaged(home);
            });
        }
    }

    private static void allowedIps(Peer peer, PeerChange block, RouterEdit routes, MovedPrefixes moved) {
        if (!block.replaceAllowedIps() && block.allowedIps().isEmpty()) {
            return;
        }
        moved.settle(peer);
        // Of each prefix the last line counts; one that is inserted again goes last.
        Map<AllowedIp, Boolean> lines =
                LinkedHashMap.newLinkedHashMap(block.allowedIps().size());
        for (PeerChange.AllowedIpChange change : block.allowedIps()) {
            lines.remove(change.prefix());
            lines.put(change.prefix(), !change.remove());
        }
        List<AllowedIp> wanted = new ArrayList<>(lines.size());
        List<AllowedIp> unwanted = new ArrayList<>();
        for (AllowedIp prefix : peer.allowedIps) {
            Boolean line = lines.get(prefix);
            if (line == null && !block.replaceAllowedIps()) {
                wanted.add(prefix);
            } else if (line == null || !line) {
                unwanted.add(prefix);
            }
        }
        lines.forEach((prefix, there) -> {
            if (there) {
                wanted.add(prefix);
            }
        });
        if (wanted.equals(peer.allowedIps)) {
            return;
        }
        unwanted.forEach(prefix -> routes.remove(prefix, peer));
        lines.forEach((prefix, there) -> {
            Peer owner = there ? routes.insert(prefix, peer) : null;
            if (owner != null) {
                moved.add(prefix, owner, peer);
            }
        });
        peer.allowedIps = List.copyOf(wanted);
    }

    private void remove(Peer peer, RouterEdit routes) {
        for (AllowedIp prefix : peer.allowedIps) {
            routes.remove(prefix, peer);
        }
        peer.allowedIps = List.of();
        state.peers.remove(peer);
        LanePeer lanePeer;
        synchronized (peer) {
            peer.removed = true;
            lanePeer = peer.lanePeer;
        }
        state.memory.forget(peer);
        if (lanePeer == null) {
            peer.wipe();
            return;
        }
        lanePeer.lane.homePeers.decrementAndGet();
        lanePeer.lane.command(() -> {
            lanePeer.lane.stop(lanePeer, DropReason.PEER_REMOVED);
            peer.wipe();
        });
    }

    void linkUp() {
        for (Peer peer : state.peers.all()) {
            if (peer.persistentKeepaliveSeconds != 0) {
                start(peer, true);
            }
        }
        greeter.begin();
    }

    void linkDown() {
        forEachLanePeer(peer -> peer.lane.stop(peer, DropReason.DEVICE_DOWN));
    }

    /// The port or the mark changed: the cached source addresses may be wrong now.
    void forgetSources() {
        forEachLanePeer(LanePeer::forgetSource);
    }

    void forgetSessions() {
        forEachLanePeer(peer -> peer.lane.forgetSession(peer));
    }

    /// @param identity the new one, null if there is none any more
    void identityChanged(@Nullable Identity identity) {
        if (identity != null) {
            Peer self = state.peers.find(identity.keys().publicKey());
            if (self != null) {
                RouterEdit routes = new RouterEdit(state.router);
                state.events.add(EventKind.PEER_REMOVED, self.publicKey());
                remove(self, routes);
                routes.publish(state);
            }
        }
        state.peers.all().forEach(Peer::forgetStaticStatic);
        forEachLanePeer(peer -> peer.lane.identityChanged(peer));
    }

    private void forEachLanePeer(Consumer<LanePeer> action) {
        for (Peer peer : state.peers.all()) {
            LanePeer lanePeer = peer.lanePeer;
            if (lanePeer != null) {
                lanePeer.lane.command(() -> action.accept(lanePeer));
            }
        }
    }

    List<PeerStatus> status() {
        List<Peer> all = state.peers.all();
        List<PeerStatus> result = new ArrayList<>(all.size());
        for (Peer peer : all) {
            result.add(status(peer, peer.presharedKey.copy()));
        }
        return result;
    }

    /// Of the peers that have some.
    Map<PublicKey, Map<DropReason, Long>> drops() {
        Map<PublicKey, Map<DropReason, Long>> drops = new HashMap<>();
        for (Peer peer : state.peers.all()) {
            Map<DropReason, Long> ofPeer = peer.drops();
            if (!ofPeer.isEmpty()) {
                drops.put(peer.publicKey(), ofPeer);
            }
        }
        return drops;
    }

    @Nullable
    PeerStatus status(PublicKey key) {
        Peer peer = state.peers.find(key);
        return peer == null ? null : status(peer, peer.presharedKey.copy());
    }

    static PeerStatus status(Peer peer, PresharedKey presharedKey) {
        LanePeer lanePeer = peer.lanePeer;
        Endpoint endpoint = lanePeer != null ? lanePeer.endpoint : peer.configuredEndpoint;
        return new PeerStatus(
                peer.publicKey(),
                presharedKey,
                endpoint == null ? null : endpoint.toSocketAddress(),
                lanePeer == null ? 0 : lanePeer.lastHandshakeWallNs,
                lanePeer == null ? 0 : lanePeer.txBytes(),
                lanePeer == null ? 0 : lanePeer.rxBytes(),
                peer.persistentKeepaliveSeconds,
                peer.allowedIps);
    }
}
