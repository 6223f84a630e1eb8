package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What a man in the middle can try, against every engine.
class AeadForgeryTest {
    private static final long COUNTER = 0x1122334455667788L;
    private static final int[] LENGTHS = {0, 1, 15, 16, 17, 32, 63, 64, 65, 128, 1420};

    private final GuardedMemory keys = new GuardedMemory(32);
    private final GuardedMemory aads = new GuardedMemory(32);
    private final GuardedMemory data = new GuardedMemory(2048);
    private final Random random = new Random(20_261_123);
    private final byte[] key = random(32);
    private final byte[] aad = random(32);
    private final long k = keys.place(key, 32, 5);
    private final long a = aads.place(aad, 32, 3);

    @AfterEach
    void free() {
        keys.close();
        aads.close();
        data.close();
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void refusesEachOfThe128BitsOfTheTagFlipped(TestedAead engine) {
        try (Aead aead = engine.newAead()) {
            for (int n : LENGTHS) {
                byte[] sealed = seal(aead, random(n));
                for (int bit = 0; bit < 128; bit++) {
                    assertRefused(aead, flipped(sealed, 8 * n + bit), n);
                }
                assertOpens(aead, sealed, n);
            }
        }
    }

    /// Differences that a comparison might lose: in all bytes, in pairs that cancel out, in the sign alone.
    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void refusesTagsThatDifferInManyPlaces(TestedAead engine) {
        try (Aead aead = engine.newAead()) {
            int n = 20;
            byte[] sealed = seal(aead, random(n));
            for (int mask : new int[] {0x01, 0x80, 0xff}) {
                byte[] all = sealed.clone();
                for (int i = n; i < n + 16; i++) {
                    all[i] ^= (byte) mask;
                }
                assertRefused(aead, all, n);
                for (int i = 0; i < 16; i++) {
                    for (int j = 0; j < i; j++) {
                        byte[] pair = sealed.clone();
                        pair[n + i] ^= (byte) mask;
                        pair[n + j] ^= (byte) mask;
                        assertRefused(aead, pair, n);
                    }
                }
            }
            byte[] zeros = sealed.clone();
            byte[] ones = sealed.clone();
            for (int i = n; i < n + 16; i++) {
                zeros[i] = 0;
                ones[i] = -1;
            }
            assertRefused(aead, zeros, n);
            assertRefused(aead, ones, n);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void refusesEachBitOfTheCiphertextFlipped(TestedAead engine) {
        try (Aead aead = engine.newAead()) {
            int n = 70;
            byte[] sealed = seal(aead, random(n));
            for (int bit = 0; bit < 8 * n; bit++) {
                assertRefused(aead, flipped(sealed, bit), n);
            }
            assertOpens(aead, sealed, n);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void refusesAnotherCounterKeyOrAdditionalData(TestedAead engine) {
        try (Aead aead = engine.newAead()) {
            int n = 48;
            byte[] sealed = seal(aead, random(n));
            for (int bit = 0; bit < 64; bit++) {
                long d = data.place(sealed, n + 16, 0);
                assertThat(aead.open(k, d, d, n, COUNTER ^ 1L << bit, a, 32)).isFalse();
            }
            for (int bit = 0; bit < 256; bit++) {
                Memory.copyIn(flipped(key, bit), 0, k, 32);
                assertRefused(aead, sealed, n);
                Memory.copyIn(key, 0, k, 32);
                Memory.copyIn(flipped(aad, bit), 0, a, 32);
                assertRefused(aead, sealed, n);
                Memory.copyIn(aad, 0, a, 32);
            }
            long d = data.place(sealed, n + 16, 0);
            assertThat(aead.open(k, d, d, n, COUNTER, a, 31)).isFalse();
            d = data.place(sealed, n + 16, 0);
            assertThat(aead.open(k, d, d, n, COUNTER)).isFalse();
            assertOpens(aead, sealed, n);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void refusesShortenedAndLengthenedPackets(TestedAead engine) {
        try (Aead aead = engine.newAead()) {
            int n = 48;
            byte[] sealed = seal(aead, random(n));
            for (int shorter = 0; shorter < n; shorter++) {
                assertRefused(aead, sealed, shorter);
            }
            for (int longer = n + 1; longer < n + 40; longer++) {
                byte[] padded = Arrays.copyOf(sealed, longer + 16);
                assertRefused(aead, padded, longer);
                System.arraycopy(sealed, n, padded, longer, 16);
                assertRefused(aead, padded, longer);
            }
        }
    }

    private byte[] seal(Aead aead, byte[] plaintext) {
        int n = plaintext.length;
        long d = data.place(plaintext, n + 16, 7);
        aead.seal(k, d, d, n, COUNTER, a, 32);
        return data.read(n + 16);
    }

    private void assertOpens(Aead aead, byte[] sealed, int n) {
        long d = data.place(sealed, n + 16, 1);
        assertThat(aead.open(k, d, d, n, COUNTER, a, 32)).isTrue();
    }

    private void assertRefused(Aead aead, byte[] sealed, int n) {
        long d = data.place(sealed, sealed.length, 9);
        assertThat(aead.open(k, d, d, n, COUNTER, a, 32)).isFalse();
        data.assertGuardsIntact();
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
