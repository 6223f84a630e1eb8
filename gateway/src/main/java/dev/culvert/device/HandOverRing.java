package dev.culvert.device;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Packets from one lane to another: a bounded ring with one producer and one consumer. Entries are parallel
/// arrays, written in place. The producer claims entries during its turn and publishes them together at its end.
///
/// Wake-up: the consumer is told only if it may be asleep. The producer sets a flag after it has published, and
/// schedules a drain if it was not set; the drain clears it *before* it looks for entries, so that what is
/// published afterwards schedules the next drain. Each exchanges the flag, rather than writing it: a drain that
/// clears the flag reads what the last producer set, and so is ordered after that producer's entries.
@AnyThread
final class HandOverRing {
    private static final VarHandle CURSOR = MethodHandles.arrayElementVarHandle(int[].class);

    // Each side's words, and the flag, lie 128 bytes from the others (two lines, as the prefetcher fetches pairs): the
    // producer writes CLAIMED and the consumer reads HEAD for every packet, and neither must take the other's line.
    private static final int TAIL = 32;
    private static final int CLAIMED = TAIL + 1; // the producer's: entries claimed and not published yet end here
    private static final int HEAD_SEEN = TAIL + 2; // the producer's last sight of HEAD
    private static final int HEAD = 64;
    private static final int WAKE_PENDING = 96;
    private static final int WORDS = 128;

    private final int mask;
    private final int[] kind;
    private final int[] slot;
    private final long[] address;
    private final int[] length;
    private final int[] stride;
    private final int[] packets;
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
    private final int[] cursors = new int[WORDS];

    /// @param capacity a power of two
    HandOverRing(int capacity) {
        assert Integer.bitCount(capacity) == 1;
        mask = capacity - 1;
        kind = new int[capacity];
        slot = new int[capacity];
        address = new long[capacity];
        length = new int[capacity];
        stride = new int[capacity];
        packets = new int[capacity];
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
        int claimed = cursors[CLAIMED];
        if (claimed - cursors[HEAD_SEEN] > mask) {
            cursors[HEAD_SEEN] = (int) CURSOR.getAcquire(cursors, HEAD);
            if (claimed - cursors[HEAD_SEEN] > mask) {
                return -1;
            }
        }
        cursors[CLAIMED] = claimed + 1;
        return claimed & mask;
    }

    void packet(int entry, int packetKind, int packetSlot, long at, int lengthBytes, @Nullable LanePeer to) {
        kind[entry] = packetKind;
        slot[entry] = packetSlot;
        address[entry] = at;
        length[entry] = lengthBytes;
        packets[entry] = 1;
        peer[entry] = to;
    }

    /// Inner packets of one slot, each `strideBytes` behind the one before; they tell their lengths.
    void run(int entry, int packetKind, int packetSlot, long first, int strideBytes, int count, LanePeer to) {
        kind[entry] = packetKind;
        slot[entry] = packetSlot;
        address[entry] = first;
        stride[entry] = strideBytes;
        packets[entry] = count;
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
        CURSOR.setRelease(cursors, TAIL, cursors[CLAIMED]);
        return (int) CURSOR.getAndSet(cursors, WAKE_PENDING, 1) == 0;
    }

    // The consumer's side.

    /// Begins a drain: clears the wake-up, then looks.
    ///
    /// @return how many entries may be read, at positions 0..n-1 by [#entry]
    int available() {
        CURSOR.getAndSet(cursors, WAKE_PENDING, 0);
        return (int) CURSOR.getAcquire(cursors, TAIL) - cursors[HEAD];
    }

    /// The entry at `position` from the oldest.
    int entry(int position) {
        return cursors[HEAD] + position & mask;
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

    int stride(int entry) {
        return stride[entry];
    }

    /// More than one of a run only.
    int packets(int entry) {
        return packets[entry];
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
        int from = cursors[HEAD];
        for (int i = 0; i < count; i++) {
            peer[from + i & mask] = null;
        }
        CURSOR.setRelease(cursors, HEAD, from + count);
    }
}
