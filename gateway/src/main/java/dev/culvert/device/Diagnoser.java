package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Diagnosis.Conclusion;
import dev.culvert.noise.Protocol;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Answers "why does this peer not connect?" from the incidents that were noted and from the state. Under the device's
/// configuration lock.
@AnyThread
final class Diagnoser {
    /// Peers that one question is answered for; a prefix of one letter fits many.
    static final int ANSWERS_MAX = 16;
    /// Strangers that are shown for a peer of which nothing was ever seen: one of them may be it.
    private static final int STRANGERS_MAX = 4;

    private static final long SECOND_NS = 1_000_000_000L;

    private final DeviceState state;
    private final Map<PublicKey, String> endpointTroubles;
    private final Map<PublicKey, PeerLabel> labels;

    /// @param endpointTroubles sentences by peer
    Diagnoser(DeviceState state, Map<PublicKey, String> endpointTroubles, Map<PublicKey, PeerLabel> labels) {
        this.state = state;
        this.endpointTroubles = endpointTroubles;
        this.labels = labels;
    }

    /// @param query a public key, the beginning of one, a peer's name or the beginning of one, an inner address, or an
    ///     outer address with or without port
    /// @return at most [#ANSWERS_MAX]; none if nothing fits
    List<Diagnosis> why(String query) {
        InetAddress address = address(query);
        if (address != null) {
            return whyAddress(address);
        }
        List<Diagnosis> answers = new ArrayList<>();
        for (Peer peer : fitting(query)) {
            answers.add(whyPeer(peer));
        }
        PublicKey key = answers.isEmpty() ? wholeKey(query) : null;
        if (key != null) {
            answers.add(whyStranger(key));
        }
        return answers;
    }

    private static @Nullable InetAddress address(String query) {
        InetAddress alone = IpText.parseScoped(query);
        if (alone != null) {
            return alone;
        }
        InetSocketAddress withPort = IpText.parseEndpoint(query);
        return withPort == null ? null : withPort.getAddress();
    }

    private static @Nullable PublicKey wholeKey(String query) {
        try {
            return PublicKey.fromBase64(query);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private List<Peer> fitting(String query) {
        PublicKey key = wholeKey(query);
        if (key != null) {
            Peer peer = state.peers.find(key);
            return peer == null ? List.of() : List.of(peer);
        }
        String asked = query.toLowerCase(Locale.ROOT);
        List<Peer> called = new ArrayList<>();
        List<Peer> begins = new ArrayList<>();
        for (Peer peer : state.peers.all()) {
            String name = name(peer.publicKey()).toLowerCase(Locale.ROOT);
            if (name.equals(asked)) {
                called.add(peer);
            } else if (peer.publicKey().toBase64().startsWith(query) || !name.isEmpty() && name.startsWith(asked)) {
                begins.add(peer);
            }
        }
        List<Peer> fitting = called.isEmpty() ? begins : called;
        return fitting.subList(0, Math.min(fitting.size(), ANSWERS_MAX));
    }

    private List<Diagnosis> whyAddress(InetAddress address) {
        Set<Peer> peers = new LinkedHashSet<>();
        AllowedIp bits = AllowedIp.of(address.getAddress(), address.getAddress().length * 8);
        Peer inner = state.router.peerFor(bits.ipv6(), bits.hi(), bits.lo());
        for (Peer peer : state.peers.all()) {
            InetSocketAddress endpoint = endpoint(peer);
            if (endpoint != null && endpoint.getAddress().equals(address) && peers.size() < ANSWERS_MAX - 1) {
                peers.add(peer);
            }
        }
        List<Incident> incidents = state.incidents.at(address);
        List<Diagnosis> answers = new ArrayList<>();
        // The owner of a default route owns every address: it is asked for by its key.
        if (inner != null && peers.isEmpty() && incidents.isEmpty()) {
            peers.add(inner);
        }
        if (peers.isEmpty()) {
            List<Conclusion> none = incidents.isEmpty() ? List.of(new Conclusion(Cause.NOTHING_NOTED, "")) : List.of();
            answers.add(new Diagnosis(null, "", new InetSocketAddress(address, 0), 0, none, incidents));
        }
        for (Peer peer : peers) {
            answers.add(whyPeer(peer));
        }
        return answers;
    }

    private Diagnosis whyStranger(PublicKey key) {
        List<Incident> claims = state.incidents.ofStrangers().stream()
                .filter(incident -> Objects.equals(incident.key(), key))
                .limit(IncidentLog.INCIDENTS_OF_PEER)
                .toList();
        return new Diagnosis(key, "", null, 0, List.of(new Conclusion(Cause.NOT_A_PEER, "")), claims);
    }

    private Diagnosis whyPeer(Peer peer) {
        PublicKey key = peer.publicKey();
        LanePeer lanePeer = peer.lanePeer;
        InetSocketAddress endpoint = endpoint(peer);
        long handshakeNs = lanePeer == null ? 0 : lanePeer.lastHandshakeWallNs;
        List<Incident> incidents = new ArrayList<>(state.incidents.ofPeer(key));
        // What the sender of other keys at its address did may be its own doing.
        if (endpoint != null) {
            state.incidents.at(endpoint.getAddress()).stream()
                    .filter(incident -> incident.key() == null)
                    .forEach(incidents::add);
        }
        boolean everSeen = handshakeNs != 0 || lanePeer != null && lanePeer.rxBytes() != 0;
        List<Conclusion> conclusions = new ArrayList<>();
        hindrances(peer, conclusions);
        conclusions.add(session(handshakeNs, everSeen, !incidents.isEmpty()));
        if (!everSeen && incidents.isEmpty()) {
            state.incidents.ofStrangers().stream().limit(STRANGERS_MAX).forEach(incidents::add);
        }
        incidents.sort(Comparator.comparingLong(Incident::lastWallNs).reversed());
        return new Diagnosis(key, name(key), endpoint, handshakeNs, conclusions, incidents);
    }

    private void hindrances(Peer peer, List<Conclusion> conclusions) {
        if (!state.up) {
            conclusions.add(new Conclusion(Cause.INTERFACE_DOWN, ""));
        }
        if (state.draining) {
            conclusions.add(new Conclusion(Cause.DRAINING, ""));
        }
        if (state.identity == null) {
            conclusions.add(new Conclusion(Cause.NO_PRIVATE_KEY, ""));
        }
        if (peer.allowedIps.isEmpty()) {
            conclusions.add(new Conclusion(Cause.NO_ALLOWED_IPS, ""));
        }
        String trouble = endpointTroubles.get(peer.publicKey());
        if (trouble != null) {
            conclusions.add(new Conclusion(Cause.ENDPOINT_NAME, trouble));
        }
    }

    private Conclusion session(long handshakeNs, boolean everSeen, boolean failed) {
        if (handshakeNs == 0) {
            return new Conclusion(everSeen || failed ? Cause.NEVER_CONNECTED : Cause.NEVER_SEEN, "");
        }
        long ageNs = Math.max(0, state.clock.wallNs() - handshakeNs);
        return new Conclusion(
                ageNs < Protocol.REJECT_AFTER_TIME_NS ? Cause.CONNECTED : Cause.NO_SESSION,
                "the last handshake was " + ageNs / SECOND_NS + " s ago");
    }

    private String name(PublicKey key) {
        return labels.getOrDefault(key, PeerLabel.NONE).name();
    }

    private static @Nullable InetSocketAddress endpoint(Peer peer) {
        LanePeer lanePeer = peer.lanePeer;
        Endpoint endpoint = lanePeer != null ? lanePeer.endpoint : peer.configuredEndpoint;
        return endpoint == null ? null : endpoint.toSocketAddress();
    }
}
