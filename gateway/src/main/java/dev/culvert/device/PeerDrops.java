package dev.culvert.device;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/// How many packets and messages of one peer were dropped for one reason, in a list of those reasons that there were:
/// a peer without drops has none, and one with drops at most as many as [DropReason] has.
@AnyThread
final class PeerDrops {
    private static final AtomicLongFieldUpdater<PeerDrops> COUNT =
            AtomicLongFieldUpdater.newUpdater(PeerDrops.class, "count");

    private final DropReason reason;
    private final @Nullable PeerDrops next;
    private volatile long count;

    PeerDrops(DropReason reason, @Nullable PeerDrops next) {
        this.reason = reason;
        this.next = next;
    }

    static @Nullable PeerDrops find(@Nullable PeerDrops first, DropReason reason) {
        PeerDrops each = first;
        while (each != null && each.reason != reason) {
            each = each.next;
        }
        return each;
    }

    void add(int packets) {
        COUNT.addAndGet(this, packets);
    }

    /// In the order of the reasons.
    static Map<DropReason, Long> counts(@Nullable PeerDrops first) {
        Map<DropReason, Long> counts = new EnumMap<>(DropReason.class);
        for (PeerDrops each = first; each != null; each = each.next) {
            counts.put(each.reason, each.count);
        }
        return counts;
    }
}
