package dev.culvert.wire;

import dev.culvert.crypto.Memory;
import org.jspecify.annotations.Nullable;

/// The four messages of the protocol (paper section 5.4).
///
/// ```
/// type  message        bytes
///    1  initiation     148
///    2  response        92
///    3  cookie reply    64
///    4  data           ≥ 32
/// ```
///
/// The first to look at a datagram; whatever is none of these is dropped without a word. Judges shape only, never
/// content.
public enum MessageType {
    INITIATION(1),
    RESPONSE(2),
    COOKIE_REPLY(3),
    DATA(4);

    private final int code;

    MessageType(int code) {
        this.code = code;
    }

    /// The first four bytes of such a message as one little-endian int: the type and three zero bytes.
    public int code() {
        return code;
    }

    /// The type of the datagram of `length` bytes at `address`; null if the type is unknown, a reserved byte is
    /// not zero or the length is wrong.
    public static @Nullable MessageType of(long address, int length) {
        if (length < TransportData.OVERHEAD_BYTES) {
            return null; // the shortest message is an empty data packet
        }
        return switch (Memory.getInt(address)) {
            case 1 -> length == HandshakeInitiation.BYTES ? INITIATION : null;
            case 2 -> length == HandshakeResponse.BYTES ? RESPONSE : null;
            case 3 -> length == CookieReply.BYTES ? COOKIE_REPLY : null;
            case 4 -> DATA;
            default -> null;
        };
    }
}
