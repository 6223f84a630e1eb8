package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The last incidents of peers and of sources, for `culvert why`. Holds so many and no more, whatever comes in: the
/// peer or source of which nothing was noted for longest makes room.
///
/// Whoever notes something asks for an [Allowance] first, and makes no object before: what a flood brings beyond it
/// costs one read. A sender that is no peer, or has not proved to be one, uses another allowance than peers do, and is
/// kept elsewhere, so that it can hide nothing of theirs.
@AnyThread
final class IncidentLog {
    static final int PEERS_MAX = 4096;
    static final int INCIDENTS_OF_PEER = 8;
    static final int SOURCES_MAX = 1024;
    static final int INCIDENTS_OF_SOURCE = 4;

    /// The same again is an event once in so long.
    private static final long AGAIN_NS = 60_000_000_000L;

    private final DeviceClock clock;
    private final EventLog events;
    private final Allowance[] allowances = {new Allowance(1000), new Allowance(1000), new Allowance(100)};
    private final LatestFirst<PublicKey> peers = new LatestFirst<>(PEERS_MAX, INCIDENTS_OF_PEER);
    private final LatestFirst<InetAddress> sources = new LatestFirst<>(SOURCES_MAX, INCIDENTS_OF_SOURCE);

    /// Whose incidents.
    enum Of {
        /// A sender that has proved nothing.
        SOURCE,
        /// Handshakes of a peer.
        PEER,
        /// Packets of a peer, which may be millions.
        PACKET
    }

    /// Rings of incidents; the one that was longest without a new one is dropped first.
    private static final class LatestFirst<K> {
        private final int ringIncidents;
        private final LinkedHashMap<K, Deque<Incident>> rings;

        LatestFirst(int ringsMax, int ringIncidents) {
            this.ringIncidents = ringIncidents;
            rings = new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<K, Deque<Incident>> eldest) {
                    return size() > ringsMax;
                }
            };
        }

        /// @return false if the same was noted in this minute
        synchronized boolean add(K key, Incident incident) {
            Deque<Incident> ring = rings.computeIfAbsent(key, _ -> new ArrayDeque<>(1));
            Incident same = ring.stream()
                    .filter(each -> isSame(each, incident))
                    .findFirst()
                    .orElse(null);
            if (same != null) {
                ring.remove(same);
            } else if (ring.size() == ringIncidents) {
                ring.removeLast();
            }
            ring.addFirst(same == null ? incident : same.again(incident));
            return same == null || incident.lastWallNs() / AGAIN_NS != same.lastWallNs() / AGAIN_NS;
        }

        private static boolean isSame(Incident one, Incident other) {
            return one.cause() == other.cause()
                    && Objects.equals(one.key(), other.key())
                    && Objects.equals(address(one), address(other));
        }

        /// The port changes with every mapping of a NAT.
        private static @Nullable InetAddress address(Incident incident) {
            return incident.source() == null ? null : incident.source().getAddress();
        }

        synchronized List<Incident> of(K key) {
            Deque<Incident> ring = rings.get(key);
            return ring == null ? List.of() : List.copyOf(ring);
        }

        synchronized List<Incident> all() {
            List<Incident> all = new ArrayList<>();
            rings.values().forEach(all::addAll);
            all.sort(Comparator.comparingLong(Incident::lastWallNs).reversed());
            return all;
        }

        synchronized int incidents() {
            return rings.values().stream().mapToInt(Deque::size).sum();
        }
    }

    /// @param events are told of handshakes that were refused
    IncidentLog(DeviceClock clock, EventLog events) {
        this.clock = clock;
        this.events = events;
    }

    /// Asked before anything is made for [#ofPeer] or [#ofSource].
    ///
    /// @param nowNs boot time
    @SuppressWarnings("EnumOrdinal") // the position in one array
    boolean allows(Of whose, long nowNs) {
        return allowances[whose.ordinal()].take(nowNs);
    }

    /// The peer is who it says.
    void ofPeer(Peer peer, Cause cause, @Nullable Endpoint source, String detail) {
        if (peers.add(peer.publicKey(), incident(cause, source, peer.publicKey(), detail)) && cause.refuses()) {
            events.refused(cause, source, peer.publicKey(), detail);
        }
    }

    /// @param claimed what the sender says it is; anybody can
    void ofSource(Endpoint source, Cause cause, @Nullable PublicKey claimed) {
        Incident incident = incident(cause, source, claimed, "");
        if (sources.add(source.toSocketAddress().getAddress(), incident) && cause.refuses()) {
            events.refused(cause, source, claimed, "");
        }
    }

    private Incident incident(Cause cause, @Nullable Endpoint source, @Nullable PublicKey key, String detail) {
        long wallNs = clock.wallNs();
        return new Incident(cause, wallNs, wallNs, 1, source == null ? null : source.toSocketAddress(), key, detail);
    }

    /// The latest first.
    List<Incident> ofPeer(PublicKey key) {
        return peers.of(key);
    }

    /// Of all peers and senders at that address, the latest first.
    List<Incident> at(InetAddress address) {
        List<Incident> all = new ArrayList<>(sources.of(address));
        for (Incident incident : peers.all()) {
            if (incident.source() != null && address.equals(incident.source().getAddress())) {
                all.add(incident);
            }
        }
        all.sort(Comparator.comparingLong(Incident::lastWallNs).reversed());
        return all;
    }

    /// Of senders that proved nothing, the latest first.
    List<Incident> ofStrangers() {
        return sources.all();
    }

    /// All that are held.
    int incidents() {
        return peers.incidents() + sources.incidents();
    }
}
