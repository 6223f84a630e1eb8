package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.HashSet;
import java.util.Set;

/// The replay window beside a set of all counters received.
final class ReplayWindowFuzzTest {
    private static final int STEPS_MAX = 400;

    @FuzzTest(maxDuration = "60s")
    void acceptsEachCounterOnceAndNoneTooOldOrTooGreat(FuzzedDataProvider data) {
        ReplayWindow window = new ReplayWindow();
        Set<Long> received = new HashSet<>();
        long greatest = 0;
        long at = 0;
        for (int step = 0; step < STEPS_MAX && data.remainingBytes() > 0; step++) {
            at = switch (data.consumeInt(0, 6)) {
                case 0, 1 -> at + 1;
                case 2 -> at + data.consumeShort();
                case 3 -> greatest - data.consumeInt(8100, 8200);
                case 4 -> data.consumeLong();
                case 5 -> -data.consumeInt(8000, 8300); // about 2^64 - 2^13
                default -> at;
            };
            boolean expected = Long.compareUnsigned(at, Protocol.REJECT_AFTER_MESSAGES) < 0
                    && !received.contains(at)
                    && (Long.compareUnsigned(at, greatest) >= 0
                            || Long.compareUnsigned(greatest - at, Protocol.COUNTER_WINDOW_SIZE) <= 0);
            assertThat(window.mayAccept(at))
                    .as("may accept %s", Long.toUnsignedString(at))
                    .isEqualTo(expected);
            assertThat(window.accept(at)).isEqualTo(expected);
            if (expected) {
                received.add(at);
                greatest = Long.compareUnsigned(at, greatest) > 0 ? at : greatest;
            }
        }
    }
}
