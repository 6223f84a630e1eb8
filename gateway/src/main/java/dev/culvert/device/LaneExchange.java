package dev.culvert.device;

import org.jspecify.annotations.Nullable;

/// The rings between the lanes of a device: for each ordered pair one that carries packets and one that brings
/// their slots back. Every ring has one producer and one consumer lane; the table itself never changes.
@AnyThread
final class LaneExchange {
    private final int lanes;
    private final @Nullable HandOverRing[] packets;
    private final @Nullable SlotReturnRing[] returns;

    LaneExchange(int lanes) {
        this.lanes = lanes;
        packets = new HandOverRing[lanes * lanes];
        returns = new SlotReturnRing[lanes * lanes];
        for (int from = 0; from < lanes; from++) {
            for (int to = 0; to < lanes; to++) {
                if (from != to) {
                    packets[from * lanes + to] = new HandOverRing(Lane.LENT_SLOTS_MAX);
                    returns[from * lanes + to] = new SlotReturnRing(Lane.LENT_SLOTS_MAX);
                }
            }
        }
    }

    int lanes() {
        return lanes;
    }

    HandOverRing packets(int from, int to) {
        HandOverRing ring = packets[from * lanes + to];
        assert ring != null;
        return ring;
    }

    /// Slots of lane `owner` that lane `borrower` is done with.
    SlotReturnRing returns(int owner, int borrower) {
        SlotReturnRing ring = returns[owner * lanes + borrower];
        assert ring != null;
        return ring;
    }
}
