package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.modes.ChaCha20Poly1305;
import org.bouncycastle.crypto.params.AEADParameters;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every engine against one yardstick, Bouncy Castle used directly with the nonce written out here: so each agrees with
/// each other. In place and out of place, at odd addresses, with guard bytes around.
class AeadAgreementTest {
    private static final long[] COUNTERS = {
        0, 1, (1L << 32) - 1, 1L << 32, (1L << 32) + 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 1, -3, -2, -1
    };

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void agreesOnEveryLengthUpTo1100(TestedAead engine) {
        System.out.println("AeadAgreementTest seed " + seed);
        try (Aead aead = engine.newAead();
                Bench bench = new Bench(aead)) {
            for (int length = 0; length <= 1100; length++) {
                bench.exchange(length, 0, COUNTERS[length % COUNTERS.length]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void agreesOnTheLongestPackets(TestedAead engine) {
        System.out.println("AeadAgreementTest seed " + seed);
        try (Aead aead = engine.newAead();
                Bench bench = new Bench(aead)) {
            for (int length : new int[] {1420, 1500, 8999, 9000, 65_519, 65_535, 65_536}) {
                for (long counter : COUNTERS) {
                    bench.exchange(length, 0, counter);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void agreesWithAdditionalData(TestedAead engine) {
        System.out.println("AeadAgreementTest seed " + seed);
        try (Aead aead = engine.newAead();
                Bench bench = new Bench(aead)) {
            for (int aadLength = 1; aadLength <= 100; aadLength++) {
                bench.exchange(random.nextInt(200), aadLength, random.nextLong());
                bench.exchange(0, aadLength, 0);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void sealsAlikeAgainUnderTheSameKeyAndCounter(TestedAead engine) {
        try (Aead aead = engine.newAead();
                Bench bench = new Bench(aead)) {
            bench.fixedKey = new byte[32];
            for (int i = 0; i < 5; i++) {
                bench.exchange(40, 0, 7);
                bench.exchange(0, 0, 7);
            }
        }
    }

    /// An engine may remember the last key: packets of three sessions in any order, and keys that are forgotten.
    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void agreesWhenSessionsTakeTurns(TestedAead engine) {
        System.out.println("AeadAgreementTest seed " + seed);
        byte[][] sessions = {random(32), random(32), new byte[32]};
        try (Aead aead = engine.newAead();
                Bench bench = new Bench(aead)) {
            for (int i = 0; i < 300; i++) {
                bench.fixedKey = sessions[random.nextInt(sessions.length)];
                bench.exchange(random.nextInt(200), random.nextInt(3) * 20, i);
                if (random.nextInt(5) == 0) {
                    aead.forgetKey();
                }
            }
        }
    }

    /// The memory of one exchange: what is sealed and opened always stands between guards.
    private final class Bench implements AutoCloseable {
        private final Aead aead;
        private final GuardedMemory keys = new GuardedMemory(32);
        private final GuardedMemory aads = new GuardedMemory(128);
        private final GuardedMemory source = new GuardedMemory(Aead.MAX_PLAINTEXT_BYTES + Aead.TAG_BYTES);
        private final GuardedMemory target = new GuardedMemory(Aead.MAX_PLAINTEXT_BYTES + Aead.TAG_BYTES);
        private byte[] fixedKey = {};

        Bench(Aead aead) {
            this.aead = aead;
        }

        void exchange(int n, int aadLength, long counter) {
            byte[] key = fixedKey.length == 0 ? random(32) : fixedKey;
            byte[] aad = random(aadLength);
            byte[] plaintext = random(n);
            byte[] sealed = yardstick(key, counter, aad, plaintext);
            long k = keys.place(key, 32, random.nextInt(16));
            long a = aads.place(aad, aadLength, random.nextInt(16));

            long src = source.place(plaintext, n, random.nextInt(64));
            long dst = target.place(n + 16, random.nextInt(64));
            seal(k, dst, src, n, counter, a, aadLength);
            expect(target, sealed);
            expect(source, plaintext);

            src = source.place(sealed, n + 16, random.nextInt(64));
            dst = target.place(n, random.nextInt(64));
            assertThat(open(k, dst, src, n, counter, a, aadLength)).isTrue();
            expect(target, plaintext);
            expect(source, sealed);

            long place = source.place(plaintext, n + 16, random.nextInt(64));
            seal(k, place, place, n, counter, a, aadLength);
            expect(source, sealed);
            assertThat(open(k, place, place, n, counter, a, aadLength)).isTrue();
            expect(source, plaintext);
            assertThat(keys.read(32)).isEqualTo(key);
            assertThat(aads.read(aadLength)).isEqualTo(aad);

            byte[] forged = sealed.clone();
            int bit = random.nextInt(8 * forged.length);
            forged[bit / 8] ^= (byte) (1 << bit % 8);
            place = source.place(forged, n + 16, random.nextInt(64));
            assertThat(open(k, place, place, n, counter, a, aadLength)).isFalse();
            source.assertGuardsIntact();
        }

        private void seal(long k, long dst, long src, int n, long counter, long a, int aadLength) {
            if (aadLength == 0) {
                aead.seal(k, dst, src, n, counter);
            } else {
                aead.seal(k, dst, src, n, counter, a, aadLength);
            }
        }

        private boolean open(long k, long dst, long src, int n, long counter, long a, int aadLength) {
            return aadLength == 0
                    ? aead.open(k, dst, src, n, counter)
                    : aead.open(k, dst, src, n, counter, a, aadLength);
        }

        private void expect(GuardedMemory memory, byte[] expected) {
            assertThat(Arrays.equals(memory.read(expected.length), expected)).isTrue();
            memory.assertGuardsIntact();
        }

        @Override
        public void close() {
            keys.close();
            aads.close();
            source.close();
            target.close();
        }
    }

    private byte[] random(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] yardstick(byte[] key, long counter, byte[] aad, byte[] plaintext) {
        byte[] nonce = new byte[12];
        for (int i = 0; i < 8; i++) {
            nonce[4 + i] = (byte) (counter >>> 8 * i);
        }
        ChaCha20Poly1305 cipher = new ChaCha20Poly1305();
        cipher.init(true, new AEADParameters(new KeyParameter(key), 128, nonce, aad));
        byte[] out = new byte[plaintext.length + 16];
        int written = cipher.processBytes(plaintext, 0, plaintext.length, out, 0);
        try {
            cipher.doFinal(out, written);
        } catch (InvalidCipherTextException e) {
            throw new AssertionError(e);
        }
        return out;
    }
}
