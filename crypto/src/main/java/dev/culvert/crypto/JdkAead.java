package dev.culvert.crypto;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// The engine without native code: the JDK's own cipher on heap arrays, which is faster than on direct buffers (those
/// the JDK copies by itself). Leaves some 2 kB of garbage a packet, copies of the key among it until they are
/// collected.
public final class JdkAead implements Aead {
    private static final String TRANSFORMATION = "ChaCha20-Poly1305";
    private static final String KEY_ALGORITHM = "ChaCha20";

    private final HeapBuffers buffers;
    private Cipher opening;
    private Cipher sealing;

    JdkAead() {
        this(0);
    }

    /// @param noncePrefix first four bytes of the nonce, little-endian: 0 but in tests of published vectors
    JdkAead(int noncePrefix) {
        buffers = new HeapBuffers(noncePrefix);
        opening = newCipher();
        sealing = newCipher();
    }

    private static Cipher newCipher() {
        try {
            return Cipher.getInstance(TRANSFORMATION);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "this Java runtime offers no ChaCha20-Poly1305; run Culvert on a full JDK 25 or choose another"
                            + " engine",
                    e);
        }
    }

    @Override
    public void seal(long key, long dst, long src, int n, long counter) {
        seal(key, dst, src, n, counter, 0, 0);
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter) {
        return open(key, dst, src, n, counter, 0, 0);
    }

    @Override
    public void seal(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        buffers.load(key, src, n, counter);
        try {
            initSealing();
            if (aadLength > 0) {
                sealing.updateAAD(HeapBuffers.bytes(aad, aadLength));
            }
            int written = sealing.doFinal(buffers.in, 0, n, buffers.out, 0);
            Memory.copyIn(buffers.out, 0, dst, written);
        } catch (GeneralSecurityException e) {
            throw broken(e);
        }
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        buffers.load(key, src, n + TAG_BYTES, counter);
        try {
            init(opening, Cipher.DECRYPT_MODE);
            if (aadLength > 0) {
                opening.updateAAD(HeapBuffers.bytes(aad, aadLength));
            }
            int written = opening.doFinal(buffers.in, 0, n + TAG_BYTES, buffers.out, 0);
            Memory.copyIn(buffers.out, 0, dst, written);
            return true;
        } catch (AEADBadTagException e) {
            return false; // its stack is of no use: forged packets are everyday
        } catch (GeneralSecurityException e) {
            throw broken(e);
        }
    }

    private void initSealing() throws GeneralSecurityException {
        try {
            init(sealing, Cipher.ENCRYPT_MODE);
        } catch (InvalidKeyException e) {
            // The JDK refuses the key and nonce of the last init. The other engines keep no memory, and a packet
            // whose counter was never used does not come here: a fresh cipher makes all engines behave alike.
            sealing = newCipher();
            init(sealing, Cipher.ENCRYPT_MODE);
        } finally {
            buffers.zeroKey();
        }
    }

    private void init(Cipher cipher, int mode) throws GeneralSecurityException {
        cipher.init(mode, new SecretKeySpec(buffers.key, KEY_ALGORITHM), new IvParameterSpec(buffers.nonce));
    }

    private static IllegalStateException broken(GeneralSecurityException cause) {
        return new IllegalStateException("the JDK's ChaCha20-Poly1305 failed; this is a defect, report it", cause);
    }

    /// The ciphers hold copies of their keys, which nobody can zero: they are left to the garbage collector.
    @Override
    public void forgetKey() {
        opening = newCipher();
        sealing = newCipher();
    }

    @Override
    public String name() {
        return AeadEngine.JDK.operatorName();
    }

    @Override
    public void close() {
        buffers.close();
    }
}
