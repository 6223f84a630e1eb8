package dev.culvert.device;

import dev.culvert.wire.IcmpUnreachable;
import dev.culvert.wire.VirtioNetHeader;

/// Tells the host, by ICMP through the TUN, that a packet has no peer or its peer no endpoint (conformance 1.14).
/// At most so many a second: what is dropped is counted in any case.
@LaneConfined
final class UnreachableReplies {
    static final int PER_SECOND = 100;
    static final int BURST = 50;

    private static final long COST_NS = 1_000_000_000L / PER_SECOND;

    private final Lane lane;
    /// Time saved up, at most a burst's.
    private long creditNs = BURST * COST_NS;

    private long creditedNs;

    UnreachableReplies(Lane lane) {
        this.lane = lane;
        creditedNs = lane.nowNs;
    }

    /// Answers the packet, which is overwritten in part.
    ///
    /// @param packet as read from the TUN, with [SlotPool#HEADROOM_BYTES] before it
    void answer(long packet, int lengthBytes) {
        assert IcmpUnreachable.PREFIX_BYTES_MAX + VirtioNetHeader.BYTES <= SlotPool.HEADROOM_BYTES;
        if (!IcmpUnreachable.mayAnswer(packet, lengthBytes) || !allowed()) {
            return;
        }
        long reply = packet - IcmpUnreachable.prefixBytes(packet);
        VirtioNetHeader.clear(reply - VirtioNetHeader.BYTES);
        int written = lane.tun.write(reply, IcmpUnreachable.write(packet, lengthBytes));
        if (written > 0) {
            lane.counters.tunWritten(1, written);
        }
    }

    private boolean allowed() {
        creditNs = Math.min(BURST * COST_NS, creditNs + lane.nowNs - creditedNs);
        creditedNs = lane.nowNs;
        if (creditNs < COST_NS) {
            return false;
        }
        creditNs -= COST_NS;
        return true;
    }
}
