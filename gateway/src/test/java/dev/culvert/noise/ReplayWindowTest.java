package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.wire.Vectors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ReplayWindowTest {
    private static final long WINDOW = Protocol.COUNTER_WINDOW_SIZE;
    private static final long LIMIT = Protocol.REJECT_AFTER_MESSAGES;

    /// The rule itself, with a set that forgets nothing.
    private static final class Model {
        private final Set<Long> seen = new HashSet<>();
        private long greatest;

        private boolean accept(long counter) {
            if (Long.compareUnsigned(counter, LIMIT) >= 0) {
                return false;
            }
            boolean greater = seen.isEmpty() || Long.compareUnsigned(counter, greatest) > 0;
            if (!greater && Long.compareUnsigned(greatest - counter, WINDOW) > 0) {
                return false;
            }
            if (greater) {
                greatest = counter;
            }
            return seen.add(counter);
        }
    }

    /// RFC 6479 as its section 3 and the kernel write it: always with a bitmap, counters one greater inside.
    private static final class PlainRfc6479 {
        private final long[] bits = new long[128];
        private long last;

        private boolean accept(long counter) {
            if (Long.compareUnsigned(counter, LIMIT) >= 0) {
                return false;
            }
            long sequence = counter + 1;
            if (Long.compareUnsigned(WINDOW + sequence, last) < 0 && Long.compareUnsigned(sequence, last) < 0) {
                return false;
            }
            long word = sequence >>> 6;
            if (Long.compareUnsigned(sequence, last) > 0) {
                long current = last >>> 6;
                long top = Math.min(word - current, bits.length);
                for (long i = 1; i <= top; i++) {
                    bits[(int) (current + i) & 127] = 0;
                }
                last = sequence;
            }
            int slot = (int) word & 127;
            boolean fresh = (bits[slot] & 1L << sequence) == 0;
            bits[slot] |= 1L << sequence;
            return fresh;
        }
    }

    @Test
    void hasTheFiguresOfThePaper() {
        JsonNode vectors = Vectors.read("replay.json");
        assertThat(LIMIT).isEqualTo(Long.parseUnsignedLong(Vectors.text(vectors, "limit")));
        assertThat(WINDOW).isEqualTo(Vectors.field(vectors, "window").asLong());
    }

    @Test
    void followsEveryVector() {
        JsonNode sequences = Vectors.field(Vectors.read("replay.json"), "sequences");
        assertThat(sequences.size()).isEqualTo(18);
        for (JsonNode sequence : sequences) {
            ReplayWindow window = new ReplayWindow();
            JsonNode counters = Vectors.field(sequence, "counters");
            JsonNode accept = Vectors.field(sequence, "accept");
            assertThat(counters.size()).isEqualTo(accept.size()).isPositive();
            for (int i = 0; i < counters.size(); i++) {
                long counter = Long.parseUnsignedLong(counters.get(i).asString());
                boolean expected = accept.get(i).asInt() == 1;
                String step = Vectors.text(sequence, "name") + ", step " + i;
                assertThat(window.mayAccept(counter)).as(step).isEqualTo(expected);
                assertThat(window.accept(counter)).as(step).isEqualTo(expected);
            }
        }
    }

    /// A list of steps on one window: each counter is accepted or refused.
    private static final class Steps {
        private final ReplayWindow window = new ReplayWindow();

        private Steps accepts(long... counters) {
            for (long counter : counters) {
                assertThat(window.mayAccept(counter))
                        .as(Long.toUnsignedString(counter))
                        .isTrue();
                assertThat(window.accept(counter))
                        .as(Long.toUnsignedString(counter))
                        .isTrue();
            }
            return this;
        }

        private Steps refuses(long... counters) {
            for (long counter : counters) {
                assertThat(window.mayAccept(counter))
                        .as(Long.toUnsignedString(counter))
                        .isFalse();
                assertThat(window.accept(counter))
                        .as(Long.toUnsignedString(counter))
                        .isFalse();
            }
            return this;
        }
    }

    @Test
    void takesEachCounterOnceInAnyOrder() {
        new Steps()
                .accepts(0)
                .refuses(0)
                .accepts(1, 2)
                .refuses(2, 1, 0)
                .accepts(5)
                .refuses(5)
                .accepts(3)
                .refuses(3, 5);
        new Steps()
                .accepts(9, 8, 7, 6, 4)
                .refuses(9, 8, 7, 6, 4)
                .accepts(5, 0, 1, 2, 3)
                .refuses(0, 1, 2, 3, 5);
    }

    @Test
    void beginsAnywhere() {
        new Steps().accepts(1_000_000).accepts(1_000_000 - WINDOW).refuses(1_000_000 - WINDOW - 1, 0);
        new Steps().accepts(1).accepts(0).refuses(0, 1);
        new Steps().accepts(63).accepts(64, 0).refuses(0, 63, 64);
        new Steps().accepts(WINDOW).accepts(0).refuses(0);
        new Steps().accepts(WINDOW + 1).refuses(0).accepts(1);
    }

    @Test
    void forgetsWhatFallsOutOfTheWindow() {
        new Steps()
                .accepts(0, WINDOW)
                .refuses(0)
                .accepts(WINDOW + 1)
                .refuses(0)
                .accepts(1)
                .accepts(2 * WINDOW)
                .refuses(WINDOW - 1, WINDOW)
                .accepts(2 * WINDOW - 1, WINDOW + 2)
                .accepts(3 * WINDOW + 2)
                .refuses(2 * WINDOW - 1, 2 * WINDOW, 2 * WINDOW + 1)
                .accepts(2 * WINDOW + 2);
    }

    @Test
    void startsAfreshAfterALeapOfWholeRings() {
        for (long leap : new long[] {8127, 8128, 8129, 8191, 8192, 8193, 16_384, 1L << 32, 1L << 63}) {
            new Steps()
                    .accepts(0, 1, 3)
                    .accepts(3 + leap)
                    .refuses(0, 1, 3 + leap)
                    .accepts(2 + leap, leap)
                    .refuses(2 + leap, leap);
        }
    }

    @Test
    void marksEveryEdgeOfAWord() {
        Steps steps = new Steps();
        for (long edge = 64; edge <= 2 * 8192; edge += 64) {
            steps.accepts(edge).refuses(edge).accepts(edge - 1, edge - 63).refuses(edge, edge - 1, edge - 63);
        }
    }

    @Test
    void stopsAtTheLimitAndNowhereBefore() {
        new Steps().refuses(LIMIT, LIMIT + 1, -1, -4096).accepts(0);
        new Steps()
                .accepts(LIMIT - 1)
                .refuses(LIMIT, LIMIT + 1, -1, LIMIT - 1)
                .accepts(LIMIT - 2, LIMIT - 1 - WINDOW)
                .refuses(LIMIT - 2 - WINDOW, 0);
    }

    @Test
    void comparesUnsigned() {
        long half = Long.MIN_VALUE;
        new Steps().accepts(half - 1, half).refuses(half - 1, half).accepts(half + 1, half - 2);
        new Steps().accepts(half + WINDOW).accepts(half).refuses(half - 1, 0, Long.MAX_VALUE);
        new Steps().accepts(1).accepts(half).refuses(1, 2, half).accepts(half + 1);
        new Steps().accepts((1L << 32) - 1, 1L << 32).refuses((1L << 32) - 1).accepts((1L << 32) - 2);
    }

    @Test
    void fillsTheWindowUpwardsAndDownwards() {
        for (long top : new long[] {WINDOW - 1, WINDOW, WINDOW + 1, 5 * 8192}) {
            Steps down = new Steps();
            long lowest = Math.max(0, top - WINDOW);
            for (long counter = top; counter >= lowest; counter--) {
                down.accepts(counter);
            }
            for (long counter = lowest; counter <= top; counter++) {
                down.refuses(counter);
            }
            Steps up = new Steps();
            for (long counter = 0; counter <= top; counter++) {
                up.accepts(counter);
            }
            for (long counter = top; counter >= lowest; counter--) {
                up.refuses(counter);
            }
            up.refuses(0).accepts(top + 2).refuses(top + 2).accepts(top + 1).refuses(top, top + 1);
        }
    }

    @Test
    void remembersWhatCameInOrderWhenTheFirstGapComes() {
        for (int run : new int[] {1, 63, 64, 65, 127, 128, 8127, 8128, 8129, 8191, 8192, 8193, 20_000}) {
            for (int gap : new int[] {1, 2, 62, 63, 64, 65, 8000, 8127, 8128, 8192, 8193, 9000}) {
                ReplayWindow window = new ReplayWindow();
                PlainRfc6479 plain = new PlainRfc6479();
                for (long counter = 0; counter < run; counter++) {
                    assertThat(window.accept(counter))
                            .isEqualTo(plain.accept(counter))
                            .isTrue();
                }
                long leap = (long) run + gap;
                assertThat(window.accept(leap)).isEqualTo(plain.accept(leap)).isTrue();
                for (long counter = Math.max(0, leap - 8300); counter <= leap; counter++) {
                    assertThat(window.mayAccept(counter))
                            .as("run %d, gap %d, counter %d", run, gap, counter)
                            .isEqualTo(counter >= run && counter != leap && leap - counter <= WINDOW);
                    assertThat(window.accept(counter)).isEqualTo(plain.accept(counter));
                }
            }
        }
    }

    @Property(tries = 400)
    void agreesWithASetAndWithThePlainFilter(@ForAll("sequences") List<Long> counters) {
        ReplayWindow window = new ReplayWindow();
        PlainRfc6479 plain = new PlainRfc6479();
        Model model = new Model();
        for (int i = 0; i < counters.size(); i++) {
            long counter = counters.get(i);
            boolean expected = model.accept(counter);
            assertThat(plain.accept(counter)).as("plain, step %d", i).isEqualTo(expected);
            assertThat(window.mayAccept(counter)).as("step %d", i).isEqualTo(expected);
            assertThat(window.accept(counter)).as("step %d", i).isEqualTo(expected);
        }
    }

    /// Runs in order, small reorderings, repetitions, edges of the window and leaps, from various starts.
    @Provide
    Arbitrary<List<Long>> sequences() {
        Arbitrary<Long> starts = Arbitraries.of(0L, 1L, 8000L, (1L << 32) - 50, Long.MAX_VALUE - 50, LIMIT - 9000);
        return starts.flatMap(start -> Arbitraries.longs().map(seed -> sequence(start, new Random(seed))));
    }

    private static List<Long> sequence(long start, Random random) {
        List<Long> result = new ArrayList<>();
        long greatest = start;
        boolean inOrder = random.nextBoolean();
        for (int i = 0; inOrder && i < random.nextInt(1, 600); i++) {
            result.add(greatest++);
        }
        for (int i = 0; i < 600; i++) {
            long counter = switch (random.nextInt(8)) {
                case 0, 1, 2 -> greatest + 1;
                case 3 -> greatest - random.nextInt(200);
                case 4 -> greatest - WINDOW + random.nextInt(-3, 4);
                case 5 -> greatest + random.nextInt(130);
                case 6 -> result.isEmpty() ? greatest : result.get(random.nextInt(result.size()));
                default -> greatest + random.nextLong(20) * random.nextInt(900);
            };
            result.add(counter);
            if (Long.compareUnsigned(counter, greatest) > 0 && Long.compareUnsigned(counter, LIMIT) < 0) {
                greatest = counter;
            }
        }
        return result;
    }
}
