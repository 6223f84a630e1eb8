package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Objects;

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) for one thread that seals many short messages, the cookies
/// of cookie replies: by the thread's own [Aead], without allocation.
///
/// A nonce is random as a whole when the key is new; from then on its last 8 bytes are counted, so that no two
/// are equal and the first 16, hence the subkey, stay. The keys of cookies follow from public keys, so nothing
/// here is a secret.
public final class XChaChaSealer implements AutoCloseable {
    public static final int MAX_PLAINTEXT_BYTES = 128;
    public static final int MAX_AD_BYTES = 64;
    public static final int NONCE_BYTES = 24;

    private static final int SUBKEY_NONCE_BYTES = 16;
    private static final int[] CONSTANTS = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    private static final int DOUBLE_ROUNDS = 10;

    private static final int SUBKEY = 0;
    private static final int AD = SUBKEY + Aead.KEY_BYTES;
    private static final int DATA = AD + MAX_AD_BYTES;
    private static final int SCRATCH_BYTES = DATA + MAX_PLAINTEXT_BYTES + Aead.TAG_BYTES;

    private final Aead aead;
    private final RandomSource random;
    private final Arena arena = Arena.ofShared();
    private final long scratch = arena.allocate(SCRATCH_BYTES, 16).address();
    private final byte[] keyOfSubkey = new byte[Aead.KEY_BYTES];
    private final byte[] nonce = new byte[NONCE_BYTES];
    private boolean keyed;
    private long counter;

    /// @param aead the thread's; stays the caller's to close
    public XChaChaSealer(Aead aead, RandomSource random) {
        this.aead = aead;
        this.random = random;
    }

    /// Writes the nonce, 24 bytes, to `out` at `nonceOffset`, and ciphertext and tag, `plaintext.length + 16`
    /// bytes, at `sealedOffset`.
    ///
    /// @param ad holds `adLength` bytes of additional data at `adOffset`
    public void seal(
            byte[] key,
            byte[] plaintext,
            byte[] ad,
            int adOffset,
            int adLength,
            byte[] out,
            int nonceOffset,
            int sealedOffset) {
        int n = plaintext.length;
        if (key.length != Aead.KEY_BYTES || n > MAX_PLAINTEXT_BYTES || adLength > MAX_AD_BYTES) {
            throw new IllegalArgumentException("no cookie has a key of " + key.length + " bytes, " + n
                    + " of plaintext and " + adLength + " of additional data");
        }
        Objects.checkFromIndexSize(adOffset, adLength, ad.length);
        Objects.checkFromIndexSize(nonceOffset, NONCE_BYTES, out.length);
        Objects.checkFromIndexSize(sealedOffset, n + Aead.TAG_BYTES, out.length);
        if (!keyed || !Arrays.equals(keyOfSubkey, key)) {
            rekey(key);
        }
        System.arraycopy(nonce, 0, out, nonceOffset, SUBKEY_NONCE_BYTES);
        for (int i = 0; i < Long.BYTES; i++) {
            out[nonceOffset + SUBKEY_NONCE_BYTES + i] = (byte) (counter >>> 8 * i);
        }
        Memory.copyIn(plaintext, 0, scratch + DATA, n);
        Memory.copyIn(ad, adOffset, scratch + AD, adLength);
        aead.seal(scratch + SUBKEY, scratch + DATA, scratch + DATA, n, counter, scratch + AD, adLength);
        counter++;
        Memory.copyOut(scratch + DATA, out, sealedOffset, n + Aead.TAG_BYTES);
    }

    private void rekey(byte[] key) {
        System.arraycopy(key, 0, keyOfSubkey, 0, key.length);
        random.fill(nonce);
        hChaCha20(key, nonce, scratch + SUBKEY);
        counter = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            counter |= (nonce[SUBKEY_NONCE_BYTES + i] & 0xffL) << 8 * i;
        }
        keyed = true;
    }

    /// Section 2.2 of the draft: ChaCha20's rounds without the last addition; the first and the last four words
    /// are the subkey.
    private static void hChaCha20(byte[] key, byte[] nonce, long out) {
        int[] state = new int[16];
        System.arraycopy(CONSTANTS, 0, state, 0, 4);
        for (int i = 0; i < 8; i++) {
            state[4 + i] = word(key, 4 * i);
        }
        for (int i = 0; i < 4; i++) {
            state[12 + i] = word(nonce, 4 * i);
        }
        for (int i = 0; i < DOUBLE_ROUNDS; i++) {
            for (int column = 0; column < 4; column++) {
                quarterRound(state, column, 4 + column, 8 + column, 12 + column);
            }
            for (int column = 0; column < 4; column++) {
                quarterRound(state, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4);
            }
        }
        for (int i = 0; i < 4; i++) {
            Memory.putInt(out + 4L * i, state[i]);
            Memory.putInt(out + 4L * (4 + i), state[12 + i]);
        }
    }

    private static int word(byte[] bytes, int offset) {
        return bytes[offset] & 0xff
                | (bytes[offset + 1] & 0xff) << 8
                | (bytes[offset + 2] & 0xff) << 16
                | bytes[offset + 3] << 24;
    }

    private static void quarterRound(int[] s, int a, int b, int c, int d) {
        s[a] += s[b];
        s[d] = Integer.rotateLeft(s[d] ^ s[a], 16);
        s[c] += s[d];
        s[b] = Integer.rotateLeft(s[b] ^ s[c], 12);
        s[a] += s[b];
        s[d] = Integer.rotateLeft(s[d] ^ s[a], 8);
        s[c] += s[d];
        s[b] = Integer.rotateLeft(s[b] ^ s[c], 7);
    }

    @Override
    public void close() {
        arena.close();
    }
}
