package dev.culvert.device;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.PublicKey;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the management interfaces may do with a device. Calls are serialised by the implementation; neither waits
/// for a lane.
@AnyThread
public interface DeviceControl {
    /// Applies the change as one unit.
    ///
    /// @throws DeviceException if it cannot be applied; then nothing has changed
    void apply(DeviceChange change) throws DeviceException;

    /// A consistent view of the configuration and of the peers' published counters.
    DeviceStatus status();

    /// One peer of it; null if there is none of that key.
    @Nullable
    PeerStatus peer(PublicKey key);

    /// How many packets and messages were dropped of each peer that had some, by reason, since the peer was added. What
    /// is dropped before its peer is known, or when packets of several leave together, is not in it.
    Map<PublicKey, Map<DropReason, Long>> peerDrops();

    /// Notes what is wrong with a peer's endpoint, for [#endpointTroubles].
    ///
    /// @param trouble a sentence; empty if nothing is
    void endpointTrouble(PublicKey key, String trouble);

    /// Sentences by peer, of those that have trouble.
    Map<PublicKey, String> endpointTroubles();

    /// While on, peers without a session get none, and those with one go on.
    void drain(boolean on);

    boolean draining();

    /// What operators call its peers, all of them anew.
    void label(Map<PublicKey, PeerLabel> labels);

    Map<PublicKey, PeerLabel> labels();

    /// Why a peer does not connect, or a sender: a public key, the beginning of one or of a name, an inner or an outer
    /// address.
    ///
    /// @return empty if nothing fits
    List<Diagnosis> why(String query);

    /// What happened to it and to its peers.
    EventLog events();

    /// How it was built, by name, for people: engine, lanes and where they run, steering, forwarding, offloads.
    Map<String, String> traits();

    /// What seals and opens its packets.
    AeadEngine engine();
}
