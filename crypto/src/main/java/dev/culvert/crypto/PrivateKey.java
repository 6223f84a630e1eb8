package dev.culvert.crypto;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A Curve25519 private key, clamped (RFC 7748 section 5), 32 bytes. Never in `toString`; compared in constant time;
/// zeroed by [#close].
public final class PrivateKey implements AutoCloseable {
    public static final int BYTES = 32;

    private final byte[] bytes;
    // Immutable, so that threads may race for it.
    private @Nullable PublicKey publicKey;

    private PrivateKey(byte[] owned) {
        owned[0] &= (byte) 248;
        owned[31] = (byte) (owned[31] & 127 | 64);
        bytes = owned;
    }

    public static PrivateKey generate(RandomSource random) {
        byte[] fresh = new byte[BYTES];
        random.fill(fresh);
        return new PrivateKey(fresh);
    }

    /// Copies 32 bytes and clamps the copy.
    public static PrivateKey fromBytes(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a private key has 32 bytes, not " + bytes.length);
        }
        return new PrivateKey(bytes.clone());
    }

    /// @throws IllegalArgumentException says what is wrong without quoting the text
    public static PrivateKey fromBase64(String text) {
        return new PrivateKey(KeyText.fromBase64(text));
    }

    /// @throws IllegalArgumentException says what is wrong without quoting the text
    public static PrivateKey fromHex(String text) {
        return new PrivateKey(KeyText.fromHex(text));
    }

    /// Computed at the first call, and kept.
    public PublicKey publicKey() {
        PublicKey known = publicKey;
        if (known == null) {
            known = X25519.publicKey(this);
            publicKey = known;
        }
        return known;
    }

    /// A copy of its own, for a reader that may outlive this key.
    public PrivateKey copy() {
        PrivateKey copy = new PrivateKey(bytes.clone());
        copy.publicKey = publicKey;
        return copy;
    }

    /// For `get=1` and key files only.
    public String toBase64() {
        return KeyText.toBase64(bytes);
    }

    /// For a person who asked to see it only.
    public String toHex() {
        return KeyText.toHex(bytes);
    }

    /// Writes the 64 hexadecimal digits, for `get=1` only: a key that became a String could not be zeroed.
    public void writeHex(ByteBuffer target) {
        KeyText.writeHex(bytes, target);
    }

    /// The array itself, for this package's arithmetic: never kept, never changed.
    byte[] bytes() {
        return bytes;
    }

    @Override
    public void close() {
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PrivateKey key && MessageDigest.isEqual(bytes, key.bytes);
    }

    /// Of the public part: a hash of the secret would be a function of the secret.
    @Override
    public int hashCode() {
        return publicKey().hashCode();
    }

    @Override
    public String toString() {
        return "PrivateKey(hidden)";
    }
}
