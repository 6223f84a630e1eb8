package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/// The limiter's table against a map, and clocks of lanes that differ.
@LaneConfined
final class HandshakeRateLimiterTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long COST_NS = SECOND_NS / 20;

    private record Source(boolean ipv6, long hi) {}

    private static final class Bucket {
        long tokensNs = 4 * COST_NS;
        long lastNs;
    }

    @Property(tries = 100)
    void agreesWithAMapWhateverIsForgotten(@ForAll long seed) {
        Random random = new Random(seed);
        HandshakeRateLimiter limiter = new HandshakeRateLimiter(20, 5, 64, random.nextLong(), 0);
        Map<Source, Bucket> model = new HashMap<>();
        long nowNs = 0;
        for (int i = 0; i < 2000; i++) {
            nowNs += random.nextInt(100) == 0 ? random.nextLong(2 * SECOND_NS) : random.nextLong(COST_NS / 4);
            // At most 64 sources live within two seconds: the table is never full, so forgetting shows in nothing.
            Source source = new Source(random.nextBoolean(), (long) random.nextInt(32) << 32);
            Bucket bucket = model.get(source);
            boolean expected = true;
            if (bucket == null) {
                bucket = new Bucket();
                model.put(source, bucket);
            } else {
                bucket.tokensNs = Math.min(5 * COST_NS, bucket.tokensNs + nowNs - bucket.lastNs);
                expected = bucket.tokensNs >= COST_NS;
                bucket.tokensNs -= expected ? COST_NS : 0;
            }
            bucket.lastNs = nowNs;
            assertThat(limiter.allow(source.ipv6(), source.hi(), nowNs)).isEqualTo(expected);
        }
    }

    @Test
    void aLaneWhoseClockIsBehindGainsNothing() {
        HandshakeRateLimiter limiter = new HandshakeRateLimiter(20, 5, 64, 7, 0);
        int allowed = 0;
        for (int i = 0; i < 1000; i++) {
            // Two lanes whose turns began up to 40 ms apart.
            if (limiter.allow(false, 1L << 32, SECOND_NS + (i % 2 == 0 ? 40_000_000 : 0))) {
                allowed++;
            }
        }
        assertThat(allowed).isEqualTo(5);
    }
}
