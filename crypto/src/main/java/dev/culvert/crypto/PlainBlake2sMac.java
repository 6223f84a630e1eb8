package dev.culvert.crypto;

import java.util.Arrays;

/// Keyed BLAKE2s of 16 bytes (RFC 7693) in Java, without allocation: what [Blake2sMac] computes with where there
/// is no OpenSSL 3. An instance belongs to one thread; nothing of a key stays in it.
final class PlainBlake2sMac {
    private static final int BLOCK_BYTES = 64;
    private static final int ROUNDS = 10;

    private static final int[] IV = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
    };

    private static final byte[] SIGMA = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, //
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3, //
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4, //
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8, //
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13, //
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9, //
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11, //
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10, //
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5, //
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0
    };

    private final int[] state = new int[8];
    private final int[] work = new int[16];
    private final int[] words = new int[16];
    private final byte[] block = new byte[BLOCK_BYTES];

    /// As [Blake2sMac#mac].
    void mac(byte[] key, byte[] message, int offset, int length, byte[] out, int outOffset) {
        begin(key, length == 0);
        end(message, offset, length, out, outOffset);
    }

    private void begin(byte[] key, boolean last) {
        System.arraycopy(IV, 0, state, 0, state.length);
        state[0] ^= 0x01010000 ^ key.length << 8 ^ Blake2s.MAC_BYTES;
        System.arraycopy(key, 0, block, 0, key.length);
        Arrays.fill(block, key.length, BLOCK_BYTES, (byte) 0);
        compress(BLOCK_BYTES, last);
    }

    private void end(byte[] message, int offset, int length, byte[] out, int outOffset) {
        for (int done = 0; done < length; ) {
            int part = Math.min(BLOCK_BYTES, length - done);
            System.arraycopy(message, offset + done, block, 0, part);
            Arrays.fill(block, part, BLOCK_BYTES, (byte) 0);
            done += part;
            compress(BLOCK_BYTES + done, done == length);
        }
        for (int i = 0; i < Blake2s.MAC_BYTES; i++) {
            out[outOffset + i] = (byte) (state[i >> 2] >>> 8 * (i & 3));
        }
        forget();
    }

    /// Leaves in `keyed` what the state is after the block of a key that is not a secret.
    void key(byte[] key, int[] keyed) {
        begin(key, false);
        System.arraycopy(state, 0, keyed, 0, state.length);
    }

    /// The MAC of at least one byte from 0 on, by a key as [#key] left it.
    void mac(int[] keyed, byte[] message, int length, byte[] out, int outOffset) {
        System.arraycopy(keyed, 0, state, 0, state.length);
        end(message, 0, length, out, outOffset);
    }

    private void compress(int bytesSoFar, boolean last) {
        for (int i = 0; i < 16; i++) {
            words[i] = block[4 * i] & 0xff
                    | (block[4 * i + 1] & 0xff) << 8
                    | (block[4 * i + 2] & 0xff) << 16
                    | block[4 * i + 3] << 24;
        }
        System.arraycopy(state, 0, work, 0, 8);
        System.arraycopy(IV, 0, work, 8, 8);
        work[12] ^= bytesSoFar;
        work[14] ^= last ? -1 : 0;
        for (int round = 0; round < ROUNDS; round++) {
            int s = 16 * round;
            mix(0, 4, 8, 12, words[SIGMA[s]], words[SIGMA[s + 1]]);
            mix(1, 5, 9, 13, words[SIGMA[s + 2]], words[SIGMA[s + 3]]);
            mix(2, 6, 10, 14, words[SIGMA[s + 4]], words[SIGMA[s + 5]]);
            mix(3, 7, 11, 15, words[SIGMA[s + 6]], words[SIGMA[s + 7]]);
            mix(0, 5, 10, 15, words[SIGMA[s + 8]], words[SIGMA[s + 9]]);
            mix(1, 6, 11, 12, words[SIGMA[s + 10]], words[SIGMA[s + 11]]);
            mix(2, 7, 8, 13, words[SIGMA[s + 12]], words[SIGMA[s + 13]]);
            mix(3, 4, 9, 14, words[SIGMA[s + 14]], words[SIGMA[s + 15]]);
        }
        for (int i = 0; i < 8; i++) {
            state[i] ^= work[i] ^ work[i + 8];
        }
    }

    private void mix(int a, int b, int c, int d, int x, int y) {
        int[] v = work;
        v[a] += v[b] + x;
        v[d] = Integer.rotateRight(v[d] ^ v[a], 16);
        v[c] += v[d];
        v[b] = Integer.rotateRight(v[b] ^ v[c], 12);
        v[a] += v[b] + y;
        v[d] = Integer.rotateRight(v[d] ^ v[a], 8);
        v[c] += v[d];
        v[b] = Integer.rotateRight(v[b] ^ v[c], 7);
    }

    private void forget() {
        Arrays.fill(state, 0);
        Arrays.fill(work, 0);
        Arrays.fill(words, 0);
        Arrays.fill(block, (byte) 0);
    }
}
