package dev.culvert.noise;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.RandomSource;
import dev.culvert.crypto.X25519;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.Vectors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;

/// Makes handshake messages that no honest peer makes, though all their tags and macs are right: with keys of low
/// order, with another's static key, with any timestamp.
public final class Forger implements AutoCloseable {
    private static final byte[] ZEROS = new byte[32];

    private final RandomSource random;
    private final HandshakeCipher cipher = new HandshakeCipher(AeadEngine.BOUNCY_CASTLE.newAead());

    public Forger(long seed) {
        random = new Random(seed)::nextBytes;
    }

    /// Public keys with which every shared secret is zero.
    public static List<PublicKey> lowOrderPoints() {
        List<PublicKey> points = new ArrayList<>();
        for (JsonNode point : Vectors.field(Vectors.read("x25519-low-order.json"), "points")) {
            points.add(PublicKey.fromBytes(Vectors.bytes(point, "public")));
        }
        return points;
    }

    /// The Diffie-Hellman of both; zeros for a key of low order.
    public static byte[] shared(PrivateKey ours, PublicKey theirs) {
        byte[] secret = new byte[32];
        return X25519.sharedSecret(ours, theirs, secret) ? secret : ZEROS.clone();
    }

    /// An initiation that claims to be of `claimed`.
    ///
    /// @param staticStatic32 what seals the timestamp
    public byte[] initiation(PublicKey receiver, PublicKey claimed, byte[] staticStatic32, long wallNs) {
        try (PrivateKey ephemeral = PrivateKey.generate(random)) {
            return initiation(
                    receiver, ephemeral.publicKey(), shared(ephemeral, receiver), claimed, staticStatic32, wallNs);
        }
    }

    /// Whose ephemeral key is of low order: anybody can make it, since the secret is zero.
    public byte[] initiationWithLowOrderEphemeral(
            PublicKey receiver, PublicKey point, PublicKey claimed, byte[] staticStatic32, long wallNs) {
        return initiation(receiver, point, ZEROS, claimed, staticStatic32, wallNs);
    }

    private byte[] initiation(
            PublicKey receiver,
            PublicKey ephemeral,
            byte[] ephemeralShared,
            PublicKey claimed,
            byte[] staticStatic32,
            long wallNs) {
        byte[] message = new byte[HandshakeInitiation.BYTES];
        byte[] stamp = new byte[Tai64n.BYTES];
        Tai64n.of(wallNs).encode(stamp, 0);
        HandshakeInitiation.writeType(message);
        HandshakeInitiation.writeSenderIndex(message, 0x0f0f0f0f);
        ephemeral.copyTo(message, HandshakeInitiation.EPHEMERAL);
        try (SymmetricState state = SymmetricState.towards(receiver)) {
            state.mixEphemeral(ephemeral);
            state.mixKey(ephemeralShared);
            state.seal(cipher, claimed.toBytes(), message, HandshakeInitiation.SEALED_STATIC);
            state.mixKey(staticStatic32);
            state.seal(cipher, stamp, message, HandshakeInitiation.SEALED_TIMESTAMP);
        }
        return withMac1(message, receiver);
    }

    /// A response by the holder of `responder` whose ephemeral key is of low order; consistent otherwise.
    public byte[] responseWithLowOrderEphemeral(
            PrivateKey responder, byte[] initiation148, PublicKey initiator, PublicKey point, PresharedKey psk) {
        byte[] message = new byte[HandshakeResponse.BYTES];
        HandshakeResponse.writeType(message);
        HandshakeResponse.writeSenderIndex(message, 0x0e0e0e0e);
        HandshakeResponse.writeReceiverIndex(message, HandshakeInitiation.senderIndex(initiation148));
        point.copyTo(message, HandshakeResponse.EPHEMERAL);
        PublicKey ephemeral = HandshakeInitiation.ephemeral(initiation148);
        try (SymmetricState state = SymmetricState.towards(responder.publicKey())) {
            state.mixEphemeral(ephemeral);
            state.mixKey(shared(responder, ephemeral));
            require(state.open(
                    cipher,
                    initiation148,
                    HandshakeInitiation.SEALED_STATIC,
                    HandshakeInitiation.SEALED_STATIC_BYTES,
                    new byte[32]));
            state.mixKey(shared(responder, initiator));
            require(state.open(
                    cipher,
                    initiation148,
                    HandshakeInitiation.SEALED_TIMESTAMP,
                    HandshakeInitiation.MAC1 - HandshakeInitiation.SEALED_TIMESTAMP,
                    new byte[Tai64n.BYTES]));
            state.mixEphemeral(point);
            state.mixChainingKey(ZEROS);
            state.mixChainingKey(ZEROS);
            state.mixPresharedKey(psk);
            state.seal(cipher, new byte[0], message, HandshakeResponse.SEALED_NOTHING);
        }
        return withMac1(message, initiator);
    }

    private static void require(boolean genuine) {
        if (!genuine) {
            throw new AssertionError("an initiation that was not made for this responder");
        }
    }

    /// A copy with the mac1 that anybody who knows the receiver's public key can make, and zeros as mac2.
    public static byte[] withMac1(byte[] message, PublicKey receiver) {
        byte[] copy = Arrays.copyOf(message, message.length);
        new Cookie().stamp(copy, new RemoteIdentity(receiver), 0);
        return copy;
    }

    @Override
    public void close() {
        cipher.close();
    }
}
