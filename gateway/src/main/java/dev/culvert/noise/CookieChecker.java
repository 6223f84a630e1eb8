package dev.culvert.noise;

import dev.culvert.crypto.Blake2sMac;
import dev.culvert.crypto.RandomSource;
import dev.culvert.crypto.Wipe;
import dev.culvert.crypto.XChaCha20Poly1305;
import dev.culvert.wire.CookieReply;
import dev.culvert.wire.HandshakeInitiation;
import java.util.Arrays;

/// The responder's side of mac1, mac2 and cookies for one identity (kernel `struct cookie_checker`; paper sections
/// 5.3 and 5.4.7). Whether the device is under load, and the rate limit behind a valid mac2, are its callers'
/// business.
///
/// For any thread: [#mac1Valid] reads immutable state only; the other two take a lock for the secret, which is
/// held for a few hash blocks and only while the device is under load.
public final class CookieChecker {
    private static final int SECRET_BYTES = 32;

    private final StaticIdentity me;
    private final Object lock = new Object();
    // The next three are guarded by the lock.
    private final byte[] secret = new byte[SECRET_BYTES];
    private long secretBirthdateNs;
    private boolean secretDrawn;

    public CookieChecker(StaticIdentity me) {
        this.me = me;
    }

    /// Whether whoever sent this initiation or response knows our public key. Any thread, no lock.
    ///
    /// @param message of type and length checked
    /// @param mac the calling thread's
    public boolean mac1Valid(byte[] message, Blake2sMac mac) {
        return mac.matches(me.mac1Key(), message, Macs.mac1Offset(message));
    }

    /// Whether the sender has lately received a cookie of ours at its present address.
    ///
    /// @param source 4 or 16 address bytes and 2 port bytes, network order
    /// @param mac the calling thread's
    public boolean mac2Valid(byte[] message, byte[] source, long nowNs, RandomSource random, Blake2sMac mac) {
        if (isZero(message, Macs.mac2Offset(message))) {
            return false; // whoever holds no cookie sends zeros, as most of a flood does: no hash for it
        }
        byte[] cookie = cookie(source, nowNs, random, mac);
        boolean valid = mac.matches(cookie, message, Macs.mac2Offset(message));
        Wipe.zero(cookie);
        return valid;
    }

    private static boolean isZero(byte[] message, int offset) {
        int any = 0;
        for (int i = offset; i < offset + Macs.BYTES; i++) {
            any |= message[i];
        }
        return any == 0;
    }

    /// The cookie reply to an initiation or response with a valid mac1, 64 bytes.
    ///
    /// @param source 4 or 16 address bytes and 2 port bytes, network order
    /// @param mac the calling thread's
    public byte[] reply(byte[] message, byte[] source, long nowNs, RandomSource random, Blake2sMac mac) {
        byte[] reply = new byte[CookieReply.BYTES];
        byte[] nonce = new byte[CookieReply.NONCE_BYTES];
        byte[] cookie = cookie(source, nowNs, random, mac);
        random.fill(nonce);
        CookieReply.writeType(reply);
        // Initiation and response bear their sender's index at the same place.
        CookieReply.writeReceiverIndex(reply, HandshakeInitiation.senderIndex(message));
        System.arraycopy(nonce, 0, reply, CookieReply.NONCE, nonce.length);
        byte[] mac1 = Arrays.copyOfRange(message, Macs.mac1Offset(message), Macs.mac2Offset(message));
        XChaCha20Poly1305.seal(me.cookieKey(), nonce, cookie, mac1, reply, CookieReply.SEALED_COOKIE);
        Wipe.zero(cookie);
        return reply;
    }

    /// Address and port: without the port, whoever shares an address could use its neighbour's cookie.
    private byte[] cookie(byte[] source, long nowNs, RandomSource random, Blake2sMac mac) {
        assert source.length == 4 + 2 || source.length == 16 + 2 : source.length;
        byte[] cookie = new byte[CookieReply.COOKIE_BYTES];
        synchronized (lock) {
            if (!secretDrawn || nowNs - secretBirthdateNs >= Protocol.COOKIE_SECRET_MAX_AGE_NS) {
                random.fill(secret);
                secretBirthdateNs = nowNs;
                secretDrawn = true;
            }
            mac.mac(secret, source, 0, source.length, cookie, 0);
        }
        return cookie;
    }
}
