package dev.culvert.noise;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.Blake2sMac;
import dev.culvert.crypto.RandomSource;
import dev.culvert.crypto.XChaChaSealer;
import dev.culvert.wire.CookieReply;

/// What one thread needs to check macs and to answer with cookies: hash, cipher and the memory for both, so
/// that nothing is allocated for what anyone on the internet may send.
public final class CookieTools implements AutoCloseable {
    private static final int PORT_BYTES = 2;

    final Blake2sMac mac = new Blake2sMac();
    final XChaChaSealer sealer;
    final RandomSource random;
    final byte[] cookie = new byte[CookieReply.COOKIE_BYTES];
    final byte[] reply = new byte[CookieReply.BYTES];
    final byte[] source = new byte[16 + PORT_BYTES];
    int sourceBytes;

    /// @param aead the thread's; stays the caller's to close
    public CookieTools(Aead aead, RandomSource random) {
        this.random = random;
        sealer = new XChaChaSealer(aead, random);
    }

    /// Sets whom the next calls are about: address and port, which a cookie is bound to (conformance 1.6).
    /// Without the port, whoever shares an address could use its neighbour's cookie.
    ///
    /// @param hi the upper half of the address, left-aligned; an IPv4 address is its upper half
    public void source(boolean ipv6, long hi, long lo, int port) {
        int addressBytes = ipv6 ? 16 : 4;
        for (int i = 0; i < addressBytes; i++) {
            source[i] = (byte) (i < 8 ? hi >>> (56 - 8 * i) : lo >>> (120 - 8 * i));
        }
        source[addressBytes] = (byte) (port >>> 8);
        source[addressBytes + 1] = (byte) port;
        sourceBytes = addressBytes + PORT_BYTES;
    }

    @Override
    public void close() {
        sealer.close();
        mac.close();
    }
}
