package dev.culvert.device;

import dev.culvert.noise.Keypair;
import org.jspecify.annotations.Nullable;

/// Everything that one receive call returned, as parallel arrays: the unit of the inbound path (architecture,
/// decision 3). One pipeline event carries one batch; each handler works on all its segments.
///
/// A *unit* is one datagram or one GRO buffer: it has one source. A *segment* is one WireGuard message inside a
/// unit. Reused for ever: nothing is allocated per packet.
@LaneConfined
final class PacketBatch {
    static final int UNITS_MAX = 64;
    static final int SEGMENTS_MAX = 256;

    /// Segment states: what the next handler has to do with it.
    static final byte RECEIVED = 0;
    static final byte HANDSHAKE = 1;
    static final byte DATA = 2;
    static final byte PLAINTEXT = 3;
    static final byte DONE = 4;

    int units;
    final boolean[] unitIpv6 = new boolean[UNITS_MAX];
    final long[] unitSourceHi = new long[UNITS_MAX];
    final long[] unitSourceLo = new long[UNITS_MAX];
    final int[] unitSourcePort = new int[UNITS_MAX];
    final int[] unitSourceScope = new int[UNITS_MAX];
    final long[] unitLocalHi = new long[UNITS_MAX];
    final long[] unitLocalLo = new long[UNITS_MAX];
    final int[] unitLocalInterface = new int[UNITS_MAX];
    /// The outer header's two ECN bits.
    final int[] unitEcn = new int[UNITS_MAX];
    /// The slot of the lane's [SlotPool] that holds the unit, -1 if another lane owns the memory.
    final int[] unitSlot = new int[UNITS_MAX];

    int segments;
    final long[] address = new long[SEGMENTS_MAX];
    /// Bytes of the datagram; from PLAINTEXT on, of the inner packet without padding.
    final int[] length = new int[SEGMENTS_MAX];
    final int[] unit = new int[SEGMENTS_MAX];
    final byte[] state = new byte[SEGMENTS_MAX];
    final @Nullable LanePeer[] peer = new LanePeer[SEGMENTS_MAX];
    final @Nullable Keypair[] keypair = new Keypair[SEGMENTS_MAX];

    void clear() {
        for (int i = 0; i < segments; i++) {
            peer[i] = null;
            keypair[i] = null;
        }
        units = 0;
        segments = 0;
    }

    /// Opens a unit; its segments are added by [#addSegments]. The source is set with [#source].
    int addUnit(int slot, int ecn) {
        assert units < UNITS_MAX;
        unitSlot[units] = slot;
        unitEcn[units] = ecn;
        return units++;
    }

    void source(int unit, boolean ipv6, long hi, long lo, int port, int scope) {
        unitIpv6[unit] = ipv6;
        unitSourceHi[unit] = hi;
        unitSourceLo[unit] = lo;
        unitSourcePort[unit] = port;
        unitSourceScope[unit] = scope;
    }

    void local(int unit, long hi, long lo, int networkInterface) {
        unitLocalHi[unit] = hi;
        unitLocalLo[unit] = lo;
        unitLocalInterface[unit] = networkInterface;
    }

    /// How many segments a unit of `lengthBytes` has; the last one may be short. 1 for an empty datagram.
    static int segmentsOf(int lengthBytes, int segmentSize) {
        return segmentSize <= 0 || lengthBytes <= segmentSize ? 1 : (lengthBytes + segmentSize - 1) / segmentSize;
    }

    boolean hasRoomFor(int moreSegments) {
        return units < UNITS_MAX && segments + moreSegments <= SEGMENTS_MAX;
    }

    /// Splits the unit's bytes; `segmentSize` 0 means one datagram.
    void addSegments(int unit, long start, int lengthBytes, int segmentSize) {
        int step = segmentSize <= 0 ? Math.max(lengthBytes, 1) : segmentSize;
        int offset = 0;
        do {
            assert segments < SEGMENTS_MAX;
            address[segments] = start + offset;
            length[segments] = Math.min(step, lengthBytes - offset);
            this.unit[segments] = unit;
            state[segments] = RECEIVED;
            segments++;
            offset += step;
        } while (offset < lengthBytes);
    }
}
