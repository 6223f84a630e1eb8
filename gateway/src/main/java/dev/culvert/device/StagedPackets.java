package dev.culvert.device;

import dev.culvert.noise.Protocol;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The packets of a peer that wait for a key, in order (kernel: `staged_packet_queue`): at most 128, the oldest
/// goes. A peer with none costs one reference.
@LaneConfined
final class StagedPackets {
    /// What staging a packet did. At most one packet is dropped, this one or the oldest.
    @Published
    enum Outcome {
        STAGED,
        OLDEST_DROPPED,
        OLDEST_DROPPED_FOR_MEMORY,
        REFUSED;

        void countIn(LaneCounters counters, Peer peer) {
            switch (this) {
                case STAGED -> {}
                case OLDEST_DROPPED -> counters.dropped(DropReason.STAGED_OVERFLOW, peer);
                case OLDEST_DROPPED_FOR_MEMORY, REFUSED -> counters.dropped(DropReason.STAGED_MEMORY, peer);
            }
        }
    }

    /// Charged with every packet beside its capacity, for the buffer object and the allocator's rounding: many
    /// tiny packets would otherwise take several times what the budget allows.
    static final int OVERHEAD_BYTES = 192;

    private final StagedBudget budget;
    private @Nullable ArrayDeque<ByteBuf> packets;

    StagedPackets(StagedBudget budget) {
        this.budget = budget;
    }

    /// Takes the packet over. When 128 wait already, or the device's budget is spent, the oldest of this same peer
    /// makes room. If that is not enough, or there is none, the new packet is released and the others stay.
    Outcome stage(ByteBuf packet) {
        ArrayDeque<ByteBuf> queue = packets;
        ByteBuf oldest = queue == null ? null : queue.peek();
        boolean full = queue != null && queue.size() == Protocol.MAX_STAGED_PACKETS;
        Outcome outcome = Outcome.STAGED;
        if (full || !budget.reserve(chargeBytes(packet))) {
            // The difference in one step, so that no other lane takes what is freed here.
            if (oldest == null || !budget.reserve(chargeBytes(packet) - chargeBytes(oldest))) {
                packet.release();
                return Outcome.REFUSED;
            }
            outcome = full ? Outcome.OLDEST_DROPPED : Outcome.OLDEST_DROPPED_FOR_MEMORY;
        }
        if (queue == null) {
            queue = new ArrayDeque<>(2);
            packets = queue;
        }
        if (outcome != Outcome.STAGED) {
            queue.remove().release();
        }
        queue.add(packet);
        return outcome;
    }

    private static int chargeBytes(ByteBuf packet) {
        return packet.capacity() + OVERHEAD_BYTES;
    }

    private void drop(ByteBuf packet) {
        budget.release(chargeBytes(packet));
        packet.release();
    }

    /// The oldest packet, now the caller's to release; null if none waits.
    @Nullable
    ByteBuf poll() {
        ArrayDeque<ByteBuf> queue = packets;
        if (queue == null) {
            return null;
        }
        ByteBuf packet = queue.poll();
        if (packet != null) {
            budget.release(chargeBytes(packet));
        }
        if (queue.isEmpty()) {
            packets = null;
        }
        return packet;
    }

    /// @return how many packets were dropped
    int dropAll() {
        ArrayDeque<ByteBuf> queue = packets;
        packets = null;
        if (queue == null) {
            return 0;
        }
        queue.forEach(this::drop);
        return queue.size();
    }

    boolean isEmpty() {
        ArrayDeque<ByteBuf> queue = packets;
        return queue == null || queue.isEmpty();
    }

    int size() {
        ArrayDeque<ByteBuf> queue = packets;
        return queue == null ? 0 : queue.size();
    }
}
