package dev.culvert.crypto;

import static dev.culvert.crypto.Vectors.bytes;
import static dev.culvert.crypto.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class X25519Test {
    private static final BigInteger P =
            BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19)); // the field of RFC 7748 section 4.1
    private static final String NINE = "0900000000000000000000000000000000000000000000000000000000000000";

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void multipliesAsRfc7748Section52Says(boolean byLibcrypto) {
        assertThat(multiply(
                        byLibcrypto,
                        hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                        hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")))
                .isEqualTo(hex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"));
        assertThat(multiply(
                        byLibcrypto,
                        hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                        hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")))
                .isEqualTo(hex("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void iteratesAsRfc7748Section52Says(boolean byLibcrypto) {
        byte[] k = hex(NINE);
        byte[] u = hex(NINE);
        for (int i = 1; i <= 1000; i++) {
            byte[] next = multiply(byLibcrypto, k, u);
            u = k;
            k = next;
            if (i == 1) {
                assertThat(hex(k)).isEqualTo("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
            }
        }
        assertThat(hex(k)).isEqualTo("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void agreesAsRfc7748Section61Says(boolean byLibcrypto) {
        PrivateKey alice = PrivateKey.fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        PrivateKey bob = PrivateKey.fromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        assertThat(X25519.publicKey(alice, byLibcrypto).toHex())
                .isEqualTo("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        assertThat(X25519.publicKey(bob, byLibcrypto).toHex())
                .isEqualTo("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        String shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
        assertThat(hex(agree(byLibcrypto, alice, X25519.publicKey(bob, byLibcrypto))))
                .isEqualTo(shared);
        assertThat(hex(agree(byLibcrypto, bob, X25519.publicKey(alice, byLibcrypto))))
                .isEqualTo(shared);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void refusesPointsOfLowOrderAndLeavesZeros(boolean byLibcrypto) {
        JsonNode points = Vectors.load("x25519-low-order.json").get("points");
        assertThat(points.size()).isEqualTo(14);
        Random random = seeded();
        for (JsonNode point : points) {
            for (int i = 0; i < 4; i++) {
                byte[] target = new byte[32];
                Arrays.fill(target, (byte) 1);
                assertThat(X25519.sharedSecret(
                                PrivateKey.generate(random::nextBytes),
                                PublicKey.fromBytes(bytes(point, "public")),
                                target,
                                byLibcrypto))
                        .isFalse();
                assertThat(target).containsOnly(0);
            }
        }
    }

    /// RFC 7748 section 5: values from p to 2^255 - 1 are accepted as if reduced, and the top bit is ignored.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readsNonCanonicalPublicKeysAsTheirResidues(boolean byLibcrypto) {
        PrivateKey key = PrivateKey.generate(seeded()::nextBytes);
        for (int u = 2; u <= 18; u++) {
            byte[] reduced = littleEndian(BigInteger.valueOf(u));
            byte[] above = littleEndian(P.add(BigInteger.valueOf(u)));
            byte[] topBit = littleEndian(P.add(BigInteger.valueOf(u)).setBit(255));
            byte[] expected = ladder(key.bytes(), BigInteger.valueOf(u));
            assertThat(multiply(byLibcrypto, key.bytes(), reduced))
                    .as("u = %d", u)
                    .isEqualTo(expected);
            assertThat(multiply(byLibcrypto, key.bytes(), above))
                    .as("u = p + %d", u)
                    .isEqualTo(expected);
            assertThat(multiply(byLibcrypto, key.bytes(), topBit))
                    .as("u = 2^255 + p + %d", u)
                    .isEqualTo(expected);
        }
    }

    /// Public keys at the limits of 25-, 26-, 32-, 51- and 64-bit limbs, where carries go wrong, and near p; on
    /// the curve and on its twist alike. The expected values come from a ladder over big integers.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void multipliesPointsAtTheLimitsOfLimbs(boolean byLibcrypto) {
        PrivateKey key = PrivateKey.generate(seeded()::nextBytes);
        for (int limb : new int[] {25, 26, 32, 51, 64}) {
            BigInteger alternating = BigInteger.ZERO;
            for (int at = 0; at < 255; at += limb) {
                for (int delta = -1; delta <= 1; delta++) {
                    BigInteger u = BigInteger.TWO.pow(at).add(BigInteger.valueOf(delta));
                    assertLadder(byLibcrypto, key, u);
                    assertLadder(byLibcrypto, key, P.subtract(u));
                }
                if (at / limb % 2 == 0) {
                    alternating = alternating.or(
                            BigInteger.TWO.pow(limb).subtract(BigInteger.ONE).shiftLeft(at));
                }
            }
            assertLadder(byLibcrypto, key, alternating.mod(BigInteger.TWO.pow(255)));
        }
    }

    private static void assertLadder(boolean byLibcrypto, PrivateKey key, BigInteger u) {
        byte[] expected = ladder(key.bytes(), u.mod(P));
        byte[] target = new byte[32];
        boolean usable = X25519.sharedSecret(key, PublicKey.fromBytes(littleEndian(u)), target, byLibcrypto);
        assertThat(target).as("u = %s", u.toString(16)).isEqualTo(expected);
        assertThat(usable).isEqualTo(!hex(expected).equals("0".repeat(64)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void agreesWithABigIntegerLadderOnRandomKeys(boolean byLibcrypto) {
        Random random = seeded();
        for (int i = 0; i < 50; i++) {
            byte[] scalar = new byte[32];
            byte[] point = new byte[32];
            random.nextBytes(scalar);
            random.nextBytes(point);
            PrivateKey key = PrivateKey.fromBytes(scalar);
            BigInteger u = number(point).clearBit(255).mod(P);
            assertThat(multiply(byLibcrypto, scalar, point)).isEqualTo(ladder(key.bytes(), u));
            assertThat(X25519.publicKey(key, byLibcrypto).toBytes())
                    .isEqualTo(ladder(key.bytes(), BigInteger.valueOf(9)));
        }
    }

    @Test
    void takesOpenSslHere() {
        assertThat(X25519.trouble()).isEmpty();
    }

    @Test
    void bothEnginesAgreeOnRandomKeysOfManyThreads() throws InterruptedException {
        Thread[] threads = new Thread[4];
        int[] agreed = new int[threads.length];
        for (int t = 0; t < threads.length; t++) {
            int thread = t;
            Random random = new Random(seeded().nextLong() + t);
            threads[t] = new Thread(() -> {
                byte[] one = new byte[32];
                byte[] other = new byte[32];
                for (int i = 0; i < 200; i++) {
                    PrivateKey key = PrivateKey.generate(random::nextBytes);
                    PublicKey peer = PrivateKey.generate(random::nextBytes).publicKey();
                    boolean usable =
                            X25519.sharedSecret(key, peer, one, true) && X25519.sharedSecret(key, peer, other, false);
                    boolean samePublic = X25519.publicKey(key, true).equals(X25519.publicKey(key, false));
                    agreed[thread] += usable && samePublic && Arrays.equals(one, other) ? 1 : 0;
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(agreed).containsOnly(200);
    }

    private static Random seeded() {
        long seed = new Random().nextLong();
        System.out.println("X25519Test seed " + seed);
        return new Random(seed);
    }

    private static byte[] multiply(boolean byLibcrypto, byte[] scalar, byte[] u) {
        return agree(byLibcrypto, PrivateKey.fromBytes(scalar), PublicKey.fromBytes(u));
    }

    private static byte[] agree(boolean byLibcrypto, PrivateKey privateKey, PublicKey publicKey) {
        byte[] target = new byte[32];
        assertThat(X25519.sharedSecret(privateKey, publicKey, target, byLibcrypto))
                .isTrue();
        return target;
    }

    /// The Montgomery ladder of RFC 7748 section 5 over big integers: slow and plain.
    private static byte[] ladder(byte[] clamped, BigInteger u) {
        BigInteger k = number(clamped);
        BigInteger x2 = BigInteger.ONE;
        BigInteger z2 = BigInteger.ZERO;
        BigInteger x3 = u;
        BigInteger z3 = BigInteger.ONE;
        for (int t = 254; t >= 0; t--) {
            boolean bit = k.testBit(t);
            BigInteger xa = bit ? x3 : x2;
            BigInteger za = bit ? z3 : z2;
            BigInteger xb = bit ? x2 : x3;
            BigInteger zb = bit ? z2 : z3;
            BigInteger aa = xa.add(za).pow(2).mod(P);
            BigInteger bb = xa.subtract(za).pow(2).mod(P);
            BigInteger e = aa.subtract(bb);
            BigInteger da = xb.subtract(zb).multiply(xa.add(za)).mod(P);
            BigInteger cb = xb.add(zb).multiply(xa.subtract(za)).mod(P);
            BigInteger sumX = da.add(cb).pow(2).mod(P);
            BigInteger sumZ = u.multiply(da.subtract(cb).pow(2)).mod(P);
            BigInteger doubleX = aa.multiply(bb).mod(P);
            BigInteger doubleZ =
                    e.multiply(aa.add(BigInteger.valueOf(121665).multiply(e))).mod(P);
            x2 = bit ? sumX : doubleX;
            z2 = bit ? sumZ : doubleZ;
            x3 = bit ? doubleX : sumX;
            z3 = bit ? doubleZ : sumZ;
        }
        return littleEndian(
                x2.multiply(z2.modPow(P.subtract(BigInteger.TWO), P)).mod(P));
    }

    private static BigInteger number(byte[] littleEndian) {
        byte[] bigEndian = new byte[littleEndian.length];
        for (int i = 0; i < bigEndian.length; i++) {
            bigEndian[i] = littleEndian[littleEndian.length - 1 - i];
        }
        return new BigInteger(1, bigEndian);
    }

    private static byte[] littleEndian(BigInteger number) {
        byte[] bytes = new byte[32];
        for (int i = 0; i < 32; i++) {
            bytes[i] = number.shiftRight(8 * i).byteValue();
        }
        return bytes;
    }
}
