package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.bouncycastle.crypto.digests.Blake2sDigest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// OpenSSL's and our own against Bouncy Castle's BLAKE2s.
final class Blake2sMacTest {
    @Property
    void agreesWithTheLibrary(
            @ForAll boolean byLibcrypto,
            @ForAll long seed,
            @ForAll boolean cookie,
            @ForAll @IntRange(max = 700) int length,
            @ForAll byte padding) {
        Random random = new Random(seed);
        byte[] key = new byte[cookie ? 16 : 32];
        byte[] message = new byte[7 + length];
        random.nextBytes(key);
        random.nextBytes(message);
        byte[] expected = new byte[20];
        byte[] actual = new byte[20];
        actual[0] = padding;
        expected[0] = padding;
        yardstick(key, message, 7, length, expected, 2);
        try (Blake2sMac mac = new Blake2sMac(byLibcrypto)) {
            mac.mac(key, message, 7, length, actual, 2);
        }
        assertThat(actual).isEqualTo(expected);
        Blake2s.mac(key, message, 7, length, actual, 2);
        assertThat(actual).isEqualTo(expected);
    }

    /// Messages of both types after each other, and of two keys: what was begun for one is not used for another.
    @Property
    void matchesWhatTheLibraryMade(
            @ForAll boolean byLibcrypto, @ForAll long seed, @ForAll @IntRange(min = 1, max = 700) int length) {
        Random random = new Random(seed);
        byte[][] keys = new byte[2][32];
        random.nextBytes(keys[0]);
        random.nextBytes(keys[1]);
        Blake2sMac.PublicKeyed[] keyed = {new Blake2sMac.PublicKeyed(keys[0]), new Blake2sMac.PublicKeyed(keys[1])};
        try (Blake2sMac mac = new Blake2sMac(byLibcrypto)) {
            for (int i = 0; i < 12; i++) {
                byte[] message = new byte[length + 16];
                random.nextBytes(message);
                message[0] = (byte) (random.nextInt(2) + 1);
                int which = random.nextInt(2);
                yardstick(keys[which], message, 0, length, message, length);
                assertThat(mac.matches(keyed[which], message, length)).isTrue();
                assertThat(mac.matches(keyed[1 - which], message, length)).isFalse();
                assertThat(mac.matches(keys[which], message, length)).isTrue();
                assertThat(mac.matches(keys[1 - which], message, length)).isFalse();
                message[random.nextInt(message.length)] ^= (byte) (1 << random.nextInt(8));
                assertThat(mac.matches(keyed[which], message, length)).isFalse();
            }
        }
    }

    private static void yardstick(byte[] key, byte[] message, int offset, int length, byte[] out, int outOffset) {
        Blake2sDigest digest = new Blake2sDigest(key, Blake2s.MAC_BYTES, null, null);
        digest.update(message, offset, length);
        digest.doFinal(out, outOffset);
    }

    @Test
    void takesOpenSslHere() {
        assertThat(Blake2sMac.trouble()).isEmpty();
    }

    @Test
    void aClosedMacRefusesToWorkAndClosesAgain() {
        Blake2sMac mac = new Blake2sMac(true);
        mac.close();
        assertThatThrownBy(() -> mac.mac(new byte[32], new byte[1], 0, 1, new byte[16], 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("this MAC is closed");
        mac.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void matchesOnlyTheRightMac(boolean byLibcrypto) {
        Blake2sMac mac = new Blake2sMac(byLibcrypto);
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
        mac.close();
    }

    @Test
    void refusesKeysOfOtherLengths() {
        Blake2sMac mac = new Blake2sMac();
        assertThatThrownBy(() -> mac.mac(new byte[31], new byte[1], 0, 1, new byte[16], 0))
                .isInstanceOf(IllegalArgumentException.class);
        mac.close();
    }
}
