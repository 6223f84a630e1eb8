package dev.culvert.crypto;

import java.util.Arrays;

/// Diffie-Hellman on Curve25519 (RFC 7748 section 5). The top bit of a public key is ignored.
///
/// By OpenSSL 3 if it passes a test at the first use, else by Bouncy Castle, which takes up to three times as
/// long. Any thread.
public final class X25519 {
    private static final String TROUBLE = LibcryptoX25519.trouble();

    private X25519() {}

    /// A sentence that says why it is not computed by OpenSSL, empty if it is.
    public static String trouble() {
        return TROUBLE;
    }

    /// The public key of `privateKey`.
    static PublicKey publicKey(PrivateKey privateKey) {
        return publicKey(privateKey, TROUBLE.isEmpty());
    }

    static PublicKey publicKey(PrivateKey privateKey, boolean byLibcrypto) {
        byte[] result = new byte[PublicKey.BYTES];
        if (byLibcrypto) {
            LibcryptoX25519.publicKey(privateKey.bytes(), result);
        } else {
            org.bouncycastle.math.ec.rfc7748.X25519.scalarMultBase(privateKey.bytes(), 0, result, 0);
        }
        return PublicKey.fromBytes(result, 0);
    }

    /// Writes the 32-byte shared secret to `target` at 0.
    ///
    /// @return false if it is all zero (a low-order public key): the message that led here must be dropped;
    /// `target` is then zeros
    public static boolean sharedSecret(PrivateKey privateKey, PublicKey publicKey, byte[] target) {
        return sharedSecret(privateKey, publicKey, target, TROUBLE.isEmpty());
    }

    static boolean sharedSecret(PrivateKey privateKey, PublicKey publicKey, byte[] target, boolean byLibcrypto) {
        byte[] peer = publicKey.toBytes();
        boolean usable = byLibcrypto
                ? LibcryptoX25519.sharedSecret(
                        privateKey.bytes(), privateKey.publicKey().toBytes(), peer, target)
                : org.bouncycastle.math.ec.rfc7748.X25519.calculateAgreement(privateKey.bytes(), 0, peer, 0, target, 0);
        if (!usable) {
            Arrays.fill(target, 0, PublicKey.BYTES, (byte) 0);
        }
        return usable;
    }
}
