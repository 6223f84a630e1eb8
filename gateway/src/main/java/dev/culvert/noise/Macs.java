package dev.culvert.noise;

import dev.culvert.crypto.Blake2s;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;

/// Where mac1 and mac2 stand: at the end of an initiation as of a response, each over all that precedes it (paper
/// section 5.4.4).
final class Macs {
    static final int BYTES = Blake2s.MAC_BYTES;

    private Macs() {}

    static int mac1Offset(byte[] message) {
        assert message.length == HandshakeInitiation.BYTES || message.length == HandshakeResponse.BYTES
                : message.length;
        return message.length - 2 * BYTES;
    }

    static int mac2Offset(byte[] message) {
        return mac1Offset(message) + BYTES;
    }

    /// Writes the mac at `offset` over all bytes before it.
    static void write(byte[] key, byte[] message, int offset) {
        Blake2s.mac(key, message, 0, offset, message, offset);
    }
}
