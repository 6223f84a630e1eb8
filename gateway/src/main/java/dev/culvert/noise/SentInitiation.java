package dev.culvert.noise;

import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.Wipe;
import dev.culvert.crypto.X25519;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import org.jspecify.annotations.Nullable;

/// The initiator's half of a handshake: the initiation, and what is needed to understand its response.
///
/// Made by a handshake worker, kept by the home lane as the peer's one outstanding handshake until it is replaced,
/// answered or zeroed. A response is consumed by a worker, which changes nothing here; if the lane closes this
/// object meanwhile the worker gets null, or keys that the lane must not commit, since this is its outstanding
/// handshake no more. Knows neither clocks nor retries.
public final class SentInitiation implements AutoCloseable {
    private static final byte[] NO_SHARED_SECRET = new byte[32];

    private final byte[] message;
    private final PrivateKey ephemeral;
    private final SymmetricState state;
    private volatile boolean closed;

    private SentInitiation(byte[] message, PrivateKey ephemeral, SymmetricState state) {
        this.message = message;
        this.ephemeral = ephemeral;
        this.state = state;
    }

    /// Makes an initiation.
    ///
    /// @param staticStatic32 the shared secret of our and the peer's static key
    /// @param timestamp later than any sent to this peer before
    /// @param ephemeral fresh, its own from here on: closed with this object or, on failure, at once
    /// @return null if a shared secret is all zero: the peer's key is of low order
    public static @Nullable SentInitiation create(
            StaticIdentity me,
            PublicKey peer,
            byte[] staticStatic32,
            Tai64n timestamp,
            PrivateKey ephemeral,
            HandshakeCipher cipher) {
        byte[] shared = new byte[32];
        SymmetricState state = SymmetricState.towards(peer);
        SentInitiation created = null;
        try {
            if (!Wipe.equal(staticStatic32, 0, NO_SHARED_SECRET, 0, NO_SHARED_SECRET.length)
                    && X25519.sharedSecret(ephemeral, peer, shared)) {
                byte[] message = new byte[HandshakeInitiation.BYTES];
                byte[] stamp = new byte[Tai64n.BYTES];
                PublicKey publicKey = ephemeral.publicKey();
                timestamp.encode(stamp, 0);
                HandshakeInitiation.writeType(message);
                publicKey.copyTo(message, HandshakeInitiation.EPHEMERAL);
                state.mixEphemeral(publicKey);
                state.mixKey(shared);
                state.seal(cipher, me.publicKey().toBytes(), message, HandshakeInitiation.SEALED_STATIC);
                state.mixKey(staticStatic32);
                state.seal(cipher, stamp, message, HandshakeInitiation.SEALED_TIMESTAMP);
                created = new SentInitiation(message, ephemeral, state);
            }
            return created;
        } finally {
            Wipe.zero(shared);
            if (created == null) {
                state.close();
                ephemeral.close();
            }
        }
    }

    /// 148 bytes; sender index and macs are still zero. Its own array, for the lane to finish: neither is in the
    /// Noise hash.
    public byte[] message() {
        return message;
    }

    /// Reads a response to this initiation. Works on copies: a failure changes nothing, a later response may still
    /// succeed. After a success the owner closes this object.
    ///
    /// @param me the identity that [#create] was given
    /// @param response92 of type and length checked, with a valid mac1 and this initiation's index as receiver
    /// @return null if it is forged, answers another initiation, comes from a peer with another preshared key, or
    /// its ephemeral key is of low order
    public @Nullable SessionKeys consumeResponse(
            StaticIdentity me, PresharedKey psk, byte[] response92, HandshakeCipher cipher) {
        assert response92.length == HandshakeResponse.BYTES : response92.length;
        byte[] shared = new byte[32];
        PublicKey responderEphemeral = HandshakeResponse.ephemeral(response92);
        try (SymmetricState copy = state.copy()) {
            copy.mixEphemeral(responderEphemeral);
            if (!X25519.sharedSecret(ephemeral, responderEphemeral, shared)) {
                return null;
            }
            copy.mixChainingKey(shared);
            if (!X25519.sharedSecret(me.privateKey(), responderEphemeral, shared)) {
                return null;
            }
            copy.mixChainingKey(shared);
            copy.mixPresharedKey(psk);
            boolean genuine = copy.open(
                    cipher,
                    response92,
                    HandshakeResponse.SEALED_NOTHING,
                    HandshakeResponse.SEALED_NOTHING_BYTES,
                    new byte[0]);
            return genuine && !closed ? copy.split(true) : null;
        } finally {
            Wipe.zero(shared);
        }
    }

    /// Zeroes everything.
    @Override
    public void close() {
        closed = true;
        state.close();
        ephemeral.close();
        Wipe.zero(message);
    }
}
