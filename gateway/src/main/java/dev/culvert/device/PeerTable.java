package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The peers by public key. Any thread may look one up; the control plane alone adds and removes, under the
/// device's configuration lock, which also guards the order of creation.
@AnyThread
final class PeerTable {
    private final ConcurrentHashMap<PublicKey, Peer> byKey = new ConcurrentHashMap<>();
    private volatile @Nullable Peer hidden;

    // In order of creation: a list through the peers themselves, since a map's entry each would be a tenth of what an
    // idle peer costs.
    private @Nullable Peer first;
    private @Nullable Peer last;

    /// Also the hidden one.
    @Nullable
    Peer find(PublicKey key) {
        Peer found = byKey.get(key);
        Peer aside = hidden;
        return found == null && aside != null && aside.publicKey().equals(key) ? aside : found;
    }

    /// A peer that is in no list: the [HealthProbe]'s.
    void hide(Peer peer) {
        hidden = peer;
    }

    @SuppressWarnings("ReferenceEquality") // that very peer
    boolean isHidden(Peer peer) {
        return peer == hidden;
    }

    void add(Peer peer) {
        Peer before = byKey.put(peer.publicKey(), peer);
        assert before == null;
        peer.createdBefore = last;
        if (last == null) {
            first = peer;
        } else {
            last.createdAfter = peer;
        }
        last = peer;
    }

    void remove(Peer peer) {
        boolean found = byKey.remove(peer.publicKey(), peer);
        assert found;
        Peer before = peer.createdBefore;
        Peer after = peer.createdAfter;
        if (before == null) {
            first = after;
        } else {
            before.createdAfter = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.createdBefore = before;
        }
        peer.createdBefore = null;
        peer.createdAfter = null;
    }

    /// In order of creation; a copy. Under the configuration lock.
    List<Peer> all() {
        List<Peer> all = new ArrayList<>(size());
        for (Peer peer = first; peer != null; peer = peer.createdAfter) {
            all.add(peer);
        }
        return all;
    }

    int size() {
        return byKey.size();
    }
}
