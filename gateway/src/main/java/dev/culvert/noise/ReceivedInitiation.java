package dev.culvert.noise;

import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.Wipe;
import dev.culvert.crypto.X25519;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The responder's half of a handshake, in three steps, so that the peer can be looked up after the first:
///
/// ```
/// open            1 DH          our identity alone        → who it says it is
/// openTimestamp   (ss given)    the peer's static-static  → who it is, and when
/// respond         keygen, 2 DH  the peer's preshared key  → the response and the session's keys
/// ```
///
/// Made and used by one handshake worker. Changes nothing but itself: whether the timestamp is new, and everything
/// else about the peer, is for the home lane to decide. Macs, the load and the lookup of the peer are not its
/// business.
public final class ReceivedInitiation implements AutoCloseable {
    private static final byte[] NO_SHARED_SECRET = new byte[32];

    private final PublicKey initiator;
    private final PublicKey ephemeral;
    private final int senderIndex;
    private final byte[] sealedTimestamp;
    private final SymmetricState state;
    private boolean authentic;

    private ReceivedInitiation(byte[] message, PublicKey initiator, PublicKey ephemeral, SymmetricState state) {
        this.initiator = initiator;
        this.ephemeral = ephemeral;
        this.state = state;
        senderIndex = HandshakeInitiation.senderIndex(message);
        sealedTimestamp = Arrays.copyOfRange(message, HandshakeInitiation.SEALED_TIMESTAMP, HandshakeInitiation.MAC1);
    }

    /// Reads an initiation up to its static key. The message may be reused afterwards.
    ///
    /// @param message148 of type and length checked, with a valid mac1
    /// @return null if it is forged or its ephemeral key is of low order
    public static @Nullable ReceivedInitiation open(StaticIdentity me, byte[] message148, HandshakeCipher cipher) {
        assert message148.length == HandshakeInitiation.BYTES : message148.length;
        byte[] shared = new byte[32];
        byte[] initiator = new byte[PublicKey.BYTES];
        PublicKey ephemeral = HandshakeInitiation.ephemeral(message148);
        SymmetricState state = SymmetricState.towards(me.publicKey());
        ReceivedInitiation opened = null;
        try {
            if (X25519.sharedSecret(me.privateKey(), ephemeral, shared)) {
                state.mixEphemeral(ephemeral);
                state.mixKey(shared);
                if (state.open(
                        cipher,
                        message148,
                        HandshakeInitiation.SEALED_STATIC,
                        HandshakeInitiation.SEALED_STATIC_BYTES,
                        initiator)) {
                    opened = new ReceivedInitiation(message148, PublicKey.fromBytes(initiator), ephemeral, state);
                }
            }
            return opened;
        } finally {
            Wipe.zero(shared);
            if (opened == null) {
                state.close();
            }
        }
    }

    /// The static key that the initiator claims; proved by [#openTimestamp] alone.
    public PublicKey initiator() {
        return initiator;
    }

    public int senderIndex() {
        return senderIndex;
    }

    /// Opens the timestamp, which proves that the initiator holds its static key.
    ///
    /// @param staticStatic32 the shared secret of our and the initiator's static key
    /// @return null if the message is forged or the secret is all zero; this object is then of no more use but to
    /// be closed
    public @Nullable Tai64n openTimestamp(byte[] staticStatic32, HandshakeCipher cipher) {
        if (authentic) {
            throw new IllegalStateException("the timestamp of this initiation has been opened");
        }
        if (Wipe.equal(staticStatic32, 0, NO_SHARED_SECRET, 0, NO_SHARED_SECRET.length)) {
            return null;
        }
        byte[] timestamp = new byte[Tai64n.BYTES];
        state.mixKey(staticStatic32);
        if (!state.open(cipher, sealedTimestamp, 0, sealedTimestamp.length, timestamp)) {
            state.close();
            return null;
        }
        authentic = true;
        return Tai64n.decode(timestamp, 0);
    }

    /// Makes the response and the keys of the session; once, after [#openTimestamp].
    ///
    /// @param ephemeral fresh, its own from here on: closed before this returns
    /// @return null if a shared secret is all zero
    public @Nullable ResponseDraft respond(PresharedKey psk, PrivateKey ephemeral, HandshakeCipher cipher) {
        byte[] shared = new byte[32];
        try {
            if (!authentic) {
                throw new IllegalStateException("an initiation is answered once, and after its timestamp was opened");
            }
            authentic = false;
            byte[] response = new byte[HandshakeResponse.BYTES];
            PublicKey publicKey = ephemeral.publicKey();
            HandshakeResponse.writeType(response);
            HandshakeResponse.writeReceiverIndex(response, senderIndex);
            publicKey.copyTo(response, HandshakeResponse.EPHEMERAL);
            state.mixEphemeral(publicKey);
            if (!X25519.sharedSecret(ephemeral, this.ephemeral, shared)) {
                return null;
            }
            state.mixChainingKey(shared);
            if (!X25519.sharedSecret(ephemeral, initiator, shared)) {
                return null;
            }
            state.mixChainingKey(shared);
            state.mixPresharedKey(psk);
            state.seal(cipher, new byte[0], response, HandshakeResponse.SEALED_NOTHING);
            return new ResponseDraft(response, state.split(false));
        } finally {
            Wipe.zero(shared);
            ephemeral.close();
            state.close();
        }
    }

    /// Zeroes what is left.
    @Override
    public void close() {
        authentic = false;
        state.close();
    }
}
