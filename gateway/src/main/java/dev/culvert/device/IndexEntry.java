package dev.culvert.device;

import dev.culvert.noise.Keypair;
import dev.culvert.noise.SentInitiation;
import org.jspecify.annotations.Nullable;

/// What a session index of ours stands for: a keypair, or an initiation that waits for its response. Exactly one
/// of the two is set (kernel: `struct index_hashtable_entry`).
@LaneConfined
final class IndexEntry {
    final LanePeer peer;
    final @Nullable Keypair keypair;
    final @Nullable SentInitiation initiation;

    private IndexEntry(LanePeer peer, @Nullable Keypair keypair, @Nullable SentInitiation initiation) {
        this.peer = peer;
        this.keypair = keypair;
        this.initiation = initiation;
    }

    static IndexEntry of(LanePeer peer, Keypair keypair) {
        return new IndexEntry(peer, keypair, null);
    }

    static IndexEntry of(LanePeer peer, SentInitiation initiation) {
        return new IndexEntry(peer, null, initiation);
    }
}
