package dev.culvert.noise;

/// One session: a key for each direction, both indices, the send counter and the replay window (kernel `struct
/// noise_keypair`). Touched by the peer's home lane only.
///
/// The keys lie off-heap; this object holds their addresses and neither reads nor frees them. Whoever is told by
/// [Keypairs.Reaper] that the keypair was dropped removes its index and zeroes its keys.
public final class Keypair {
    private final long sendKey;
    private final long receiveKey;
    private final int localIndex;
    private final int remoteIndex;
    private final boolean initiator;
    private final long birthdateNs;
    private final ReplayWindow window = new ReplayWindow();
    private long sendCounter;
    private boolean sendingValid = true;

    /// @param sendKey address of 32 bytes
    /// @param receiveKey address of 32 bytes
    /// @param birthdateNs when the keys were derived, on the clock that runs in suspend
    public Keypair(
            long sendKey, long receiveKey, int localIndex, int remoteIndex, boolean initiator, long birthdateNs) {
        this.sendKey = sendKey;
        this.receiveKey = receiveKey;
        this.localIndex = localIndex;
        this.remoteIndex = remoteIndex;
        this.initiator = initiator;
        this.birthdateNs = birthdateNs;
    }

    /// Whether one more packet may be sent: younger than 180 s, counters left, not invalidated.
    public boolean sendable(long nowNs) {
        return sendingValid && young(nowNs) && counterLeft();
    }

    /// Whether packets may be opened at all: younger than 180 s. The counters' limit is the [ReplayWindow]'s.
    public boolean receivable(long nowNs) {
        return young(nowNs);
    }

    private boolean young(long nowNs) {
        return nowNs - birthdateNs < Protocol.REJECT_AFTER_TIME_NS;
    }

    private boolean counterLeft() {
        return Long.compareUnsigned(sendCounter, Protocol.REJECT_AFTER_MESSAGES) < 0;
    }

    /// The counter of the next packet, never the same twice. What became of the packet does not matter: a counter
    /// that was taken is spent.
    ///
    /// @throws IllegalStateException if [#sendable] would be false for reasons other than age: going on would use
    /// a nonce twice
    public long nextCounter() {
        if (!sendingValid || !counterLeft()) {
            throw new IllegalStateException("this keypair may not send any more");
        }
        return sendCounter++;
    }

    /// How many counters were taken; unsigned.
    public long sendCounter() {
        return sendCounter;
    }

    /// Never to send with again: our own key has changed, or the machine's memory was copied.
    public void invalidateSending() {
        sendingValid = false;
    }

    public boolean sendingValid() {
        return sendingValid;
    }

    public ReplayWindow window() {
        return window;
    }

    /// Address of 32 bytes.
    public long sendKey() {
        return sendKey;
    }

    /// Address of 32 bytes.
    public long receiveKey() {
        return receiveKey;
    }

    /// By which the peer names this session.
    public int localIndex() {
        return localIndex;
    }

    /// By which we name this session to the peer.
    public int remoteIndex() {
        return remoteIndex;
    }

    /// Whether we initiated: only the initiator rekeys by age.
    public boolean isInitiator() {
        return initiator;
    }

    public long birthdateNs() {
        return birthdateNs;
    }

    /// For tests that stand close to the limit.
    void sendCounter(long counter) {
        sendCounter = counter;
    }
}
