package dev.culvert.crypto;

import java.util.Arrays;

/// The arrays through which the engines without native code see a packet. One for each engine; keeps no key between two
/// packets.
final class HeapBuffers {
    static final int NONCE_BYTES = 12;
    static final int NONCE_PREFIX_BYTES = 4;

    final byte[] key = new byte[Aead.KEY_BYTES];
    final byte[] nonce = new byte[NONCE_BYTES];
    final byte[] in = new byte[Aead.MAX_PLAINTEXT_BYTES + Aead.TAG_BYTES];
    final byte[] out = new byte[Aead.MAX_PLAINTEXT_BYTES + Aead.TAG_BYTES];

    private boolean closed;

    /// @param noncePrefix the first four bytes of each nonce, little-endian
    HeapBuffers(int noncePrefix) {
        for (int i = 0; i < NONCE_PREFIX_BYTES; i++) {
            nonce[i] = (byte) (noncePrefix >>> 8 * i);
        }
    }

    void load(long keyAddress, long src, int length, long counter) {
        if (closed) {
            throw new IllegalStateException("this cipher is closed");
        }
        Memory.copyOut(keyAddress, key, 0, Aead.KEY_BYTES);
        for (int i = 0; i < Long.BYTES; i++) {
            nonce[NONCE_PREFIX_BYTES + i] = (byte) (counter >>> 8 * i);
        }
        Memory.copyOut(src, in, 0, length);
    }

    static byte[] bytes(long address, int length) {
        byte[] bytes = new byte[length];
        Memory.copyOut(address, bytes, 0, length);
        return bytes;
    }

    void zeroKey() {
        Arrays.fill(key, (byte) 0);
    }

    void close() {
        closed = true;
        Wipe.zero(key, in, out);
    }
}
