package dev.culvert.crypto;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/// The optional symmetric key of a pair of peers, 32 bytes; all zero means none (paper section 5.2). Never in
/// `toString`.
public final class PresharedKey implements AutoCloseable {
    public static final int BYTES = 32;
    public static final PresharedKey NONE = new PresharedKey(new byte[BYTES]);

    private final byte[] bytes;
    private final boolean none;

    private PresharedKey(byte[] owned) {
        bytes = owned;
        none = MessageDigest.isEqual(owned, new byte[BYTES]);
    }

    public static PresharedKey generate(RandomSource random) {
        byte[] fresh = new byte[BYTES];
        random.fill(fresh);
        return new PresharedKey(fresh);
    }

    /// Copies 32 bytes; zeros mean none.
    public static PresharedKey fromBytes(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a preshared key has 32 bytes, not " + bytes.length);
        }
        PresharedKey key = new PresharedKey(bytes.clone());
        return key.none ? NONE : key;
    }

    /// @throws IllegalArgumentException says what is wrong without quoting the text
    public static PresharedKey fromBase64(String text) {
        return new PresharedKey(KeyText.fromBase64(text));
    }

    /// @throws IllegalArgumentException says what is wrong without quoting the text
    public static PresharedKey fromHex(String text) {
        return new PresharedKey(KeyText.fromHex(text));
    }

    public boolean isNone() {
        return none;
    }

    /// A copy of its own, for a holder that may outlive this key.
    public PresharedKey copy() {
        return none ? this : new PresharedKey(bytes.clone());
    }

    /// A fresh array; the caller zeroes it.
    public byte[] toBytes() {
        return bytes.clone();
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

    @Override
    public void close() {
        if (!none) {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PresharedKey key && MessageDigest.isEqual(bytes, key.bytes);
    }

    @Override
    public int hashCode() {
        return PresharedKey.class.hashCode();
    }

    @Override
    public String toString() {
        return isNone() ? "PresharedKey(none)" : "PresharedKey(hidden)";
    }
}
