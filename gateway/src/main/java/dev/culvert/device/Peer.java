package dev.culvert.device;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.Wipe;
import dev.culvert.crypto.X25519;
import dev.culvert.noise.RemoteIdentity;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.noise.Tai64n;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/// A peer as configured, and what workers need of it. What its home lane owns is in [LanePeer].
///
/// Any thread reads the volatile fields. The control plane writes the configuration under this object's
/// monitor; the home lane alone writes [#greatestTimestamp].
@AnyThread
final class Peer {
    private static final AtomicReferenceFieldUpdater<Peer, PeerDrops> DROPS =
            AtomicReferenceFieldUpdater.newUpdater(Peer.class, PeerDrops.class, "drops");

    final RemoteIdentity remote;

    volatile PresharedKey presharedKey = PresharedKey.NONE;
    volatile int persistentKeepaliveSeconds;
    volatile @Nullable Endpoint configuredEndpoint;
    volatile boolean removed;
    /// Waits to be written down by the journal ([PeerMemory]).
    volatile boolean noted;

    /// Rises with each change of what a handshake is computed from; a worker's result of an older one is not
    /// committed.
    volatile long generation;

    /// Kept for the life of the peer, through zeroing and changes of key (conformance 1.5).
    volatile @Nullable Tai64n greatestTimestamp;

    /// Null until the peer is first used; set once by [LaneAssignment].
    volatile @Nullable LanePeer lanePeer;

    /// In order of insertion; replaced as a whole. Of the control plane only, under the configuration lock.
    List<AllowedIp> allowedIps = List.of();

    /// The neighbours in the order of creation: the [PeerTable]'s.
    @Nullable
    Peer createdBefore;

    @Nullable
    Peer createdAfter;

    private volatile @Nullable StaticStatic staticStatic;

    private volatile @Nullable PeerDrops drops;

    /// DH of both static keys, and the identity it was computed with.
    @SuppressWarnings("ArrayRecordComponent") // a private pair, never compared
    private record StaticStatic(StaticIdentity identity, byte[] secret) {}

    Peer(PublicKey publicKey) {
        remote = new RemoteIdentity(publicKey);
    }

    @SuppressWarnings("NullAway") // the updater takes null for "none yet"
    private boolean add(PeerDrops added, @Nullable PeerDrops before) {
        return DROPS.compareAndSet(this, before, added);
    }

    /// Called by [LaneCounters], which counts the same for the lane.
    void dropped(DropReason reason, int packets) {
        PeerDrops first = drops;
        PeerDrops counter = PeerDrops.find(first, reason);
        while (counter == null) {
            PeerDrops added = new PeerDrops(reason, first);
            if (add(added, first)) {
                counter = added;
            } else {
                first = drops;
                counter = PeerDrops.find(first, reason);
            }
        }
        counter.add(packets);
    }

    /// How much of it was dropped, by reason, since it was configured.
    Map<DropReason, Long> drops() {
        PeerDrops first = drops;
        return first == null ? Map.of() : PeerDrops.counts(first);
    }

    PublicKey publicKey() {
        return remote.publicKey();
    }

    /// The static-static secret, computed by the first worker that needs it (27 to 56 µs) and kept; never at
    /// configuration. All zeros for a low-order key, which every handshake then refuses.
    @SuppressWarnings("ReferenceEquality") // an identity is one object for its whole life
    byte[] staticStatic(StaticIdentity identity) {
        StaticStatic cached = staticStatic;
        if (cached == null || cached.identity() != identity) {
            byte[] secret = new byte[PublicKey.BYTES];
            X25519.sharedSecret(identity.privateKey(), publicKey(), secret);
            cached = new StaticStatic(identity, secret);
            staticStatic = cached;
        }
        return cached.secret();
    }

    /// The control plane changed something that handshakes are computed from.
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer: the control plane, under its lock
    void nextGeneration() {
        generation++;
    }

    /// Zeroes what is secret here; when the peer is removed.
    void wipe() {
        forgetStaticStatic();
        presharedKey(PresharedKey.NONE);
    }

    /// Takes a copy, and zeroes the key before it. A worker that is just reading that one makes a message of
    /// which nothing is committed: the generation has changed.
    void presharedKey(PresharedKey key) {
        PresharedKey before = presharedKey;
        presharedKey = key.copy();
        nextGeneration();
        before.close();
    }

    /// Our own key has changed.
    void forgetStaticStatic() {
        StaticStatic cached = staticStatic;
        staticStatic = null;
        if (cached != null) {
            Wipe.zero(cached.secret());
        }
    }
}
