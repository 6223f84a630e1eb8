package dev.culvert.noise;

import dev.culvert.wire.CookieReply;
import dev.culvert.wire.HandshakeInitiation;
import java.util.Arrays;

/// The responder's side of mac1, mac2 and cookies for one identity (kernel `struct cookie_checker`; paper
/// sections 5.3 and 5.4.7). Whether the device is under load, and the rate limit behind a valid mac2, are its
/// callers' business.
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
    /// @param tools the calling thread's
    public boolean mac1Valid(byte[] message, CookieTools tools) {
        return tools.mac.matches(me.mac1Key(), message, Macs.mac1Offset(message));
    }

    /// Whether the sender has lately received a cookie of ours at its present address.
    ///
    /// @param tools the calling thread's, set to the sender's address and port
    public boolean mac2Valid(byte[] message, long nowNs, CookieTools tools) {
        if (isZero(message, Macs.mac2Offset(message))) {
            return false; // whoever holds no cookie sends zeros, as most of a flood does: no hash for it
        }
        makeCookie(nowNs, tools);
        boolean valid = tools.mac.matches(tools.cookie, message, Macs.mac2Offset(message));
        Arrays.fill(tools.cookie, (byte) 0);
        return valid;
    }

    private static boolean isZero(byte[] message, int offset) {
        int any = 0;
        for (int i = offset; i < offset + Macs.BYTES; i++) {
            any |= message[i];
        }
        return any == 0;
    }

    /// The cookie reply to an initiation or response with a valid mac1, 64 bytes that belong to `tools`, until
    /// its next reply.
    ///
    /// @param tools the calling thread's, set to the sender's address and port
    public byte[] reply(byte[] message, long nowNs, CookieTools tools) {
        byte[] reply = tools.reply;
        CookieReply.writeType(reply);
        // Initiation and response bear their sender's index at the same place.
        CookieReply.writeReceiverIndex(reply, HandshakeInitiation.senderIndex(message));
        makeCookie(nowNs, tools);
        tools.sealer.seal(
                me.cookieKey(),
                tools.cookie,
                message,
                Macs.mac1Offset(message),
                Macs.BYTES,
                reply,
                CookieReply.NONCE,
                CookieReply.SEALED_COOKIE);
        Arrays.fill(tools.cookie, (byte) 0);
        return reply;
    }

    private void makeCookie(long nowNs, CookieTools tools) {
        synchronized (lock) {
            if (!secretDrawn || nowNs - secretBirthdateNs >= Protocol.COOKIE_SECRET_MAX_AGE_NS) {
                tools.random.fill(secret);
                secretBirthdateNs = nowNs;
                secretDrawn = true;
            }
            tools.mac.mac(secret, tools.source, 0, tools.sourceBytes, tools.cookie, 0);
        }
    }
}
