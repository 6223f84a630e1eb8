package dev.culvert.noise;

import dev.culvert.crypto.Blake2s;
import dev.culvert.crypto.PublicKey;
import java.nio.charset.StandardCharsets;

/// The protocol's four strings (paper section 5.4) and the keys that follow from two of them.
final class Labels {
    static final byte[] CONSTRUCTION = ascii("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s");
    static final byte[] IDENTIFIER = ascii("WireGuard v1 zx2c4 Jason@zx2c4.com");

    private static final byte[] MAC1 = ascii("mac1----");
    private static final byte[] COOKIE = ascii("cookie--");

    private Labels() {}

    /// Authenticates messages *to* the owner of `publicKey`.
    static byte[] mac1Key(PublicKey publicKey) {
        return Blake2s.hash(MAC1, publicKey.toBytes());
    }

    /// Seals cookies *from* the owner of `publicKey`.
    static byte[] cookieKey(PublicKey publicKey) {
        return Blake2s.hash(COOKIE, publicKey.toBytes());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
