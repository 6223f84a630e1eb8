package dev.culvert.crypto;

import java.util.Arrays;

/// Diffie-Hellman on Curve25519 (RFC 7748 section 5). The top bit of a public key is ignored.
public final class X25519 {
    private X25519() {}

    /// The public key of `privateKey`.
    public static PublicKey publicKey(PrivateKey privateKey) {
        byte[] result = new byte[PublicKey.BYTES];
        org.bouncycastle.math.ec.rfc7748.X25519.scalarMultBase(privateKey.bytes(), 0, result, 0);
        return PublicKey.fromBytes(result, 0);
    }

    /// Writes the 32-byte shared secret to `target` at 0.
    ///
    /// @return false if it is all zero (a low-order public key): the message that led here must be dropped;
    /// `target` is then zeros
    public static boolean sharedSecret(PrivateKey privateKey, PublicKey publicKey, byte[] target) {
        boolean usable = org.bouncycastle.math.ec.rfc7748.X25519.calculateAgreement(
                privateKey.bytes(), 0, publicKey.toBytes(), 0, target, 0);
        if (!usable) {
            Arrays.fill(target, 0, PublicKey.BYTES, (byte) 0);
        }
        return usable;
    }
}
