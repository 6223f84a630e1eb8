package dev.culvert.device;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What one request takes from some peers for others. A peer's list is immutable, so its losses are gathered and
/// taken off together: a hundred thousand prefixes that move would copy it as often. Under the device's
/// configuration lock; a peer with losses must be settled before anybody reads its list.
@AnyThread
final class MovedPrefixes {
    private static final Logger LOG = LoggerFactory.getLogger(MovedPrefixes.class);
    private static final int LOGGED_MAX = 20;

    private final Map<Peer, Set<AllowedIp>> lost = new LinkedHashMap<>();
    private final LaneCounters counters;
    private final EventLog events;
    private int count;

    MovedPrefixes(LaneCounters counters, EventLog events) {
        this.counters = counters;
        this.events = events;
    }

    void add(AllowedIp prefix, Peer from, Peer to) {
        lost.computeIfAbsent(from, peer -> new HashSet<>()).add(prefix);
        if (count < LOGGED_MAX) {
            LOG.warn(
                    "allowed-ips {} moved from peer {} to peer {}",
                    IpText.format(prefix),
                    from.publicKey(),
                    to.publicKey());
        }
        if (count < EventLog.CHANGES_MAX) {
            events.add(
                    EventKind.PREFIX_MOVED,
                    to.publicKey(),
                    "prefix",
                    IpText.format(prefix),
                    "from_key",
                    from.publicKey().toBase64());
        }
        count++;
    }

    /// Takes off the peer's list what it has lost.
    void settle(Peer peer) {
        Set<AllowedIp> prefixes = lost.remove(peer);
        if (prefixes != null) {
            peer.allowedIps = without(peer.allowedIps, prefixes);
        }
    }

    void settleAll() {
        lost.forEach((peer, prefixes) -> peer.allowedIps = without(peer.allowedIps, prefixes));
        lost.clear();
        counters.allowedIpsMoved(count);
        if (count > LOGGED_MAX) {
            LOG.warn("{} more allowed-ips moved from one peer to another in the same request", count - LOGGED_MAX);
        }
    }

    private static List<AllowedIp> without(List<AllowedIp> list, Set<AllowedIp> prefixes) {
        return list.stream().filter(prefix -> !prefixes.contains(prefix)).toList();
    }
}
