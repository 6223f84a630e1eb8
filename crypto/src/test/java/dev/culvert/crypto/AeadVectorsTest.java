package dev.culvert.crypto;

import static dev.culvert.crypto.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Published answers, from every engine.
class AeadVectorsTest {
    // RFC 8439 section 2.8.2; its nonce starts with 07 00 00 00.
    private static final String KEY_2_8_2 = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
    private static final String AAD_2_8_2 = "50515253c0c1c2c3c4c5c6c7";
    private static final long COUNTER_2_8_2 = 0x4746454443424140L;
    private static final String PLAINTEXT_2_8_2 = "Ladies and Gentlemen of the class of '99: If I could offer you only"
            + " one tip for the future, sunscreen would be it.";
    private static final String SEALED_2_8_2 = "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
            + "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
            + "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            + "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691";

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void sealsAndOpensRfc8439Section282(TestedAead engine) {
        try (Aead aead = engine.newAead(7)) {
            check(
                    aead,
                    hex(KEY_2_8_2),
                    COUNTER_2_8_2,
                    hex(AAD_2_8_2),
                    PLAINTEXT_2_8_2.getBytes(StandardCharsets.US_ASCII),
                    hex(SEALED_2_8_2));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void sealsAndOpensRfc8439AppendixA5(TestedAead engine) {
        try (Aead aead = engine.newAead()) {
            check(
                    aead,
                    hex(AeadSelfTest.A5_KEY),
                    AeadSelfTest.A5_COUNTER,
                    hex(AeadSelfTest.A5_AAD),
                    AeadSelfTest.A5_PLAINTEXT.getBytes(StandardCharsets.UTF_8),
                    hex(AeadSelfTest.A5_SEALED));
        }
    }

    private static void check(Aead aead, byte[] key, long counter, byte[] aad, byte[] plaintext, byte[] sealed) {
        try (GuardedMemory keys = new GuardedMemory(32);
                GuardedMemory aads = new GuardedMemory(64);
                GuardedMemory data = new GuardedMemory(512)) {
            long k = keys.place(key, 32, 0);
            long a = aads.place(aad, aad.length, 0);
            long d = data.place(plaintext, sealed.length, 0);
            aead.seal(k, d, d, plaintext.length, counter, a, aad.length);
            assertThat(data.read(sealed.length)).isEqualTo(sealed);
            assertThat(aead.open(k, d, d, plaintext.length, counter, a, aad.length))
                    .isTrue();
            assertThat(data.read(plaintext.length)).isEqualTo(plaintext);
        }
    }
}
