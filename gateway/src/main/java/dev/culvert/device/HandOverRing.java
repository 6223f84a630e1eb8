package dev.culvert.device;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Packets from one lane to another: a bounded ring with one producer and one consumer. Entries are parallel
/// arrays,
/// written in place. The producer claims entries during its turn and publishes them together at its end.
///
/// Wake-up: the consumer is told only if it may be asleep. The producer sets `wakePending` after it has published,
/// and
/// schedules a drain if it was not set; the drain clears it *before* it looks for entries, so that what is
/// published
/// afterwards schedules the next drain.
@AnyThread
final class HandOverRing {
    private static final VarHandle HEAD;
    private static final VarHandle TAIL;
    private static final VarHandle WAKE_PENDING;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(HandOverRing.class, "head", int.class);
            TAIL = lookup.findVarHandle(HandOverRing.class, "tail", int.class);
            WAKE_PENDING = lookup.findVarHandle(HandOverRing.class, "wakePending", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int mask;
    private final int[] kind;
    private final int[] slot;
    private final long[] address;
    private final int[] length;
    private final @Nullable LanePeer[] peer;
    private final boolean[] ipv6;
    private final long[] sourceHi;
    private final long[] sourceLo;
    private final int[] sourcePort;
    private final int[] sourceScope;
    private final long[] localHi;
    private final long[] localLo;
    private final int[] localInterface;
    private final int[] ecn;

    /// The producer's: entries claimed and not published yet end here.
    private int claimed;
    /// The producer's last sight of `head`.
    private int headSeen;

    @SuppressWarnings("unused") // through HEAD: written by the consumer
    private int head;

    @SuppressWarnings("unused") // through TAIL: written by the producer
    private int tail;

    @SuppressWarnings("unused") // through WAKE_PENDING: set by the producer, cleared by the consumer
    private boolean wakePending;

    /// @param capacity a power of two
    HandOverRing(int capacity) {
        assert Integer.bitCount(capacity) == 1;
        mask = capacity - 1;
        kind = new int[capacity];
        slot = new int[capacity];
        address = new long[capacity];
        length = new int[capacity];
        peer = new LanePeer[capacity];
        ipv6 = new boolean[capacity];
        sourceHi = new long[capacity];
        sourceLo = new long[capacity];
        sourcePort = new int[capacity];
        sourceScope = new int[capacity];
        localHi = new long[capacity];
        localLo = new long[capacity];
        localInterface = new int[capacity];
        ecn = new int[capacity];
    }

    // The producer's side.

    /// An entry to fill, -1 if the ring is full.
    int claim() {
        if (claimed - headSeen > mask) {
            headSeen = (int) HEAD.getAcquire(this);
            if (claimed - headSeen > mask) {
                return -1;
            }
        }
        return claimed++ & mask;
    }

    void packet(int entry, int packetKind, int packetSlot, long at, int lengthBytes, @Nullable LanePeer to) {
        kind[entry] = packetKind;
        slot[entry] = packetSlot;
        address[entry] = at;
        length[entry] = lengthBytes;
        peer[entry] = to;
    }

    void source(int entry, boolean isIpv6, long hi, long lo, int port, int scope) {
        ipv6[entry] = isIpv6;
        sourceHi[entry] = hi;
        sourceLo[entry] = lo;
        sourcePort[entry] = port;
        sourceScope[entry] = scope;
    }

    void local(int entry, long hi, long lo, int networkInterface, int outerEcn) {
        localHi[entry] = hi;
        localLo[entry] = lo;
        localInterface[entry] = networkInterface;
        ecn[entry] = outerEcn;
    }

    /// Shows all claimed entries to the consumer.
    ///
    /// @return true if a drain must be scheduled
    boolean publish() {
        TAIL.setVolatile(this, claimed);
        return !(boolean) WAKE_PENDING.getAndSet(this, true);
    }

    // The consumer's side.

    /// Begins a drain: clears the wake-up, then looks.
    ///
    /// @return how many entries may be read, at positions 0..n-1 by [#entry]
    int available() {
        WAKE_PENDING.setVolatile(this, false);
        return (int) TAIL.getVolatile(this) - (int) HEAD.get(this);
    }

    /// The entry at `position` from the oldest.
    int entry(int position) {
        return (int) HEAD.get(this) + position & mask;
    }

    int kind(int entry) {
        return kind[entry];
    }

    int slot(int entry) {
        return slot[entry];
    }

    long address(int entry) {
        return address[entry];
    }

    int length(int entry) {
        return length[entry];
    }

    @Nullable
    LanePeer peer(int entry) {
        return peer[entry];
    }

    /// Writes the entry's origin into a unit of a batch.
    void originTo(int entry, PacketBatch batch, int unit) {
        batch.source(unit, ipv6[entry], sourceHi[entry], sourceLo[entry], sourcePort[entry], sourceScope[entry]);
        batch.local(unit, localHi[entry], localLo[entry], localInterface[entry]);
    }

    int ecn(int entry) {
        return ecn[entry];
    }

    /// Gives the oldest `count` entries back to the producer.
    void consumed(int count) {
        int from = (int) HEAD.get(this);
        for (int i = 0; i < count; i++) {
            peer[from + i & mask] = null;
        }
        HEAD.setRelease(this, from + count);
    }
}
