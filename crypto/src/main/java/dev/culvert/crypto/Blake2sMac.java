package dev.culvert.crypto;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// MAC of the WireGuard paper, section 5.4 (keyed BLAKE2s of 16 bytes, RFC 7693), without allocation: what
/// anyone on the internet can make a gateway compute must not feed its garbage collector. By OpenSSL 3 if it
/// passes a test, else in Java.
///
/// An instance belongs to one thread; nothing of a secret key stays in it.
public final class Blake2sMac implements AutoCloseable {
    /// A key that is used again and again, which saves a third for an initiation. Not for secrets: it is never
    /// zeroed. Any thread.
    public static final class PublicKeyed {
        final byte[] key;
        private final int[] state = new int[8];

        /// @param key 16 or 32 bytes that anyone may know, as the mac1 key of a public key
        public PublicKeyed(byte[] key) {
            requireKey(key);
            this.key = key.clone();
            new PlainBlake2sMac().key(key, state);
        }
    }

    private final @Nullable LibcryptoMac libcrypto;
    private final PlainBlake2sMac plain = new PlainBlake2sMac();
    private final byte[] result = new byte[Blake2s.MAC_BYTES];

    public Blake2sMac() {
        this(LibcryptoMac.TROUBLE.isEmpty());
    }

    Blake2sMac(boolean byLibcrypto) {
        libcrypto = byLibcrypto ? new LibcryptoMac() : null;
    }

    /// A sentence that says why it is not computed by OpenSSL, empty if it is.
    public static String trouble() {
        return LibcryptoMac.TROUBLE;
    }

    /// Writes the 16 bytes to `out` at `outOffset`.
    ///
    /// @param key 16 bytes (a cookie) or 32 bytes
    /// @param message shorter than 2^31 - 64 bytes
    public void mac(byte[] key, byte[] message, int offset, int length, byte[] out, int outOffset) {
        requireKey(key);
        if (libcrypto == null) {
            plain.mac(key, message, offset, length, out, outOffset);
        } else {
            libcrypto.mac(key, message, offset, length, out, outOffset);
        }
    }

    private static void requireKey(byte[] key) {
        if (key.length != 16 && key.length != 32) {
            throw new IllegalArgumentException("the key of a MAC has 16 or 32 bytes, not " + key.length);
        }
    }

    /// Whether the 16 bytes at `macOffset` of `message` are the MAC of all that stands before them. In constant
    /// time.
    public boolean matches(byte[] key, byte[] message, int macOffset) {
        mac(key, message, 0, macOffset, result, 0);
        return resultEquals(message, macOffset);
    }

    /// The same; there must be a byte before the MAC.
    public boolean matches(PublicKeyed key, byte[] message, int macOffset) {
        assert macOffset > 0 : macOffset;
        if (libcrypto == null) {
            plain.mac(key.state, message, macOffset, result, 0);
        } else {
            libcrypto.mac(key, message, macOffset, result);
        }
        return resultEquals(message, macOffset);
    }

    private boolean resultEquals(byte[] message, int macOffset) {
        boolean equal = Wipe.equal(result, 0, message, macOffset, Blake2s.MAC_BYTES);
        Arrays.fill(result, (byte) 0);
        return equal;
    }

    @Override
    public void close() {
        if (libcrypto != null) {
            libcrypto.close();
        }
    }
}
