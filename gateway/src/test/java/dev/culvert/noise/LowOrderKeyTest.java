package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.X25519;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.Vectors;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Keys with which every shared secret is all zero: messages made with them are consistent, their tags are right,
/// and everybody can compute them. Only the check of the secret itself refuses them.
class LowOrderKeyTest {
    private static final byte[] ZEROS = new byte[32];

    private static PublicKey[] lowOrderPoints() {
        var points = Vectors.field(Vectors.read("x25519-low-order.json"), "points");
        PublicKey[] keys = new PublicKey[points.size()];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = PublicKey.fromBytes(Vectors.bytes(points.get(i), "public"));
        }
        assertThat(keys).hasSizeGreaterThan(10);
        return keys;
    }

    @Test
    void makesNoInitiationForAKeyOfLowOrder() {
        try (Duo duo = new Duo(12)) {
            for (PublicKey point : lowOrderPoints()) {
                PrivateKey ephemeral = duo.ephemeral();
                // A static-static secret that is not zero: the ephemeral one alone must stop it.
                assertThat(SentInitiation.create(duo.alice, point, duo.staticStatic, Duo.TIME, ephemeral, duo.cipher))
                        .isNull();
                assertThat(ephemeral.toHex()).as("closed").isEqualTo("00".repeat(32));
            }
        }
    }

    @Test
    void makesNoInitiationWithAStaticStaticOfZeros() {
        try (Duo duo = new Duo(13)) {
            PrivateKey ephemeral = duo.ephemeral();
            assertThat(SentInitiation.create(duo.alice, duo.bob.publicKey(), ZEROS, Duo.TIME, ephemeral, duo.cipher))
                    .isNull();
            assertThat(ephemeral.toHex()).as("closed").isEqualTo("00".repeat(32));
        }
    }

    /// Everybody can compute a message whose shared secrets are all zero, and its tags are right.
    @Test
    void refusesAnInitiationWhoseEphemeralKeyIsOfLowOrder() {
        try (Duo duo = new Duo(14)) {
            for (PublicKey point : lowOrderPoints()) {
                byte[] message = new byte[HandshakeInitiation.BYTES];
                point.copyTo(message, HandshakeInitiation.EPHEMERAL);
                try (SymmetricState state = SymmetricState.towards(duo.bob.publicKey())) {
                    state.mixEphemeral(point);
                    state.mixKey(ZEROS);
                    state.seal(duo.cipher, duo.alice.publicKey().toBytes(), message, HandshakeInitiation.SEALED_STATIC);
                }
                assertThat(duo.open(message)).isNull();
            }
        }
    }

    @Test
    void refusesAnInitiatorWhoseStaticKeyIsOfLowOrder() {
        try (Duo duo = new Duo(15)) {
            for (PublicKey point : lowOrderPoints()) {
                byte[] message = new byte[HandshakeInitiation.BYTES];
                byte[] shared = new byte[32];
                PrivateKey ephemeral = duo.ephemeral();
                assertThat(X25519.sharedSecret(ephemeral, duo.bob.publicKey(), shared))
                        .isTrue();
                ephemeral.publicKey().copyTo(message, HandshakeInitiation.EPHEMERAL);
                try (SymmetricState state = SymmetricState.towards(duo.bob.publicKey())) {
                    state.mixEphemeral(ephemeral.publicKey());
                    state.mixKey(shared);
                    state.seal(duo.cipher, point.toBytes(), message, HandshakeInitiation.SEALED_STATIC);
                    state.mixKey(ZEROS);
                    state.seal(duo.cipher, new byte[12], message, HandshakeInitiation.SEALED_TIMESTAMP);
                }
                try (ReceivedInitiation received = Objects.requireNonNull(duo.open(message))) {
                    assertThat(received.initiator()).isEqualTo(point);
                    assertThat(received.openTimestamp(ZEROS, duo.cipher)).isNull();
                }
                // Should the static-static ever be let through, the response must still fail.
                assertThat(respondingToLowOrder(duo, message, shared)).isNull();
            }
        }
    }

    private static @Nullable ResponseDraft respondingToLowOrder(Duo duo, byte[] message, byte[] shared) {
        byte[] other = message.clone();
        try (SymmetricState state = SymmetricState.towards(duo.bob.publicKey());
                ReceivedInitiation received = Objects.requireNonNull(duo.open(message))) {
            byte[] point = received.initiator().toBytes();
            state.mixEphemeral(HandshakeInitiation.ephemeral(message));
            state.mixKey(shared);
            state.seal(duo.cipher, point, other, HandshakeInitiation.SEALED_STATIC);
            state.mixKey(duo.staticStatic);
            state.seal(duo.cipher, new byte[12], other, HandshakeInitiation.SEALED_TIMESTAMP);
        }
        try (ReceivedInitiation received = Objects.requireNonNull(duo.open(other))) {
            assertThat(received.openTimestamp(duo.staticStatic, duo.cipher)).isNotNull();
            return received.respond(duo.psk, duo.ephemeral(), duo.cipher);
        }
    }

    @Test
    void refusesAResponseWhoseEphemeralKeyIsOfLowOrder() {
        try (Duo duo = new Duo(16)) {
            for (PublicKey point : lowOrderPoints()) {
                PrivateKey ephemeral = duo.ephemeral();
                byte[] shared = new byte[32];
                assertThat(X25519.sharedSecret(ephemeral, duo.bob.publicKey(), shared))
                        .isTrue();
                try (SentInitiation sent = Objects.requireNonNull(SentInitiation.create(
                                duo.alice,
                                duo.bob.publicKey(),
                                duo.staticStatic,
                                Duo.TIME,
                                ephemeral.copy(),
                                duo.cipher));
                        SymmetricState state = SymmetricState.towards(duo.bob.publicKey())) {
                    byte[] scratch = new byte[HandshakeInitiation.BYTES];
                    state.mixEphemeral(ephemeral.publicKey());
                    state.mixKey(shared);
                    state.seal(duo.cipher, duo.alice.publicKey().toBytes(), scratch, HandshakeInitiation.SEALED_STATIC);
                    state.mixKey(duo.staticStatic);
                    byte[] stamp = new byte[12];
                    Duo.TIME.encode(stamp, 0);
                    state.seal(duo.cipher, stamp, scratch, HandshakeInitiation.SEALED_TIMESTAMP);
                    assertThat(Arrays.copyOfRange(scratch, 40, 116))
                            .isEqualTo(Arrays.copyOfRange(sent.message(), 40, 116));

                    byte[] response = new byte[HandshakeResponse.BYTES];
                    point.copyTo(response, HandshakeResponse.EPHEMERAL);
                    state.mixEphemeral(point);
                    state.mixChainingKey(ZEROS);
                    state.mixChainingKey(ZEROS);
                    state.mixPresharedKey(duo.psk);
                    state.seal(duo.cipher, new byte[0], response, HandshakeResponse.SEALED_NOTHING);
                    assertThat(duo.consume(sent, response)).isNull();
                }
            }
        }
    }
}
