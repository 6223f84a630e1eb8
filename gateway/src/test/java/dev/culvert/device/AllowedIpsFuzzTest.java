package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The trie beside a list that is searched naively. Addresses come from few bits, so that prefixes nest.
@LaneConfined
final class AllowedIpsFuzzTest {
    private static final int STEPS_MAX = 200;

    private record Prefix(long hi, long lo, int length) {
        boolean covers(long otherHi, long otherLo) {
            for (int i = 0; i < length; i++) {
                long a = i < 64 ? hi >>> 63 - i : lo >>> 127 - i;
                long b = i < 64 ? otherHi >>> 63 - i : otherLo >>> 127 - i;
                if ((a & 1) != (b & 1)) {
                    return false;
                }
            }
            return true;
        }
    }

    @FuzzTest(maxDuration = "60s")
    void agreesWithANaiveList(FuzzedDataProvider data) {
        int bits = data.consumeBoolean() ? 32 : 128;
        AllowedIps<Integer> table = AllowedIps.empty();
        Map<Prefix, Integer> list = new LinkedHashMap<>();
        for (int step = 0; step < STEPS_MAX && data.remainingBytes() > 0; step++) {
            long hi = sparse(data, bits == 32 ? 32 : 0);
            long lo = bits == 32 ? 0 : sparse(data, 0);
            int length = data.consumeInt(0, bits);
            Prefix prefix = masked(hi, lo, length);
            int owner = data.consumeInt(0, 5);
            switch (data.consumeInt(0, 3)) {
                case 0, 1 -> {
                    table = table.edit()
                            .insert(prefix.hi(), prefix.lo(), length, owner)
                            .table();
                    list.put(prefix, owner);
                }
                case 2 -> {
                    table = table.edit()
                            .remove(prefix.hi(), prefix.lo(), length, owner)
                            .table();
                    list.remove(prefix, owner);
                }
                default -> {
                    for (Prefix each : Map.copyOf(list).keySet()) {
                        table = table.edit()
                                .remove(each.hi(), each.lo(), each.length(), owner)
                                .table();
                    }
                    list.values().removeIf(value -> value == owner);
                }
            }
            assertThat(table.exact(prefix.hi(), prefix.lo(), length)).isEqualTo(list.get(prefix));
            assertThat(table.lookup(hi, lo, bits)).isEqualTo(longest(list, hi, lo));
            for (Prefix each : list.keySet()) {
                assertThat(table.lookup(each.hi(), each.lo(), bits)).isEqualTo(longest(list, each.hi(), each.lo()));
            }
        }
    }

    private static long sparse(FuzzedDataProvider data, int shift) {
        long bits = data.consumeByte();
        return (bits & 0xf) << 60 | (bits & 0xf0) << shift & (shift == 32 ? 0xff_0000_0000L : 0xff);
    }

    private static Prefix masked(long hi, long lo, int length) {
        long hiMask = length == 0 ? 0 : length >= 64 ? -1 : -1L << 64 - length;
        long loMask = length <= 64 ? 0 : -1L << 128 - length;
        return new Prefix(hi & hiMask, lo & loMask, length);
    }

    private static @Nullable Integer longest(Map<Prefix, Integer> list, long hi, long lo) {
        Prefix best = null;
        for (Prefix prefix : list.keySet()) {
            if (prefix.covers(hi, lo) && (best == null || prefix.length() > best.length())) {
                best = prefix;
            }
        }
        return best == null ? null : list.get(best);
    }
}
