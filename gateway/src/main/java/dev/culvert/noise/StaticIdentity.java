package dev.culvert.noise;

import dev.culvert.crypto.Blake2sMac;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;

/// Our own long-term key and what is computed from it once (kernel `struct noise_static_identity`, and the keys
/// of `struct cookie_checker`).
///
/// Immutable until closed, so any thread may read it. Whoever replaces the identity closes the old one, and
/// only when no worker computes with it any more. The arrays are its own: nobody changes them.
public final class StaticIdentity implements AutoCloseable {
    private final PrivateKey privateKey;
    private final PublicKey publicKey;
    private final Blake2sMac.PublicKeyed mac1Key;
    private final byte[] cookieKey;

    /// @param privateKey its own from here on: closed with the identity
    public StaticIdentity(PrivateKey privateKey) {
        this.privateKey = privateKey;
        publicKey = privateKey.publicKey();
        mac1Key = new Blake2sMac.PublicKeyed(Labels.mac1Key(publicKey));
        cookieKey = Labels.cookieKey(publicKey);
    }

    public PrivateKey privateKey() {
        return privateKey;
    }

    public PublicKey publicKey() {
        return publicKey;
    }

    /// The mac1 key of messages sent to us.
    Blake2sMac.PublicKeyed mac1Key() {
        return mac1Key;
    }

    /// 32 bytes: the key that seals our cookies.
    public byte[] cookieKey() {
        return cookieKey;
    }

    /// Zeroes the private key; the rest is public.
    @Override
    public void close() {
        privateKey.close();
    }
}
