package dev.culvert.crypto;

/// ChaCha20-Poly1305 (RFC 8439) with WireGuard's nonce, four zero bytes and the counter in little-endian, on raw
/// addresses. One per thread: an instance holds the state of the packet at hand.
///
/// Called by the lanes for each data packet and, through [HandshakeCipher], by the handshake. Checks no bounds: callers
/// validate lengths before, and no implementation knows which counters were used.
///
/// For every method: `key` is the address of 32 bytes that the caller owns and zeroes, `src` and `dst` are equal or do
/// not overlap at all, `n` is the length of the plaintext from 0 to [#MAX_PLAINTEXT_BYTES], and the tag stands behind
/// the ciphertext.
public sealed interface Aead extends AutoCloseable
        permits IpsecMbAead, BoringSslAead, SplitAead, ProviderAead, LibcryptoAead, JdkAead, BouncyCastleAead {
    int KEY_BYTES = 32;
    int TAG_BYTES = 16;
    /// A full IP packet of 65,535 bytes, padded to a multiple of 16.
    int MAX_PLAINTEXT_BYTES = 65_536;

    /// Reads `n` bytes at `src`, writes `n + 16` at `dst`.
    void seal(long key, long dst, long src, int n, long counter);

    /// Reads `n + 16` bytes at `src` and writes `n` at `dst` if they are authentic.
    ///
    /// @return false if they are forged: what stands at `dst` then is undefined and must be dropped
    boolean open(long key, long dst, long src, int n, long counter);

    /// The same with `aadLength` bytes of additional data at `aad`.
    void seal(long key, long dst, long src, int n, long counter, long aad, int aadLength);

    /// The same with `aadLength` bytes of additional data at `aad`.
    boolean open(long key, long dst, long src, int n, long counter, long aad, int aadLength);

    /// Overwrites what the instance still knows of the last packet's key; the owner of a key that goes calls it.
    void forgetKey();

    /// As [AeadEngine#operatorName].
    String name();

    /// Frees native memory; by the thread that used it or after that thread. Later calls fail.
    @Override
    void close();
}
