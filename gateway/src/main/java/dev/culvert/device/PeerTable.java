package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The peers by public key. Any thread may look one up; the control plane alone adds and removes, under the
/// device's configuration lock, which also guards the order of creation.
@AnyThread
final class PeerTable {
    private final ConcurrentHashMap<PublicKey, Peer> byKey = new ConcurrentHashMap<>();
    private final Map<PublicKey, Peer> inOrder = new LinkedHashMap<>();

    @Nullable
    Peer find(PublicKey key) {
        return byKey.get(key);
    }

    void add(Peer peer) {
        Peer before = byKey.put(peer.publicKey(), peer);
        assert before == null;
        inOrder.put(peer.publicKey(), peer);
    }

    void remove(Peer peer) {
        byKey.remove(peer.publicKey(), peer);
        inOrder.remove(peer.publicKey());
    }

    /// In order of creation; a copy. Under the configuration lock.
    List<Peer> all() {
        return new ArrayList<>(inOrder.values());
    }

    int size() {
        return byKey.size();
    }
}
