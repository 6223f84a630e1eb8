package dev.culvert.crypto;

import static dev.culvert.crypto.Vectors.bytes;
import static dev.culvert.crypto.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class XChaCha20Poly1305Test {
    // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    private static final byte[] KEY = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    private static final byte[] NONCE = hex("404142434445464748494a4b4c4d4e4f5051525354555657");
    private static final byte[] AD = hex("50515253c0c1c2c3c4c5c6c7");
    private static final byte[] PLAINTEXT =
            ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip"
                            + " for the future, sunscreen would be it.")
                    .getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SEALED = hex("bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
            + "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
            + "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
            + "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");

    private static byte[] sealed(TestedAead engine, byte[] key, byte[] nonce, byte[] plaintext, byte[] ad) {
        byte[] out = new byte[24 + plaintext.length + 16];
        try (Aead aead = engine.newAead();
                XChaChaSealer sealer =
                        new XChaChaSealer(aead, target -> System.arraycopy(nonce, 0, target, 0, target.length))) {
            sealer.seal(key, plaintext, ad, 0, ad.length, out, 0, 24);
        }
        assertThat(Arrays.copyOf(out, 24)).isEqualTo(nonce);
        return Arrays.copyOfRange(out, 24, out.length);
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void sealsTheVectorOfTheDraft(TestedAead engine) {
        assertThat(sealed(engine, KEY, NONCE, PLAINTEXT, AD)).isEqualTo(SEALED);
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void sealsIntoThePlacesAskedForAndCountsTheNonceUp(TestedAead engine) {
        try (Aead aead = engine.newAead();
                XChaChaSealer sealer = new XChaChaSealer(aead, target -> Arrays.fill(target, (byte) 0xff))) {
            byte[] opened = new byte[PLAINTEXT.length];
            byte[] ad = new byte[20];
            System.arraycopy(AD, 0, ad, 3, AD.length);
            for (int i = 0; i < 3; i++) {
                byte[] out = new byte[SEALED.length + 40];
                sealer.seal(KEY, PLAINTEXT, ad, 3, AD.length, out, 2, 30);
                byte[] nonce = new byte[24];
                Arrays.fill(nonce, (byte) 0xff);
                if (i > 0) {
                    Arrays.fill(nonce, 16, 24, (byte) 0); // it wraps
                    nonce[16] = (byte) (i - 1);
                }
                assertThat(Arrays.copyOfRange(out, 2, 26)).isEqualTo(nonce);
                assertThat(XChaCha20Poly1305.open(KEY, nonce, out, 30, SEALED.length, AD, opened))
                        .isTrue();
                assertThat(opened).isEqualTo(PLAINTEXT);
                Arrays.fill(out, 2, 26, (byte) 0);
                Arrays.fill(out, 30, 30 + SEALED.length, (byte) 0);
                assertThat(out).containsOnly(0);
            }
        }
    }

    @Test
    void drawsANewNonceForEachKey() {
        Random random = new Random(9);
        byte[] other = flipped(KEY, 31, 7);
        byte[] opened = new byte[PLAINTEXT.length];
        try (Aead aead = AeadEngine.BOUNCY_CASTLE.newAead();
                XChaChaSealer sealer = new XChaChaSealer(aead, random::nextBytes)) {
            Set<String> nonces = new HashSet<>();
            for (byte[] key : List.of(KEY, other, KEY)) {
                byte[] out = new byte[24 + SEALED.length];
                sealer.seal(key, PLAINTEXT, AD, 0, AD.length, out, 0, 24);
                byte[] nonce = Arrays.copyOf(out, 24);
                nonces.add(Vectors.hex(Arrays.copyOf(nonce, 16)));
                assertThat(XChaCha20Poly1305.open(key, nonce, out, 24, SEALED.length, AD, opened))
                        .isTrue();
            }
            assertThat(nonces).hasSize(3);
        }
    }

    @Test
    void opensTheVectorOfTheDraftFromThePlaceGiven() {
        byte[] in = new byte[SEALED.length + 9];
        System.arraycopy(SEALED, 0, in, 4, SEALED.length);
        byte[] out = new byte[PLAINTEXT.length];
        assertThat(XChaCha20Poly1305.open(KEY, NONCE, in, 4, SEALED.length, AD, out))
                .isTrue();
        assertThat(out).isEqualTo(PLAINTEXT);
    }

    @Test
    void refusesEachFlippedBitAndLeavesZeros() {
        for (int bit = 0; bit < 8 * SEALED.length; bit++) {
            byte[] forged = SEALED.clone();
            forged[bit / 8] ^= (byte) (1 << bit % 8);
            assertRefused(KEY, NONCE, forged, AD);
        }
    }

    @Test
    void refusesAnotherKeyNonceOrAdditionalData() {
        for (int bit = 0; bit < 8; bit++) {
            assertRefused(flipped(KEY, 31 - bit, bit), NONCE, SEALED, AD);
            assertRefused(KEY, flipped(NONCE, bit * 3, bit), SEALED, AD);
            assertRefused(KEY, NONCE, SEALED, flipped(AD, bit, bit));
        }
        assertRefused(KEY, NONCE, SEALED, new byte[0]);
    }

    @Test
    void refusesWhatIsShorterThanATag() {
        for (int length = 0; length < 16; length++) {
            assertRefused(KEY, NONCE, Arrays.copyOf(SEALED, length), AD);
        }
    }

    @Test
    void sealsAndOpensNothing() {
        byte[] sealed = sealed(TestedAead.PROVIDER, KEY, NONCE, new byte[0], AD);
        assertThat(XChaCha20Poly1305.open(KEY, NONCE, sealed, 0, 16, AD, new byte[0]))
                .isTrue();
        assertThat(XChaCha20Poly1305.open(KEY, NONCE, flipped(sealed, 3, 1), 0, 16, AD, new byte[0]))
                .isFalse();
    }

    @Test
    void refusesKeysAndNoncesOfOtherLengths() {
        byte[] out = new byte[PLAINTEXT.length];
        assertThatThrownBy(() -> XChaCha20Poly1305.open(new byte[31], NONCE, SEALED, 0, SEALED.length, AD, out))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> XChaCha20Poly1305.open(KEY, new byte[12], SEALED, 0, SEALED.length, AD, out))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sealed(TestedAead.BOUNCY_CASTLE, new byte[31], NONCE, PLAINTEXT, AD))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /// Cookie replies: the cookie is sealed with the key of the responder's public key, and mac1 as additional
    /// data.
    @Test
    void sealsAndOpensTheCookiesOfTheVectors() {
        JsonNode cases = Vectors.load("cookie.json").get("cases");
        assertThat(cases.size()).isEqualTo(10);
        for (JsonNode vector : cases) {
            byte[] message = bytes(vector, "message");
            byte[] macKey = bytes(vector, "mac1_key");
            byte[] publicKey = bytes(vector, "responder_public");
            byte[] cookieKey = bytes(vector, "cookie_key");
            assertThat(Blake2s.hash("mac1----".getBytes(StandardCharsets.US_ASCII), publicKey))
                    .isEqualTo(macKey);
            assertThat(Blake2s.hash("cookie--".getBytes(StandardCharsets.US_ASCII), publicKey))
                    .isEqualTo(cookieKey);
            int mac1At = message.length - 32;
            byte[] mac1 = new byte[16];
            Blake2s.mac(macKey, message, 0, mac1At, mac1, 0);
            assertThat(mac1).isEqualTo(Arrays.copyOfRange(message, mac1At, mac1At + 16));
            byte[] cookie = bytes(vector, "cookie");
            byte[] reply = bytes(vector, "cookie_reply");
            byte[] nonce = bytes(vector, "nonce");
            assertThat(sealed(TestedAead.PROVIDER, cookieKey, nonce, cookie, mac1))
                    .isEqualTo(Arrays.copyOfRange(reply, 32, 64));
            byte[] opened = new byte[16];
            assertThat(XChaCha20Poly1305.open(cookieKey, nonce, reply, 32, 32, mac1, opened))
                    .isTrue();
            assertThat(opened).isEqualTo(cookie);
            byte[] withMac2 = bytes(vector, "message_with_mac2");
            byte[] mac2 = new byte[16];
            Blake2s.mac(cookie, withMac2, 0, withMac2.length - 16, mac2, 0);
            assertThat(mac2).isEqualTo(Arrays.copyOfRange(withMac2, withMac2.length - 16, withMac2.length));
        }
    }

    private static byte[] flipped(byte[] bytes, int index, int bit) {
        byte[] copy = bytes.clone();
        copy[index] ^= (byte) (1 << bit);
        return copy;
    }

    private static void assertRefused(byte[] key, byte[] nonce, byte[] sealed, byte[] ad) {
        byte[] out = new byte[PLAINTEXT.length];
        Arrays.fill(out, (byte) 1);
        assertThat(XChaCha20Poly1305.open(key, nonce, sealed, 0, sealed.length, ad, out))
                .isFalse();
        assertThat(out).containsOnly(0);
    }
}
