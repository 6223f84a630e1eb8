package dev.culvert.conf;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.DeviceChange;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.DeviceException;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerChange;
import dev.culvert.device.PeerStatus;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Looks endpoints that are names up again when their peer looks dead: we send to it, and there has been no
/// handshake for as long as a session can live unseen. So a site whose address its provider changes comes back by
/// itself. A peer that answers is left alone, wherever it has roamed to.
///
/// A thread of its own, which the system's resolver may block; it asks the device for one peer at a time, and
/// never a lane. [#watch] may be called by any thread.
final class EndpointRefresh implements AutoCloseable {
    private static final long LOOK_MS = 10_000;
    static final long PAUSE_NS = 30_000_000_000L;
    static final long PAUSE_MAX_NS = 300_000_000_000L;

    /// The host's resolver.
    @FunctionalInterface
    interface Lookup {
        InetAddress[] all(String host) throws UnknownHostException;
    }

    private static final class Watched {
        final EndpointText endpoint;
        long aliveNs;
        long txBytes;
        int tries;
        long nextTryNs = Long.MIN_VALUE;
        String trouble = "";

        Watched(EndpointText endpoint, long nowNs) {
            this.endpoint = endpoint;
            aliveNs = nowNs;
        }
    }

    private final DeviceControl device;
    private final Lookup lookup;
    private final LongSupplier wallNs;
    private final long deadNs;
    private final Consumer<String> say;
    private Map<PublicKey, Watched> watched = new HashMap<>();
    private @Nullable Thread thread;

    /// @param wallNs nanoseconds since 1970
    /// @param deadAfterS seconds without a handshake
    /// @param say takes a line for the operator
    EndpointRefresh(DeviceControl device, Lookup lookup, LongSupplier wallNs, int deadAfterS, Consumer<String> say) {
        this.device = device;
        this.lookup = lookup;
        this.wallNs = wallNs;
        deadNs = deadAfterS * 1_000_000_000L;
        this.say = say;
    }

    static EndpointRefresh ofSystem(DeviceControl device, int deadAfterS, Consumer<String> say) {
        return new EndpointRefresh(
                device, InetAddress::getAllByName, () -> System.currentTimeMillis() * 1_000_000, deadAfterS, say);
    }

    /// Watches the names of this file, and no others any more. Without names there is no thread.
    synchronized void watch(WgQuickFile file) {
        Map<PublicKey, Watched> next = new HashMap<>();
        for (WgQuickFile.Peer peer : file.peers()) {
            EndpointText endpoint = peer.endpoint();
            if (endpoint != null && IpText.parseScoped(endpoint.host()) == null) {
                Watched before = watched.get(peer.publicKey());
                boolean same = before != null && before.endpoint.equals(endpoint);
                next.put(peer.publicKey(), same ? before : new Watched(endpoint, wallNs.getAsLong()));
            }
        }
        watched.keySet().stream().filter(key -> !next.containsKey(key)).forEach(key -> device.endpointTrouble(key, ""));
        watched = next;
        if (thread == null && !next.isEmpty()) {
            thread = Thread.ofPlatform().daemon().name("endpoint-refresh").start(this::run);
        }
    }

    private void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(Math.min(LOOK_MS, deadNs / 1_000_000));
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the end
        }
    }

    /// One round over the names.
    void look() {
        Map<PublicKey, Watched> now;
        synchronized (this) {
            now = Map.copyOf(watched);
        }
        now.forEach(this::look);
    }

    private void look(PublicKey key, Watched peer) {
        PeerStatus status = device.peer(key);
        if (status == null) {
            return;
        }
        long nowNs = wallNs.getAsLong();
        peer.aliveNs = Math.max(peer.aliveNs, status.lastHandshakeWallNs());
        boolean sends = status.txBytes() != peer.txBytes;
        peer.txBytes = status.txBytes();
        if (nowNs - peer.aliveNs <= deadNs) {
            peer.tries = 0;
            peer.nextTryNs = Long.MIN_VALUE;
            trouble(key, peer, "");
        } else if (sends && nowNs >= peer.nextTryNs) {
            long pauseNs = Math.min(PAUSE_MAX_NS, PAUSE_NS << Math.min(peer.tries, 8));
            peer.tries++;
            peer.nextTryNs = nowNs + pauseNs;
            lookUp(key, peer, status);
        }
    }

    private void lookUp(PublicKey key, Watched peer, PeerStatus status) {
        String host = peer.endpoint.host();
        List<InetAddress> found;
        try {
            found = List.of(lookup.all(host));
        } catch (UnknownHostException e) {
            trouble(
                    key,
                    peer,
                    "the peer does not answer, and its name " + host + " cannot be resolved: "
                            + EndpointResolver.reason(e, host));
            return;
        }
        InetSocketAddress standing = status.endpoint();
        InetSocketAddress next = next(found, standing, peer.endpoint.port());
        if (next.equals(standing)) {
            trouble(key, peer, "the peer does not answer, and its name " + host + " still is " + IpText.format(next));
            return;
        }
        trouble(key, peer, "");
        PeerStatus after = device.peer(key);
        // It may have answered, roamed or gone while the resolver took its time.
        if (after == null
                || after.lastHandshakeWallNs() != status.lastHandshakeWallNs()
                || !Objects.equals(after.endpoint(), standing)) {
            return;
        }
        try {
            device.apply(DeviceChange.ofPeers(
                    List.of(new PeerChange(key, false, true, null, next, null, false, List.of()))));
            say.accept("peer " + key.toBase64() + " does not answer; " + host + " is tried at " + IpText.format(next)
                    + " now");
        } catch (DeviceException e) {
            trouble(key, peer, "the new address " + IpText.format(next) + " was refused: " + e.getMessage());
        }
    }

    /// The address behind the present one, so that a name of both families gets the other one tried; the first
    /// where the present one is none of them.
    private static InetSocketAddress next(List<InetAddress> found, @Nullable InetSocketAddress standing, int port) {
        int at = standing == null || standing.getPort() != port ? -1 : found.indexOf(standing.getAddress());
        return new InetSocketAddress(found.get((at + 1) % found.size()), port);
    }

    private void trouble(PublicKey key, Watched peer, String trouble) {
        if (!trouble.equals(peer.trouble)) {
            peer.trouble = trouble;
            device.endpointTrouble(key, trouble);
            if (!trouble.isEmpty()) {
                say.accept("peer " + key.toBase64() + ": " + trouble + "; it is tried again");
            }
        }
    }

    @Override
    public synchronized void close() {
        watched = new HashMap<>();
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }
}
