package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.X25519;
import dev.culvert.wire.Vectors;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// WireGuard's handshake is Noise_IKpsk2 with a prologue and payloads of its own; with others in their place the
/// same operations must produce the vector of an unrelated implementation.
class NoiseVectorTest {
    private final JsonNode vector = Vectors.read("noise-ikpsk2.json");
    private final PrivateKey initiatorStatic = PrivateKey.fromBytes(Vectors.bytes(vector, "init_static"));
    private final PrivateKey initiatorEphemeral = PrivateKey.fromBytes(Vectors.bytes(vector, "init_ephemeral"));
    private final PrivateKey responderStatic = PrivateKey.fromBytes(Vectors.bytes(vector, "resp_static"));
    private final PrivateKey responderEphemeral = PrivateKey.fromBytes(Vectors.bytes(vector, "resp_ephemeral"));

    private static byte[] dh(PrivateKey privateKey, PrivateKey other) {
        byte[] shared = new byte[32];
        assertThat(X25519.sharedSecret(privateKey, other.publicKey(), shared)).isTrue();
        return shared;
    }

    private static byte[] sealed(SymmetricState state, HandshakeCipher cipher, byte[] plaintext) {
        byte[] out = new byte[plaintext.length + 16];
        state.seal(cipher, plaintext, out, 0);
        return out;
    }

    @Test
    void reproducesTheVectorOfAnotherImplementation() {
        JsonNode messages = Vectors.field(vector, "messages");
        PublicKey responder = responderStatic.publicKey();
        assertThat(responder.toHex()).isEqualTo(Vectors.text(vector, "init_remote_static"));
        try (HandshakeCipher cipher = new HandshakeCipher(AeadEngine.BOUNCY_CASTLE.newAead());
                SymmetricState state = SymmetricState.towards(responder, Vectors.bytes(vector, "prologue"))) {
            ByteArrayOutputStream first = new ByteArrayOutputStream();
            first.writeBytes(initiatorEphemeral.publicKey().toBytes());
            state.mixEphemeral(initiatorEphemeral.publicKey());
            state.mixKey(dh(initiatorEphemeral, responderStatic));
            first.writeBytes(sealed(state, cipher, initiatorStatic.publicKey().toBytes()));
            state.mixKey(dh(initiatorStatic, responderStatic));
            first.writeBytes(sealed(state, cipher, Vectors.bytes(messages.get(0), "payload")));
            assertThat(Vectors.hex(first.toByteArray())).isEqualTo(Vectors.text(messages.get(0), "ciphertext"));

            ByteArrayOutputStream second = new ByteArrayOutputStream();
            second.writeBytes(responderEphemeral.publicKey().toBytes());
            state.mixEphemeral(responderEphemeral.publicKey());
            state.mixChainingKey(dh(responderEphemeral, initiatorEphemeral));
            state.mixChainingKey(dh(responderEphemeral, initiatorStatic));
            state.mixPresharedKey(PresharedKey.fromBytes(Vectors.bytes(vector, "psk")));
            second.writeBytes(sealed(state, cipher, Vectors.bytes(messages.get(1), "payload")));
            assertThat(Vectors.hex(second.toByteArray())).isEqualTo(Vectors.text(messages.get(1), "ciphertext"));

            try (SessionKeys initiator = state.split(true);
                    SessionKeys mirror = state.split(false)) {
                assertThat(initiator.sending()).isEqualTo(mirror.receiving());
                assertThat(initiator.receiving()).isEqualTo(mirror.sending());
                for (int i = 2; i < messages.size(); i++) {
                    byte[] key = i % 2 == 0 ? initiator.sending() : initiator.receiving();
                    byte[] payload = Vectors.bytes(messages.get(i), "payload");
                    assertThat(Vectors.hex(transport(key, payload, (i - 2) / 2)))
                            .isEqualTo(Vectors.text(messages.get(i), "ciphertext"));
                }
            }
        }
    }

    private static byte[] transport(byte[] key, byte[] payload, long counter) {
        try (Arena arena = Arena.ofConfined();
                Aead aead = AeadEngine.BOUNCY_CASTLE.newAead()) {
            long keyAddress = arena.allocate(32).address();
            long data = arena.allocate(payload.length + 16).address();
            Memory.copyIn(key, 0, keyAddress, 32);
            Memory.copyIn(payload, 0, data, payload.length);
            aead.seal(keyAddress, data, data, payload.length, counter);
            byte[] result = new byte[payload.length + 16];
            Memory.copyOut(data, result, 0, result.length);
            return result;
        }
    }
}
