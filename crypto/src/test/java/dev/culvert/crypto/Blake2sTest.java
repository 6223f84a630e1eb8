package dev.culvert.crypto;

import static dev.culvert.crypto.Vectors.bytes;
import static dev.culvert.crypto.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.bouncycastle.crypto.digests.Blake2sDigest;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class Blake2sTest {
    private static final JsonNode VECTORS = Vectors.load("hash-kdf.json");

    @Test
    void hashesTheExampleOfRfc7693() {
        assertThat(hex(Blake2s.hash("abc".getBytes(StandardCharsets.US_ASCII))))
                .isEqualTo("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
    }

    /// RFC 7693 appendix E: the hash of 48 hashes. The sizes that this class does not offer come from the library below
    /// it; those that it does offer are its own.
    @Test
    void passesTheSelfTestOfRfc7693() {
        Blake2sDigest grand = new Blake2sDigest(256);
        for (int outLength : new int[] {16, 20, 28, 32}) {
            for (int inLength : new int[] {0, 3, 64, 65, 255, 1024}) {
                byte[] in = fibonacci(inLength);
                grand.update(outLength == 32 ? Blake2s.hash(in) : library(new byte[0], outLength, in), 0, outLength);
                byte[] key = fibonacci(outLength);
                byte[] keyed = library(key, outLength, in);
                if (outLength == Blake2s.MAC_BYTES) {
                    Blake2s.mac(key, in, 0, inLength, keyed, 0);
                }
                grand.update(keyed, 0, outLength);
            }
        }
        byte[] result = new byte[32];
        grand.doFinal(result, 0);
        assertThat(hex(result)).isEqualTo("6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe");
    }

    private static byte[] library(byte[] key, int outLength, byte[] in) {
        Blake2sDigest digest = new Blake2sDigest(key, outLength, null, null);
        digest.update(in, 0, in.length);
        byte[] out = new byte[outLength];
        digest.doFinal(out, 0);
        return out;
    }

    /// `selftest_seq` of RFC 7693 appendix E, whose seed is always the length.
    private static byte[] fibonacci(int length) {
        byte[] out = new byte[length];
        int a = 0xdead4bad * length;
        int b = 1;
        for (int i = 0; i < length; i++) {
            int t = a + b;
            a = b;
            b = t;
            out[i] = (byte) (t >>> 24);
        }
        return out;
    }

    @Test
    void takesOpenSslHere() {
        assertThat(LibcryptoHash.TROUBLE).isEmpty();
    }

    @Property
    void agreesWithTheLibraryHoweverTheTextIsCut(
            @ForAll long seed, @ForAll @Size(max = 5) List<@IntRange(max = 600) Integer> lengths) {
        Random random = new Random(seed);
        byte[][] parts = new byte[lengths.size()][];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = new byte[lengths.get(i)];
            random.nextBytes(parts[i]);
        }
        byte[] expected = new byte[32];
        Blake2s.plainDigest(expected, parts);
        assertThat(Blake2s.hash(parts)).isEqualTo(expected);
    }

    /// Threads share the objects that hash, one at a time.
    @Test
    void hashesRightInManyThreads() throws InterruptedException {
        Thread[] threads = new Thread[4];
        int[] right = new int[threads.length];
        for (int t = 0; t < threads.length; t++) {
            int thread = t;
            threads[t] = new Thread(() -> {
                byte[] expected = new byte[32];
                for (int i = 0; i < 3000; i++) {
                    byte[] in = fibonacci(1 + i % 400);
                    in[0] = (byte) thread;
                    Blake2s.plainDigest(expected, in);
                    right[thread] += Arrays.equals(Blake2s.hash(in), expected) ? 1 : 0;
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(right).containsOnly(3000);
    }

    @Test
    void hashesAsTheVectorsSay() {
        assertThat(VECTORS.get("blake2s").size()).isEqualTo(9);
        for (JsonNode vector : VECTORS.get("blake2s")) {
            assertThat(Blake2s.hash(bytes(vector, "input"))).isEqualTo(bytes(vector, "hash32"));
        }
    }

    @Test
    void hashesPartsAsOneText() {
        byte[] construction = VECTORS.get("construction").asString().getBytes(StandardCharsets.US_ASCII);
        byte[] identifier = VECTORS.get("identifier").asString().getBytes(StandardCharsets.US_ASCII);
        byte[] chainingKey = Blake2s.hash(construction);
        assertThat(chainingKey).isEqualTo(bytes(VECTORS, "initial_chaining_key"));
        assertThat(Blake2s.hash(chainingKey, identifier)).isEqualTo(bytes(VECTORS, "initial_hash"));
        byte[] both = Arrays.copyOf(chainingKey, chainingKey.length + identifier.length);
        System.arraycopy(identifier, 0, both, chainingKey.length, identifier.length);
        assertThat(Blake2s.hash(both, new byte[0])).isEqualTo(bytes(VECTORS, "initial_hash"));
    }

    @Test
    void macsAsTheVectorsSay() {
        assertThat(VECTORS.get("keyed_blake2s_128").size()).isEqualTo(8);
        for (JsonNode vector : VECTORS.get("keyed_blake2s_128")) {
            byte[] input = bytes(vector, "input");
            byte[] mac = new byte[16];
            Blake2s.mac(bytes(vector, "key"), input, 0, input.length, mac, 0);
            assertThat(mac).isEqualTo(bytes(vector, "mac16"));
        }
    }

    @Test
    void macsAPartOfAMessageIntoAPartOfAnArray() {
        byte[] message = fibonacci(200);
        byte[] key = fibonacci(32);
        byte[] whole = new byte[16];
        Blake2s.mac(key, Arrays.copyOfRange(message, 7, 107), 0, 100, whole, 0);
        byte[] out = new byte[48];
        Arrays.fill(out, (byte) 0x5a);
        Blake2s.mac(key, message, 7, 100, out, 16);
        assertThat(Arrays.copyOfRange(out, 16, 32)).isEqualTo(whole);
        assertThat(Arrays.copyOfRange(out, 0, 16)).containsOnly(0x5a);
        assertThat(Arrays.copyOfRange(out, 32, 48)).containsOnly(0x5a);
    }

    @Test
    void macIsNotATruncatedHashOfTheSameKey() {
        byte[] key = fibonacci(32);
        byte[] message = fibonacci(10);
        byte[] mac = new byte[16];
        Blake2s.mac(key, message, 0, 10, mac, 0);
        assertThat(mac).isNotEqualTo(Arrays.copyOf(library(key, 32, message), 16));
    }

    @Test
    void refusesMacKeysThatTheProtocolDoesNotKnow() {
        for (int length : new int[] {0, 15, 17, 31, 33, 64}) {
            assertThatThrownBy(() -> Blake2s.mac(new byte[length], new byte[1], 0, 1, new byte[16], 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void hmacIsThatOfRfc2104WithKeysOfAnyLength() {
        boolean longKey = false;
        for (JsonNode vector : VECTORS.get("kdf")) {
            byte[] key = bytes(vector, "key");
            longKey |= key.length > 64;
            byte[] out = new byte[32];
            Blake2s.hmac(key, out, bytes(vector, "input"));
            assertThat(out).isEqualTo(bytes(vector, "hmac"));
        }
        assertThat(longKey).isTrue();
    }

    @Test
    void hmacMayOverwriteItsKeyAndItsInput() {
        byte[] key = fibonacci(32);
        byte[] input = Arrays.copyOf(fibonacci(33), 32);
        byte[] expected = new byte[32];
        Blake2s.hmac(key, expected, input);
        byte[] keyToo = key.clone();
        Blake2s.hmac(keyToo, keyToo, input);
        byte[] inputToo = input.clone();
        Blake2s.hmac(key, inputToo, inputToo);
        assertThat(keyToo).isEqualTo(expected);
        assertThat(inputToo).isEqualTo(expected);
    }
}
