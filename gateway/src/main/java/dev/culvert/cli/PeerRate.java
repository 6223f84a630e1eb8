package dev.culvert.cli;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.PeerStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How fast a peer receives and sends, between two looks at its counters.
///
/// @param peer as it was at the second look
/// @param drops packets and messages of it that were dropped so far
/// @param rxPerSecond UDP payload bytes that came from it
/// @param txPerSecond that went to it
/// @param dropsPerSecond packets and messages
record PeerRate(PeerStatus peer, long drops, double rxPerSecond, double txPerSecond, double dropsPerSecond) {
    private static final double NS_PER_S = 1e9;
    private static final Comparator<PeerRate> BUSIEST_FIRST = Comparator.comparingDouble(
                    (PeerRate rate) -> rate.rxPerSecond + rate.txPerSecond)
            .reversed()
            .thenComparing(Comparator.comparingLong((PeerRate rate) -> rate.peer.lastHandshakeWallNs())
                    .reversed());

    /// What was seen at one time.
    record Look(DeviceStatus status, UapiAnswer.Remarks remarks) {
        private long drops(PublicKey peer) {
            return remarks.drops(peer).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
        }
    }

    /// Of all peers of the second look, the busiest first, and then those that connected last. A counter that has
    /// fallen has begun anew.
    static List<PeerRate> between(Look before, Look after, long elapsedNs) {
        Map<PublicKey, PeerStatus> known = new HashMap<>();
        before.status().peers().forEach(peer -> known.put(peer.publicKey(), peer));
        List<PeerRate> rates = new ArrayList<>();
        for (PeerStatus now : after.status().peers()) {
            PeerStatus then = known.get(now.publicKey());
            long drops = after.drops(now.publicKey());
            rates.add(new PeerRate(
                    now,
                    drops,
                    perSecond(then == null ? null : then.rxBytes(), now.rxBytes(), elapsedNs),
                    perSecond(then == null ? null : then.txBytes(), now.txBytes(), elapsedNs),
                    perSecond(then == null ? null : before.drops(now.publicKey()), drops, elapsedNs)));
        }
        rates.sort(BUSIEST_FIRST);
        return rates;
    }

    private static double perSecond(@Nullable Long then, long now, long elapsedNs) {
        long from = then == null || Long.compareUnsigned(now, then) < 0 ? 0 : then;
        return (now - from) * NS_PER_S / elapsedNs;
    }
}
