package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bouncycastle.crypto.engines.ChaCha7539Engine;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Packets that are made so that Poly1305's accumulator takes a value where implementations lose a carry: next to p, to
/// 2^128, to the limits of limbs, and final values that make the tag all zeros or all ones. Random packets never get
/// there. The idea is project Wycheproof's, the packets and the arithmetic over big integers that judges them are ours.
class Poly1305EdgeTest {
    private static final BigInteger P = BigInteger.TWO.pow(130).subtract(BigInteger.valueOf(5));
    private static final BigInteger TWO_128 = BigInteger.TWO.pow(128);
    private static final BigInteger CLAMP = new BigInteger("0ffffffc0ffffffc0ffffffc0fffffff", 16);
    private static final int MAX_BLOCKS = 128;

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    private enum Aim {
        SUM_BEFORE_MULTIPLYING,
        ACCUMULATOR_AMID_THE_PACKET,
        ACCUMULATOR_AT_THE_END
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void computesTheTagWhereCarriesGoWrong(TestedAead engine) {
        System.out.println("Poly1305EdgeTest seed " + seed);
        int made = 0;
        try (Aead aead = engine.newAead();
                GuardedMemory keys = new GuardedMemory(32);
                GuardedMemory data = new GuardedMemory(16 * MAX_BLOCKS + 16)) {
            // Long packets take other paths through the vector code than short ones.
            for (int blocks : new int[] {2, 3, 5, 16, 37, 90, MAX_BLOCKS}) {
                byte[] key = new byte[32];
                random.nextBytes(key);
                long counter = random.nextLong();
                OneTimeKey oneTime = new OneTimeKey(key, counter);
                long k = keys.place(key, 32, 0);
                for (BigInteger target : targets(oneTime.s)) {
                    for (Aim aim : Aim.values()) {
                        byte[] ciphertext = oneTime.ciphertextThatReaches(target, aim, blocks, random);
                        byte[] sealed = oneTime.withTag(ciphertext);
                        byte[] plaintext = oneTime.xorKeystream(ciphertext);
                        int n = plaintext.length;
                        long d = data.place(plaintext, n + 16, made % 16);
                        aead.seal(k, d, d, n, counter);
                        assertThat(data.read(n + 16))
                                .as("%s %s in %d blocks", aim, target.toString(16), blocks)
                                .isEqualTo(sealed);
                        assertThat(aead.open(k, d, d, n, counter)).isTrue();
                        assertThat(data.read(n)).isEqualTo(plaintext);
                        made++;
                    }
                }
            }
        }
        assertThat(made).isGreaterThan(1000);
    }

    private static List<BigInteger> targets(BigInteger s) {
        List<BigInteger> targets = new ArrayList<>();
        for (int delta = -6; delta <= 6; delta++) {
            targets.add(BigInteger.valueOf(delta).mod(P));
            targets.add(TWO_128.add(BigInteger.valueOf(delta)));
            targets.add(TWO_128.shiftLeft(1).add(BigInteger.valueOf(delta)));
        }
        for (int bits : new int[] {26, 32, 44, 52, 64, 78, 88, 96, 104}) {
            BigInteger limit = BigInteger.ONE.shiftLeft(bits);
            targets.add(limit);
            targets.add(limit.subtract(BigInteger.ONE));
            targets.add(TWO_128.subtract(limit));
            targets.add(P.subtract(limit));
        }
        for (BigInteger tag : List.of(BigInteger.ZERO, BigInteger.ONE, TWO_128.subtract(BigInteger.ONE))) {
            BigInteger sum = tag.subtract(s).mod(TWO_128);
            targets.add(sum);
            targets.add(sum.add(TWO_128));
        }
        return targets;
    }

    /// The Poly1305 key and the keystream of one packet (RFC 8439 sections 2.6 and 2.8).
    private static final class OneTimeKey {
        private final byte[] keystream = new byte[64 + 16 * MAX_BLOCKS];
        private final BigInteger r;
        private final BigInteger s;

        OneTimeKey(byte[] key, long counter) {
            byte[] nonce = new byte[12];
            for (int i = 0; i < 8; i++) {
                nonce[4 + i] = (byte) (counter >>> 8 * i);
            }
            ChaCha7539Engine chacha = new ChaCha7539Engine();
            chacha.init(true, new ParametersWithIV(new KeyParameter(key), nonce));
            chacha.processBytes(new byte[keystream.length], 0, keystream.length, keystream, 0);
            r = number(keystream, 0).and(CLAMP);
            s = number(keystream, 16);
        }

        byte[] xorKeystream(byte[] bytes) {
            byte[] result = new byte[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                result[i] = (byte) (bytes[i] ^ keystream[64 + i]);
            }
            return result;
        }

        /// One of the last blocks is computed from the target; a block fits with a chance of one in four, hence tries.
        byte[] ciphertextThatReaches(BigInteger target, Aim aim, int blocks, Random random) {
            BigInteger inverse = r.modInverse(P);
            int solved = aim == Aim.ACCUMULATOR_AT_THE_END ? blocks - 1 : blocks - 1 - random.nextInt(blocks / 2);
            BigInteger wanted = switch (aim) {
                case SUM_BEFORE_MULTIPLYING -> target;
                case ACCUMULATOR_AMID_THE_PACKET -> target.multiply(inverse);
                case ACCUMULATOR_AT_THE_END ->
                    target.multiply(inverse).subtract(lengths(16 * blocks)).multiply(inverse);
            };
            for (int attempt = 0; attempt < 1000; attempt++) {
                byte[] ciphertext = new byte[16 * blocks];
                random.nextBytes(ciphertext);
                BigInteger block = wanted.subtract(accumulate(ciphertext, solved))
                        .subtract(TWO_128)
                        .mod(P);
                if (block.bitLength() <= 128) {
                    put(block, ciphertext, 16 * solved);
                    return ciphertext;
                }
            }
            throw new AssertionError("no block fits");
        }

        byte[] withTag(byte[] ciphertext) {
            int n = ciphertext.length;
            BigInteger sum =
                    accumulate(ciphertext, n / 16).add(lengths(n)).multiply(r).mod(P);
            byte[] sealed = Arrays.copyOf(ciphertext, n + 16);
            put(sum.add(s).mod(TWO_128), sealed, n);
            return sealed;
        }

        private BigInteger accumulate(byte[] ciphertext, int blocks) {
            BigInteger sum = BigInteger.ZERO;
            for (int i = 0; i < blocks; i++) {
                sum = sum.add(number(ciphertext, 16 * i))
                        .add(TWO_128)
                        .multiply(r)
                        .mod(P);
            }
            return sum;
        }

        /// The last block: no additional data, `n` bytes of ciphertext.
        private static BigInteger lengths(int n) {
            return TWO_128.add(BigInteger.valueOf(n).shiftLeft(64));
        }

        private static BigInteger number(byte[] bytes, int offset) {
            byte[] bigEndian = new byte[16];
            for (int i = 0; i < 16; i++) {
                bigEndian[i] = bytes[offset + 15 - i];
            }
            return new BigInteger(1, bigEndian);
        }

        private static void put(BigInteger number, byte[] target, int offset) {
            for (int i = 0; i < 16; i++) {
                target[offset + i] = number.shiftRight(8 * i).byteValue();
            }
        }
    }
}
