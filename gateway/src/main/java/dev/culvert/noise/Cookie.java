package dev.culvert.noise;

import dev.culvert.crypto.Wipe;
import dev.culvert.crypto.XChaCha20Poly1305;
import dev.culvert.wire.CookieReply;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The cookie that a loaded peer gave us, and the macs that we put on what we send to it (kernel `struct cookie`,
/// `wg_cookie_add_mac_to_packet`, `wg_cookie_message_consume`; paper section 5.4.7). One per peer, on its home
/// lane only.
///
/// A cookie reply changes nothing but this object: no endpoint, no timer; the next ordinary retransmission bears
/// mac2.
public final class Cookie {
    private static final long USE_NS = Protocol.COOKIE_SECRET_MAX_AGE_NS - Protocol.COOKIE_SECRET_LATENCY_NS;

    private byte @Nullable [] cookie;
    private long birthdateNs;
    // Null if a reply to it has been accepted, or none was ever sent.
    private byte @Nullable [] lastMac1;

    /// Writes mac1, and mac2 if a cookie not older than 115 s is held, else zeros, onto an initiation or response
    /// that is otherwise finished.
    public void stamp(byte[] message, RemoteIdentity receiver, long nowNs) {
        int mac1 = Macs.mac1Offset(message);
        int mac2 = Macs.mac2Offset(message);
        Macs.write(receiver.mac1Key(), message, mac1);
        lastMac1 = Arrays.copyOfRange(message, mac1, mac2);
        byte[] held = cookie;
        if (held != null && nowNs - birthdateNs < USE_NS) {
            Macs.write(held, message, mac2);
        } else {
            Arrays.fill(message, mac2, mac2 + Macs.BYTES, (byte) 0);
            forgetCookie();
        }
    }

    /// Takes the cookie out of a reply to the last message stamped.
    ///
    /// @param reply64 of type and length checked
    /// @return false, and nothing changed, if it is forged, answers another message, or that message's reply was
    /// accepted before
    public boolean consume(byte[] reply64, RemoteIdentity sender, long nowNs) {
        assert reply64.length == CookieReply.BYTES : reply64.length;
        byte[] mac1 = lastMac1;
        if (mac1 == null) {
            return false;
        }
        byte[] opened = new byte[CookieReply.COOKIE_BYTES];
        if (!XChaCha20Poly1305.open(
                sender.cookieKey(),
                Arrays.copyOfRange(reply64, CookieReply.NONCE, CookieReply.SEALED_COOKIE),
                reply64,
                CookieReply.SEALED_COOKIE,
                CookieReply.SEALED_COOKIE_BYTES,
                mac1,
                opened)) {
            return false;
        }
        forgetCookie();
        cookie = opened;
        birthdateNs = nowNs;
        lastMac1 = null;
        return true;
    }

    private void forgetCookie() {
        byte[] held = cookie;
        if (held != null) {
            Wipe.zero(held);
            cookie = null;
        }
    }
}
