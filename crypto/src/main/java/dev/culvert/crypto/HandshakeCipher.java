package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Objects;

/// The AEAD of handshake messages: at most 64 bytes under a key that is used once, hence always the counter 0.
///
/// Called by the handshake, by one thread at a time. Owns the [Aead] it is given. Its off-heap scratch is zero between
/// two calls.
public final class HandshakeCipher implements AutoCloseable {
    public static final int MAX_PLAINTEXT_BYTES = 64;
    public static final int MAX_AD_BYTES = 64;

    private static final int KEY = 0;
    private static final int AD = KEY + Aead.KEY_BYTES;
    private static final int DATA = AD + MAX_AD_BYTES;
    private static final int SCRATCH_BYTES = DATA + MAX_PLAINTEXT_BYTES + Aead.TAG_BYTES;

    private final Aead aead;
    private final Arena arena = Arena.ofShared();
    private final long scratch = arena.allocate(SCRATCH_BYTES, 16).address();
    private boolean closed;

    /// @param aead its own, closed with it
    public HandshakeCipher(Aead aead) {
        this.aead = aead;
    }

    /// Writes ciphertext and tag, `plaintext.length + 16` bytes, to `out` at `outOffset`.
    public void seal(byte[] key, byte[] ad, byte[] plaintext, byte[] out, int outOffset) {
        int n = plaintext.length;
        check(key, ad, n);
        Objects.checkFromIndexSize(outOffset, n + Aead.TAG_BYTES, out.length);
        try {
            load(key, ad, plaintext, 0, n);
            aead.seal(scratch + KEY, scratch + DATA, scratch + DATA, n, 0, scratch + AD, ad.length);
            Memory.copyOut(scratch + DATA, out, outOffset, n + Aead.TAG_BYTES);
        } finally {
            aead.forgetKey();
            Memory.zero(scratch, SCRATCH_BYTES);
        }
    }

    /// Writes the plaintext, `inLength - 16` bytes, to `out` at 0.
    ///
    /// @param inLength bytes of ciphertext and tag
    /// @return false if the message is forged or shorter than a tag; `out` is then all zeros
    public boolean open(byte[] key, byte[] ad, byte[] in, int inOffset, int inLength, byte[] out) {
        Objects.checkFromIndexSize(inOffset, inLength, in.length);
        int n = inLength - Aead.TAG_BYTES;
        if (n < 0) {
            Arrays.fill(out, (byte) 0);
            return false;
        }
        check(key, ad, n);
        Objects.checkFromIndexSize(0, n, out.length);
        try {
            load(key, ad, in, inOffset, inLength);
            boolean genuine = aead.open(scratch + KEY, scratch + DATA, scratch + DATA, n, 0, scratch + AD, ad.length);
            if (genuine) {
                Memory.copyOut(scratch + DATA, out, 0, n);
            } else {
                Arrays.fill(out, (byte) 0);
            }
            return genuine;
        } finally {
            aead.forgetKey();
            Memory.zero(scratch, SCRATCH_BYTES);
        }
    }

    private void check(byte[] key, byte[] ad, int n) {
        if (closed) {
            throw new IllegalStateException("this cipher is closed");
        }
        if (key.length != Aead.KEY_BYTES || ad.length > MAX_AD_BYTES || n > MAX_PLAINTEXT_BYTES) {
            throw new IllegalArgumentException("no handshake message has a key of " + key.length + " bytes, "
                    + ad.length + " of additional data and " + n + " of plaintext");
        }
    }

    private void load(byte[] key, byte[] ad, byte[] data, int offset, int length) {
        Memory.copyIn(key, 0, scratch + KEY, key.length);
        Memory.copyIn(ad, 0, scratch + AD, ad.length);
        Memory.copyIn(data, offset, scratch + DATA, length);
    }

    /// A copy of the scratch, for the test that it is zero between calls.
    byte[] scratch() {
        return HeapBuffers.bytes(scratch, SCRATCH_BYTES);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            aead.close();
            arena.close();
        }
    }
}
