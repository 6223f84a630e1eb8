package dev.culvert.crypto;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.bouncycastle.crypto.digests.Blake2sDigest;

/// BLAKE2s (RFC 7693) in the three forms of the WireGuard paper, section 5.4: HASH, MAC and HMAC.
///
/// Called by the handshake and the cookie code, from any thread; never for a data packet. By OpenSSL 3 if it
/// passes a test at the first use, else by Bouncy Castle. Key material is cleared from what computed with it.
public final class Blake2s {
    public static final int HASH_BYTES = 32;
    public static final int MAC_BYTES = 16;

    private static final int BLOCK_BYTES = 64;

    // What a thread took out is its own until it puts it back.
    private static final Queue<LibcryptoHash> HASHES = new ConcurrentLinkedQueue<>();
    private static final Queue<Blake2sMac> MACS = new ConcurrentLinkedQueue<>();

    private Blake2s() {}

    /// HASH: the 32-byte digest of the parts, one after the other.
    public static byte[] hash(byte[]... parts) {
        byte[] result = new byte[HASH_BYTES];
        digest(result, parts);
        return result;
    }

    /// MAC: keyed BLAKE2s with 16 bytes of output, written to `out` at `outOffset`.
    ///
    /// @param key 16 bytes (a cookie) or 32 bytes
    public static void mac(byte[] key, byte[] message, int offset, int length, byte[] out, int outOffset) {
        Blake2sMac idle = MACS.poll();
        Blake2sMac mac = idle == null ? new Blake2sMac() : idle;
        try {
            mac.mac(key, message, offset, length, out, outOffset);
        } finally {
            MACS.add(mac);
        }
    }

    /// HMAC (RFC 2104) over BLAKE2s with its block of 64 bytes: not the keyed mode. Writes 32 bytes to `out32` at 0.
    ///
    /// @param key of any length
    /// @param out32 may be the array of the key or of a part
    public static void hmac(byte[] key, byte[] out32, byte[]... parts) {
        byte[] pad = new byte[BLOCK_BYTES];
        byte[] inner = new byte[HASH_BYTES];
        if (key.length > BLOCK_BYTES) {
            digest(pad, key);
        } else {
            System.arraycopy(key, 0, pad, 0, key.length);
        }
        xor(pad, 0x36);
        byte[][] padded = new byte[1 + parts.length][];
        padded[0] = pad;
        System.arraycopy(parts, 0, padded, 1, parts.length);
        digest(inner, padded);
        xor(pad, 0x36 ^ 0x5c);
        digest(out32, pad, inner);
        Wipe.zero(pad, inner);
    }

    private static void digest(byte[] out, byte[]... parts) {
        if (!LibcryptoHash.TROUBLE.isEmpty()) {
            plainDigest(out, parts);
            return;
        }
        LibcryptoHash idle = HASHES.poll();
        LibcryptoHash hash = idle == null ? new LibcryptoHash() : idle;
        try {
            hash.hash(out, parts);
        } finally {
            HASHES.add(hash);
        }
    }

    static void plainDigest(byte[] out, byte[]... parts) {
        Blake2sDigest digest = new Blake2sDigest(8 * HASH_BYTES);
        for (byte[] part : parts) {
            digest.update(part, 0, part.length);
        }
        digest.doFinal(out, 0);
    }

    private static void xor(byte[] bytes, int mask) {
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] ^= (byte) mask;
        }
    }
}
