package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/// Against Bouncy Castle's BLAKE2s, which has the published vectors.
final class Blake2sMacTest {
    private final Blake2sMac mac = new Blake2sMac();

    @Property
    void agreesWithTheLibrary(
            @ForAll long seed, @ForAll boolean cookie, @ForAll @IntRange(max = 300) int length, @ForAll byte padding) {
        Random random = new Random(seed);
        byte[] key = new byte[cookie ? 16 : 32];
        byte[] message = new byte[7 + length];
        random.nextBytes(key);
        random.nextBytes(message);
        byte[] expected = new byte[20];
        byte[] actual = new byte[20];
        actual[0] = padding;
        expected[0] = padding;
        Blake2s.mac(key, message, 7, length, expected, 2);
        mac.mac(key, message, 7, length, actual, 2);
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void matchesOnlyTheRightMac() {
        byte[] key = new byte[32];
        byte[] message = new byte[148];
        new Random(1).nextBytes(message);
        Blake2s.mac(key, message, 0, 116, message, 116);
        Blake2sMac.PublicKeyed keyed = new Blake2sMac.PublicKeyed(key);
        assertThat(mac.matches(key, message, 116)).isTrue();
        assertThat(mac.matches(keyed, message, 116)).isTrue();
        for (int bit = 0; bit < 8 * 132; bit++) {
            message[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(mac.matches(key, message, 116)).as("bit %d", bit).isFalse();
            assertThat(mac.matches(keyed, message, 116)).as("bit %d", bit).isFalse();
            message[bit / 8] ^= (byte) (1 << bit % 8);
        }
        message[147] ^= 1;
        assertThat(mac.matches(key, message, 116))
                .as("what follows is not covered")
                .isTrue();
        assertThat(mac.matches(keyed, message, 116)).isTrue();
        key[3] ^= 1;
        assertThat(mac.matches(keyed, message, 116))
                .as("it keeps no array of ours")
                .isTrue();
        assertThat(mac.matches(new Blake2sMac.PublicKeyed(key), message, 116)).isFalse();
    }

    @Test
    void refusesKeysOfOtherLengths() {
        assertThatThrownBy(() -> mac.mac(new byte[31], new byte[1], 0, 1, new byte[16], 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
