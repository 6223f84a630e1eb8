package dev.culvert.noise;

/// A response that lacks what only the home lane can add, and the keys that it stands for.
///
/// Made by a handshake worker and handed to the home lane, which draws the sender index and lets [Cookie#stamp]
/// write the macs: neither is in the Noise hash. Closed by the lane, also if it refuses the initiation.
public final class ResponseDraft implements AutoCloseable {
    private final byte[] message;
    private final SessionKeys keys;

    ResponseDraft(byte[] message, SessionKeys keys) {
        this.message = message;
        this.keys = keys;
    }

    /// 92 bytes; sender index and macs are still zero. Its own array, for the lane to finish.
    public byte[] message() {
        return message;
    }

    /// Closed with this draft.
    public SessionKeys keys() {
        return keys;
    }

    @Override
    public void close() {
        keys.close();
    }
}
