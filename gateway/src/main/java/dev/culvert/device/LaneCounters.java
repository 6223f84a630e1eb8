package dev.culvert.device;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What a lane, a handshake worker, or the control plane under its lock, has counted since the start. One writes;
/// any thread reads, a little
/// late. All values only rise.
@AnyThread
@SuppressWarnings("EnumOrdinal") // the position in one array; nothing outside the process sees it
public final class LaneCounters {
    /// What is counted beside drops. Bytes are UDP payload bytes or inner packet bytes.
    @Published
    public enum Counter {
        DATAGRAMS_RECEIVED,
        BYTES_RECEIVED,
        DATAGRAMS_SENT,
        BYTES_SENT,
        TUN_PACKETS_READ,
        TUN_BYTES_READ,
        TUN_PACKETS_WRITTEN,
        TUN_BYTES_WRITTEN,
        HANDED_OVER,
        TAKEN_OVER,
        /// From peer to peer without the TUN.
        FORWARDED_DIRECT_PACKETS,
        FORWARDED_DIRECT_BYTES,
        HANDSHAKES_INITIATED,
        HANDSHAKES_RECEIVED,
        HANDSHAKES_COMPLETED,
        /// From one peer to another, by a request.
        ALLOWED_IPS_MOVED
    }

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int COUNTERS = Counter.values().length;

    private final long[] values = new long[COUNTERS + DropReason.values().length];

    private void add(int index, long amount) {
        ELEMENT.setOpaque(values, index, values[index] + amount);
    }

    private void add(Counter counter, long amount) {
        add(counter.ordinal(), amount);
    }

    void dropped(DropReason reason) {
        dropped(reason, 1);
    }

    void dropped(DropReason reason, int packets) {
        add(COUNTERS + reason.ordinal(), packets);
    }

    void datagramsReceived(int datagrams, int bytes) {
        add(Counter.DATAGRAMS_RECEIVED, datagrams);
        add(Counter.BYTES_RECEIVED, bytes);
    }

    void datagramsSent(int datagrams, int bytes) {
        add(Counter.DATAGRAMS_SENT, datagrams);
        add(Counter.BYTES_SENT, bytes);
    }

    void tunRead(int bytes) {
        add(Counter.TUN_PACKETS_READ, 1);
        add(Counter.TUN_BYTES_READ, bytes);
    }

    void tunWritten(int packets, int bytes) {
        add(Counter.TUN_PACKETS_WRITTEN, packets);
        add(Counter.TUN_BYTES_WRITTEN, bytes);
    }

    void handedOver(int packets) {
        add(Counter.HANDED_OVER, packets);
    }

    void takenOver(int packets) {
        add(Counter.TAKEN_OVER, packets);
    }

    void forwardedDirect(int packets, int bytes) {
        add(Counter.FORWARDED_DIRECT_PACKETS, packets);
        add(Counter.FORWARDED_DIRECT_BYTES, bytes);
    }

    void handshakeInitiated() {
        add(Counter.HANDSHAKES_INITIATED, 1);
    }

    void handshakeReceived() {
        add(Counter.HANDSHAKES_RECEIVED, 1);
    }

    void handshakeCompleted() {
        add(Counter.HANDSHAKES_COMPLETED, 1);
    }

    void allowedIpsMoved(int prefixes) {
        add(Counter.ALLOWED_IPS_MOVED, prefixes);
    }

    /// Any thread.
    public long value(Counter counter) {
        return (long) ELEMENT.getOpaque(values, counter.ordinal());
    }

    /// Any thread.
    public long drops(DropReason reason) {
        return (long) ELEMENT.getOpaque(values, COUNTERS + reason.ordinal());
    }
}
