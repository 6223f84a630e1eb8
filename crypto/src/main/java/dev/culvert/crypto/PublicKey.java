package dev.culvert.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;

/// A Curve25519 public key, 32 bytes. Not a secret: `toString` is its base64. Held as four longs: 48 bytes an object,
/// cheap to compare.
public final class PublicKey {
    public static final int BYTES = 32;

    private static final VarHandle LONG_LE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    // Attackers choose keys: without a seed they could choose them to collide in our hash maps.
    private static final long SEED = new SecureRandom().nextLong() | 1;

    private final long a;
    private final long b;
    private final long c;
    private final long d;

    private PublicKey(byte[] bytes, int offset) {
        a = (long) LONG_LE.get(bytes, offset);
        b = (long) LONG_LE.get(bytes, offset + 8);
        c = (long) LONG_LE.get(bytes, offset + 16);
        d = (long) LONG_LE.get(bytes, offset + 24);
    }

    /// Copies 32 bytes from `offset`.
    public static PublicKey fromBytes(byte[] bytes, int offset) {
        return new PublicKey(bytes, offset);
    }

    /// @param bytes 32 bytes
    public static PublicKey fromBytes(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a public key has 32 bytes, not " + bytes.length);
        }
        return new PublicKey(bytes, 0);
    }

    /// @throws IllegalArgumentException says what is wrong without quoting the text
    public static PublicKey fromBase64(String text) {
        return new PublicKey(KeyText.fromBase64(text), 0);
    }

    /// @throws IllegalArgumentException says what is wrong without quoting the text
    public static PublicKey fromHex(String text) {
        return new PublicKey(KeyText.fromHex(text), 0);
    }

    /// A fresh array of 32 bytes.
    public byte[] toBytes() {
        byte[] bytes = new byte[BYTES];
        copyTo(bytes, 0);
        return bytes;
    }

    public void copyTo(byte[] target, int offset) {
        LONG_LE.set(target, offset, a);
        LONG_LE.set(target, offset + 8, b);
        LONG_LE.set(target, offset + 16, c);
        LONG_LE.set(target, offset + 24, d);
    }

    public String toBase64() {
        return KeyText.toBase64(toBytes());
    }

    public String toHex() {
        return KeyText.toHex(toBytes());
    }

    /// Writes the 64 hexadecimal digits in ASCII, without making an object: lists of peers are long.
    public void writeHex(byte[] target, int offset) {
        writeHex(a, target, offset);
        writeHex(b, target, offset + 16);
        writeHex(c, target, offset + 32);
        writeHex(d, target, offset + 48);
    }

    /// @param bytes eight, the first one lowest
    private static void writeHex(long bytes, byte[] target, int offset) {
        for (int i = 0; i < Long.BYTES; i++) {
            int b = (int) (bytes >>> 8 * i) & 0xff;
            target[offset + 2 * i] = (byte) Character.forDigit(b >> 4, 16);
            target[offset + 2 * i + 1] = (byte) Character.forDigit(b & 0xf, 16);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PublicKey key && a == key.a && b == key.b && c == key.c && d == key.d;
    }

    @Override
    public int hashCode() {
        long h = SEED;
        h = mix(h ^ a);
        h = mix(h ^ b);
        h = mix(h ^ c);
        h = mix(h ^ d);
        return (int) (h ^ h >>> 32);
    }

    private static long mix(long value) {
        long h = value * 0x9e3779b97f4a7c15L + SEED;
        return h ^ h >>> 29;
    }

    @Override
    public String toString() {
        return toBase64();
    }
}
