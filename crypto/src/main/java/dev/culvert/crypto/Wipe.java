package dev.culvert.crypto;

import java.util.Arrays;
import java.util.Objects;

/// Zeroing of secrets and comparison that tells an attacker's clock nothing. From any thread.
public final class Wipe {
    private Wipe() {}

    /// Fills each array with zeros.
    public static void zero(byte[]... arrays) {
        for (byte[] array : arrays) {
            Arrays.fill(array, (byte) 0);
        }
    }

    /// Compares `length` bytes in a time that depends on `length` alone.
    public static boolean equal(byte[] a, int aOffset, byte[] b, int bOffset, int length) {
        Objects.checkFromIndexSize(aOffset, length, a.length);
        Objects.checkFromIndexSize(bOffset, length, b.length);
        int difference = 0;
        for (int i = 0; i < length; i++) {
            difference |= a[aOffset + i] ^ b[bOffset + i];
        }
        return difference == 0;
    }
}
