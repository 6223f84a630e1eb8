package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.wire.Vectors;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class Tai64nTest {
    private static final long YEAR_2200_NS = 7_258_118_400_000_000_000L;

    private static byte[] encoded(Tai64n stamp) {
        byte[] bytes = new byte[Tai64n.BYTES];
        stamp.encode(bytes, 0);
        return bytes;
    }

    @Test
    void encodesAsEveryVectorSays() {
        JsonNode cases = Vectors.field(Vectors.read("tai64n.json"), "cases");
        assertThat(cases.size()).isEqualTo(9);
        for (JsonNode c : cases) {
            long wallNs = Vectors.field(c, "unix_seconds").asLong() * 1_000_000_000
                    + Vectors.field(c, "nanoseconds").asLong();
            assertThat(Vectors.hex(encoded(Tai64n.of(wallNs)))).as("%s", c).isEqualTo(Vectors.text(c, "tai64n"));
        }
    }

    @Test
    void knowsTheTimeBefore1970() {
        assertThat(Vectors.hex(encoded(Tai64n.of(-1)))).isEqualTo("4000000000000009" + "3b000000");
    }

    @Property
    void comparesAsItsBytesDo(@ForAll @Size(12) byte[] a, @ForAll @Size(12) byte[] b) {
        assertThat(Integer.signum(Tai64n.decode(a, 0).compareTo(Tai64n.decode(b, 0))))
                .isEqualTo(Integer.signum(Arrays.compareUnsigned(a, b)));
    }

    @Test
    void comparesUnsigned() {
        List<String> ascending = List.of(
                "000000000000000000000000",
                "000000000000000080000000",
                "0000000000000000ffffffff",
                "7fffffffffffffffffffffff",
                "800000000000000000000000",
                "ffffffffffffffffffffffff");
        for (int i = 1; i < ascending.size(); i++) {
            Tai64n before = Tai64n.decode(Vectors.hex(ascending.get(i - 1)), 0);
            Tai64n after = Tai64n.decode(Vectors.hex(ascending.get(i)), 0);
            assertThat(after).isGreaterThan(before);
        }
    }

    @Property
    void decodesWhatItEncoded(@ForAll @Size(16) byte[] bytes) {
        byte[] copy = bytes.clone();
        Tai64n.decode(bytes, 3).encode(copy, 3);
        assertThat(copy).isEqualTo(bytes);
    }

    @Property
    void neverGoesBackWithTheWallClock(
            @ForAll @LongRange(max = YEAR_2200_NS) long a, @ForAll @LongRange(max = YEAR_2200_NS) long b) {
        Tai64n earlier = Tai64n.of(Math.min(a, b));
        assertThat(Tai64n.of(Math.max(a, b))).isGreaterThanOrEqualTo(earlier);
    }

    @Property
    void growsWithEveryStampWhateverTheClockDoes(
            @ForAll @Size(max = 200) List<@LongRange(min = 0, max = 3_000_000_000L) Long> clock) {
        Tai64n last = Tai64n.of(0);
        for (long now : clock) {
            Tai64n next = Tai64n.of(now).orAfter(last);
            assertThat(next).isGreaterThan(last).isGreaterThanOrEqualTo(Tai64n.of(now));
            assertThat(next.nanoseconds()).isBetween(0, 999_999_999);
            assertThat(next.nanoseconds() & 0xffffff).as("rounded").isZero();
            last = next;
        }
    }

    @Test
    void staysItselfIfItIsTheFirstOrLater() {
        Tai64n now = Tai64n.of(5_000_000_000L);
        assertThat(now.orAfter(null)).isSameAs(now);
        assertThat(now.orAfter(Tai64n.of(4_000_000_000L))).isSameAs(now);
    }

    @Test
    void stepsBy16MillisecondsIfTheClockStandsStill() {
        Tai64n now = Tai64n.of(5_000_000_000L);
        assertThat(now.orAfter(now)).isEqualTo(new Tai64n(now.seconds(), 1 << 24));
        assertThat(now.orAfter(Tai64n.of(7_100_000_000L))).isEqualTo(Tai64n.of(7_100_000_000L + (1 << 24)));
    }

    @Test
    void carriesIntoTheSecond() {
        Tai64n late = Tai64n.of(5_999_999_999L);
        assertThat(Tai64n.of(0).orAfter(late)).isEqualTo(Tai64n.of(6_000_000_000L));
    }
}
