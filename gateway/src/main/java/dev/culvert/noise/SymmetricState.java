package dev.culvert.noise;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.Blake2s;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.Kdf;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.Wipe;
import java.util.Arrays;

/// A handshake's chaining key, hash and key of the moment: the SymmetricState of Noise (section 5.2), with one key
/// for each sealed part, so that every nonce is zero.
///
/// Belongs to the handshake object that holds it, one thread at a time. Knows no message pattern.
final class SymmetricState implements AutoCloseable {
    private static final byte[] NOTHING = new byte[0];
    private static final byte[] INITIAL_CHAINING_KEY = Blake2s.hash(Labels.CONSTRUCTION);
    private static final byte[] INITIAL_HASH = Blake2s.hash(INITIAL_CHAINING_KEY, Labels.IDENTIFIER);

    private final byte[] chainingKey;
    private final byte[] key;
    private byte[] hash;

    private SymmetricState(byte[] chainingKey, byte[] key, byte[] hash) {
        this.chainingKey = chainingKey;
        this.key = key;
        this.hash = hash;
    }

    /// The start of a WireGuard handshake with the responder of that static key.
    static SymmetricState towards(PublicKey responder) {
        return begin(INITIAL_HASH, responder);
    }

    /// The start of a Noise_IKpsk2 handshake with any prologue.
    static SymmetricState towards(PublicKey responder, byte[] prologue) {
        return begin(Blake2s.hash(INITIAL_CHAINING_KEY, prologue), responder);
    }

    private static SymmetricState begin(byte[] hash, PublicKey responder) {
        return new SymmetricState(
                INITIAL_CHAINING_KEY.clone(), new byte[Kdf.OUTPUT_BYTES], Blake2s.hash(hash, responder.toBytes()));
    }

    SymmetricState copy() {
        return new SymmetricState(chainingKey.clone(), key.clone(), hash.clone());
    }

    /// Token "e" of a pattern with a preshared key.
    void mixEphemeral(PublicKey ephemeral) {
        byte[] bytes = ephemeral.toBytes();
        mixHash(bytes);
        mixChainingKey(bytes);
    }

    /// A shared secret after which nothing is sealed before the next one.
    void mixChainingKey(byte[] input) {
        Kdf.kdf(chainingKey, input, chainingKey);
    }

    /// A shared secret that makes the next key.
    void mixKey(byte[] input) {
        Kdf.kdf(chainingKey, input, chainingKey, key);
    }

    /// Token "psk": 32 zero bytes if there is none.
    void mixPresharedKey(PresharedKey psk) {
        byte[] input = psk.toBytes();
        byte[] temporary = new byte[Kdf.OUTPUT_BYTES];
        Kdf.kdf(chainingKey, input, chainingKey, temporary, key);
        mixHash(temporary);
        Wipe.zero(input, temporary);
    }

    private void mixHash(byte[] data) {
        hash = Blake2s.hash(hash, data);
    }

    /// Writes `plaintext.length + 16` bytes to `out` at `offset`.
    void seal(HandshakeCipher cipher, byte[] plaintext, byte[] out, int offset) {
        cipher.seal(key, hash, plaintext, out, offset);
        mixHash(Arrays.copyOfRange(out, offset, offset + plaintext.length + Aead.TAG_BYTES));
    }

    /// Writes the plaintext to `out`; false if it is forged, and the state is then as before.
    boolean open(HandshakeCipher cipher, byte[] in, int offset, int length, byte[] out) {
        if (!cipher.open(key, hash, in, offset, length, out)) {
            return false;
        }
        mixHash(Arrays.copyOfRange(in, offset, offset + length));
        return true;
    }

    /// The session's keys as the initiator or the responder uses them.
    SessionKeys split(boolean initiator) {
        byte[] first = new byte[Kdf.OUTPUT_BYTES];
        byte[] second = new byte[Kdf.OUTPUT_BYTES];
        Kdf.kdf(chainingKey, NOTHING, first, second);
        return initiator ? new SessionKeys(first, second) : new SessionKeys(second, first);
    }

    @Override
    public void close() {
        Wipe.zero(chainingKey, key, hash);
    }
}
