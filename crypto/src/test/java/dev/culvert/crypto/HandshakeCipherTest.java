package dev.culvert.crypto;

import static dev.culvert.crypto.Vectors.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class HandshakeCipherTest {
    private final Random random = new Random(7);

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void sealsAndOpensEveryLengthInsideAMessage(TestedAead engine) {
        try (HandshakeCipher cipher = new HandshakeCipher(engine.newAead());
                HandshakeCipher other = new HandshakeCipher(AeadEngine.BOUNCY_CASTLE.newAead())) {
            for (int n = 0; n <= HandshakeCipher.MAX_PLAINTEXT_BYTES; n++) {
                byte[] key = random(32);
                byte[] ad = random(n);
                byte[] plaintext = random(n);
                byte[] message = new byte[n + 16 + 9];
                cipher.seal(key, ad, plaintext, message, 4);
                assertThat(Arrays.copyOf(message, 4)).containsOnly(0);
                assertThat(Arrays.copyOfRange(message, n + 20, message.length)).containsOnly(0);
                byte[] opened = new byte[n];
                assertThat(other.open(key, ad, message, 4, n + 16, opened)).isTrue();
                assertThat(opened).isEqualTo(plaintext);
                byte[] openedToo = new byte[n];
                assertThat(cipher.open(key, ad, message, 4, n + 16, openedToo)).isTrue();
                assertThat(openedToo).isEqualTo(plaintext);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void refusesEachFlippedBitAndLeavesZeros(TestedAead engine) {
        try (HandshakeCipher cipher = new HandshakeCipher(engine.newAead())) {
            byte[] key = random(32);
            byte[] ad = random(32);
            byte[] sealed = new byte[48];
            cipher.seal(key, ad, random(32), sealed, 0);
            for (int bit = 0; bit < 8 * sealed.length; bit++) {
                assertRefused(cipher, key, ad, flipped(sealed, bit), 48);
            }
            for (int bit = 0; bit < 256; bit++) {
                assertRefused(cipher, flipped(key, bit), ad, sealed, 48);
                assertRefused(cipher, key, flipped(ad, bit), sealed, 48);
            }
            assertRefused(cipher, key, new byte[0], sealed, 48);
            for (int length = 0; length < 48; length++) {
                assertRefused(cipher, key, ad, sealed, length);
            }
            byte[] opened = new byte[32];
            assertThat(cipher.open(key, ad, sealed, 0, 48, opened)).isTrue();
        }
    }

    /// The sealed nothing of a response, `AEAD(k, 0, "", H)`, under keys of the shape that the handshake derives.
    @Test
    void allEnginesSealAlike() {
        JsonNode vector = Vectors.load("hash-kdf.json").get("kdf").get(1);
        byte[] key = bytes(vector, "t1");
        byte[] ad = bytes(vector, "t2");
        byte[] expected = new byte[16];
        try (HandshakeCipher cipher = new HandshakeCipher(AeadEngine.BOUNCY_CASTLE.newAead())) {
            cipher.seal(key, ad, new byte[0], expected, 0);
        }
        for (TestedAead engine : TestedAead.here().toList()) {
            byte[] sealed = new byte[16];
            try (HandshakeCipher cipher = new HandshakeCipher(engine.newAead())) {
                cipher.seal(key, ad, new byte[0], sealed, 0);
                // Again under the same key, as a retry does not: still the same.
                cipher.seal(key, ad, new byte[0], sealed, 0);
            }
            assertThat(sealed).isEqualTo(expected);
        }
    }

    @Test
    void leavesItsInputsAloneAndItsScratchZero() {
        try (HandshakeCipher cipher = new HandshakeCipher(AeadEngine.LIBCRYPTO.newAead())) {
            byte[] key = random(32);
            byte[] ad = random(64);
            byte[] plaintext = random(64);
            byte[] keyBefore = key.clone();
            byte[] adBefore = ad.clone();
            byte[] plaintextBefore = plaintext.clone();
            byte[] sealed = new byte[80];
            cipher.seal(key, ad, plaintext, sealed, 0);
            assertThat(cipher.scratch()).containsOnly(0);
            byte[] opened = new byte[64];
            assertThat(cipher.open(key, ad, sealed, 0, 80, opened)).isTrue();
            assertThat(cipher.scratch()).containsOnly(0);
            assertThat(cipher.open(key, ad, flipped(sealed, 3), 0, 80, opened)).isFalse();
            assertThat(cipher.scratch()).containsOnly(0);
            assertThat(key).isEqualTo(keyBefore);
            assertThat(ad).isEqualTo(adBefore);
            assertThat(plaintext).isEqualTo(plaintextBefore);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (HandshakeCipher cipher = new HandshakeCipher(AeadEngine.JDK.newAead())) {
            byte[] key = new byte[32];
            byte[] out = new byte[100];
            assertThatThrownBy(() -> cipher.seal(new byte[16], key, key, out, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cipher.seal(key, new byte[65], key, out, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cipher.seal(key, key, new byte[65], out, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cipher.seal(key, key, key, out, 53)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> cipher.open(key, key, out, 0, 81, out))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cipher.open(key, key, out, 60, 41, out))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> cipher.open(key, key, out, 0, 48, new byte[31]))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void closesItsCipherAndRefusesToWorkAfterwards() {
        Aead aead = AeadEngine.LIBCRYPTO.newAead();
        HandshakeCipher cipher = new HandshakeCipher(aead);
        cipher.close();
        cipher.close();
        assertThatThrownBy(() -> cipher.seal(new byte[32], new byte[0], new byte[0], new byte[16], 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> aead.seal(0, 0, 0, 0, 0)).isInstanceOf(IllegalStateException.class);
    }

    private static void assertRefused(HandshakeCipher cipher, byte[] key, byte[] ad, byte[] sealed, int length) {
        byte[] out = new byte[40];
        Arrays.fill(out, (byte) 1);
        assertThat(cipher.open(key, ad, sealed, 0, length, out)).isFalse();
        assertThat(out).containsOnly(0);
    }

    private byte[] random(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] flipped(byte[] bytes, int bit) {
        byte[] copy = bytes.clone();
        copy[bit / 8] ^= (byte) (1 << bit % 8);
        return copy;
    }
}
