package dev.culvert.crypto;

import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.modes.ChaCha20Poly1305;
import org.bouncycastle.crypto.params.AEADParameters;
import org.bouncycastle.crypto.params.KeyParameter;

/// The engine of last resort and the tests' yardstick: Bouncy Castle's lightweight cipher on heap arrays. Plain Java on
/// every machine, several times slower than the others.
public final class BouncyCastleAead implements Aead {
    private static final int TAG_BITS = 8 * TAG_BYTES;

    private final HeapBuffers buffers;

    BouncyCastleAead() {
        this(0);
    }

    /// @param noncePrefix first four bytes of the nonce, little-endian: 0 but in tests of published vectors
    BouncyCastleAead(int noncePrefix) {
        buffers = new HeapBuffers(noncePrefix);
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
            Memory.copyIn(buffers.out, 0, dst, transform(true, n, aad, aadLength));
        } catch (InvalidCipherTextException e) {
            throw new IllegalStateException("Bouncy Castle failed to seal a packet; this is a defect, report it", e);
        }
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        buffers.load(key, src, n + TAG_BYTES, counter);
        try {
            Memory.copyIn(buffers.out, 0, dst, transform(false, n + TAG_BYTES, aad, aadLength));
            return true;
        } catch (InvalidCipherTextException e) {
            return false; // its stack is of no use: forged packets are everyday
        }
    }

    private int transform(boolean sealing, int length, long aad, int aadLength) throws InvalidCipherTextException {
        // A fresh object each time: a used one refuses to seal with the key and nonce it has just sealed with.
        ChaCha20Poly1305 cipher = new ChaCha20Poly1305();
        byte[] additional = HeapBuffers.bytes(aad, aadLength);
        cipher.init(sealing, new AEADParameters(new KeyParameter(buffers.key), TAG_BITS, buffers.nonce, additional));
        buffers.zeroKey();
        int written = cipher.processBytes(buffers.in, 0, length, buffers.out, 0);
        return written + cipher.doFinal(buffers.out, written);
    }

    /// Nothing is kept: each packet has a cipher of its own, left to the garbage collector.
    @Override
    public void forgetKey() {
        buffers.zeroKey();
    }

    @Override
    public String name() {
        return AeadEngine.BOUNCY_CASTLE.operatorName();
    }

    @Override
    public void close() {
        buffers.close();
    }
}
