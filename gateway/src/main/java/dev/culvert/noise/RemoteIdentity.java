package dev.culvert.noise;

import dev.culvert.crypto.PublicKey;
import org.jspecify.annotations.Nullable;

/// A peer's long-term public key, and its mac1 and cookie key as soon as they are wanted: most peers of a large
/// hub are idle and shall cost 24 bytes here, not 120.
///
/// For any thread. Two that ask at once may both compute; they get equal keys. The arrays are its own: nobody
/// changes them.
public final class RemoteIdentity {
    private final PublicKey publicKey;
    private volatile byte @Nullable [] mac1Key;
    private volatile byte @Nullable [] cookieKey;

    public RemoteIdentity(PublicKey publicKey) {
        this.publicKey = publicKey;
    }

    public PublicKey publicKey() {
        return publicKey;
    }

    /// 32 bytes: the mac1 key of messages sent to this peer.
    public byte[] mac1Key() {
        byte[] key = mac1Key;
        if (key == null) {
            key = Labels.mac1Key(publicKey);
            mac1Key = key;
        }
        return key;
    }

    /// 32 bytes: the key that seals this peer's cookies.
    public byte[] cookieKey() {
        byte[] key = cookieKey;
        if (key == null) {
            key = Labels.cookieKey(publicKey);
            cookieKey = key;
        }
        return key;
    }
}
