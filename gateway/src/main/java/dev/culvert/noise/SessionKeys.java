package dev.culvert.noise;

import dev.culvert.crypto.Wipe;

/// What a finished handshake yields: one key for each direction, as this side uses them.
///
/// Handed from the worker that computed it to the home lane, which copies the keys off-heap and closes it.
public final class SessionKeys implements AutoCloseable {
    private final byte[] sending;
    private final byte[] receiving;

    /// @param sending 32 bytes, its own from here on
    /// @param receiving 32 bytes, its own from here on
    SessionKeys(byte[] sending, byte[] receiving) {
        this.sending = sending;
        this.receiving = receiving;
    }

    /// 32 bytes, zeroed by [#close].
    public byte[] sending() {
        return sending;
    }

    /// 32 bytes, zeroed by [#close].
    public byte[] receiving() {
        return receiving;
    }

    @Override
    public void close() {
        Wipe.zero(sending, receiving);
    }
}
