package dev.culvert.device;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What one request does to peers, for [EventLog]: told singly if it is not much, else in one sum. A peer that the same
/// request takes away and adds again, as `wg setconf` does with all, counts as changed, if it is. Under the device's
/// configuration lock.
@AnyThread
final class ChangedPeers {
    /// Of one peer that are named.
    static final int PREFIXES_MAX = 20;

    private final EventLog events;
    private final Map<PublicKey, Settings> removed = new LinkedHashMap<>();
    private final Map<PublicKey, Settings> again = new LinkedHashMap<>();
    private final Map<PublicKey, Peer> added = new LinkedHashMap<>();
    private final Map<PublicKey, Set<String>> changed = new LinkedHashMap<>();

    // Before the block that is being applied.
    private @Nullable PresharedKey presharedKey;
    private @Nullable Endpoint endpoint;
    private List<AllowedIp> allowedIps = List.of();
    private int keepaliveSeconds;

    /// What a peer had.
    ///
    /// @param presharedKey a copy, to be closed
    private record Settings(
            Set<AllowedIp> allowedIps,
            int keepaliveSeconds,
            @Nullable Endpoint endpoint,
            @Nullable PresharedKey presharedKey) {
        /// Of one in a long list, where nothing is told of one peer.
        private static final Settings UNKNOWN = new Settings(Set.of(), 0, null, null);

        static Settings of(Peer peer) {
            return new Settings(
                    new HashSet<>(peer.allowedIps),
                    peer.persistentKeepaliveSeconds,
                    peer.configuredEndpoint,
                    peer.presharedKey.copy());
        }

        List<String> differences(Peer now) {
            Endpoint next = now.configuredEndpoint;
            return names(
                    presharedKey == null || !now.presharedKey.equals(presharedKey),
                    next != null && (endpoint == null || !next.isSameAs(endpoint)),
                    !allowedIps.equals(new HashSet<>(now.allowedIps)),
                    keepaliveSeconds != now.persistentKeepaliveSeconds);
        }

        void close() {
            if (presharedKey != null) {
                presharedKey.close();
            }
        }
    }

    ChangedPeers(EventLog events) {
        this.events = events;
    }

    /// Before it is taken away.
    void removed(Peer peer) {
        PublicKey key = peer.publicKey();
        Settings earlier = again.remove(key);
        changed.remove(key);
        if (added.remove(key) == null || earlier != null) {
            Settings had = earlier;
            if (had == null) {
                had = removed.size() < EventLog.CHANGES_MAX ? Settings.of(peer) : Settings.UNKNOWN;
            }
            removed.put(key, had);
        }
    }

    void added(Peer peer) {
        Settings had = removed.remove(peer.publicKey());
        if (had == null) {
            added.put(peer.publicKey(), peer);
        } else {
            again.put(peer.publicKey(), had);
        }
    }

    /// A block of the request is about to be applied. What it changes is replaced by another object.
    void before(Peer peer) {
        presharedKey = peer.presharedKey;
        endpoint = peer.configuredEndpoint;
        allowedIps = peer.allowedIps;
        keepaliveSeconds = peer.persistentKeepaliveSeconds;
    }

    /// The block was applied.
    @SuppressWarnings("ReferenceEquality") // see before
    void after(Peer peer) {
        PublicKey key = peer.publicKey();
        Settings had = again.get(key);
        if (had != null) {
            changed.remove(key);
            if (had != Settings.UNKNOWN) {
                note(key, had.differences(peer));
            }
        } else if (!added.containsKey(key)) {
            Endpoint next = peer.configuredEndpoint;
            note(
                    key,
                    names(
                            presharedKey != peer.presharedKey,
                            next != null && (endpoint == null || !next.isSameAs(endpoint)),
                            allowedIps != peer.allowedIps,
                            keepaliveSeconds != peer.persistentKeepaliveSeconds));
        }
    }

    private void note(PublicKey key, List<String> what) {
        if (!what.isEmpty()) {
            changed.computeIfAbsent(key, _ -> new LinkedHashSet<>()).addAll(what);
        }
    }

    private static List<String> names(
            boolean ofPresharedKey, boolean ofEndpoint, boolean ofAllowedIps, boolean ofKeepalive) {
        if (!ofPresharedKey && !ofEndpoint && !ofAllowedIps && !ofKeepalive) {
            return List.of();
        }
        List<String> what = new ArrayList<>();
        if (ofPresharedKey) {
            what.add("preshared_key");
        }
        if (ofEndpoint) {
            what.add("endpoint");
        }
        if (ofAllowedIps) {
            what.add("allowed_ips");
        }
        if (ofKeepalive) {
            what.add("persistent_keepalive");
        }
        return what;
    }

    /// An event is for people, and a line of the management socket: a peer may have a hundred thousand.
    private static String prefixes(List<AllowedIp> all) {
        String first = all.stream().limit(PREFIXES_MAX).map(IpText::format).collect(Collectors.joining(","));
        return all.size() <= PREFIXES_MAX ? first : first + " and " + (all.size() - PREFIXES_MAX) + " more";
    }

    /// When all of it stands.
    void tell() {
        removed.values().forEach(Settings::close);
        again.values().forEach(Settings::close);
        if (added.size() + removed.size() + changed.size() > EventLog.CHANGES_MAX) {
            events.add(
                    EventKind.PEERS_CHANGED,
                    null,
                    "added",
                    Integer.toString(added.size()),
                    "removed",
                    Integer.toString(removed.size()),
                    "changed",
                    Integer.toString(changed.size()));
            return;
        }
        removed.keySet().forEach(key -> events.add(EventKind.PEER_REMOVED, key));
        added.forEach((key, peer) -> events.add(EventKind.PEER_ADDED, key, "allowed_ips", prefixes(peer.allowedIps)));
        changed.forEach((key, what) -> events.add(EventKind.PEER_CHANGED, key, "changed", String.join(",", what)));
    }
}
