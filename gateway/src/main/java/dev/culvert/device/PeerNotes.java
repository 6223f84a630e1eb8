package dev.culvert.device;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a journal reads of a device. By the journal's own thread.
@AnyThread
public interface PeerNotes {
    /// The next peer of which something changed that is worth remembering; null after `timeoutMs`. A peer that
    /// changed often since it was last handed out comes once.
    @Nullable
    RememberedPeer awaitChange(long timeoutMs) throws InterruptedException;

    /// Of all peers, and of those that were remembered and are not configured (yet): what a fresh journal
    /// holds.
    List<RememberedPeer> all();
}
