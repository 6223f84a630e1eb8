package dev.culvert.crypto;

import java.util.Arrays;
import java.util.Objects;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.params.AEADParameters;
import org.bouncycastle.crypto.params.KeyParameter;

/// Opens XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): the sealed cookie of a cookie reply, which comes
/// seldom. From any thread; each call makes its own cipher object. [XChaChaSealer] makes what it opens.
public final class XChaCha20Poly1305 {
    public static final int KEY_BYTES = 32;
    public static final int NONCE_BYTES = 24;
    public static final int TAG_BYTES = 16;

    private XChaCha20Poly1305() {}

    /// Writes the plaintext, `inLength - 16` bytes, to `out` (another array than `in`) at 0.
    ///
    /// @param inLength bytes of ciphertext and tag
    /// @return false if the message is forged or shorter than a tag; `out` is then all zeros
    public static boolean open(
            byte[] key32, byte[] nonce24, byte[] in, int inOffset, int inLength, byte[] ad, byte[] out) {
        Objects.checkFromIndexSize(inOffset, inLength, in.length);
        if (inLength < TAG_BYTES) {
            Arrays.fill(out, (byte) 0);
            return false;
        }
        Objects.checkFromIndexSize(0, inLength - TAG_BYTES, out.length);
        if (key32.length != KEY_BYTES || nonce24.length != NONCE_BYTES) {
            throw new IllegalArgumentException("XChaCha20-Poly1305 takes a key of 32 bytes and a nonce of 24, not "
                    + key32.length + " and " + nonce24.length);
        }
        var cipher = new org.bouncycastle.crypto.modes.XChaCha20Poly1305();
        cipher.init(false, new AEADParameters(new KeyParameter(key32), 8 * TAG_BYTES, nonce24, ad));
        int written = cipher.processBytes(in, inOffset, inLength, out, 0);
        try {
            cipher.doFinal(out, written);
            return true;
        } catch (InvalidCipherTextException e) {
            // Bouncy Castle hands out plaintext before it has seen the tag.
            Arrays.fill(out, (byte) 0);
            return false;
        }
    }
}
