package dev.culvert.device;

import dev.culvert.noise.Protocol;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The packets of a peer that wait for a key, in order (kernel: `staged_packet_queue`): at most 128, the oldest
/// goes.
/// A peer with none costs one reference.
@LaneConfined
final class StagedPackets {
    /// What staging a packet did.
    @Published
    enum Outcome {
        STAGED,
        OLDEST_DROPPED,
        REFUSED;

        void countIn(LaneCounters counters) {
            switch (this) {
                case STAGED -> {}
                case OLDEST_DROPPED -> counters.dropped(DropReason.STAGED_OVERFLOW);
                case REFUSED -> counters.dropped(DropReason.STAGED_MEMORY);
            }
        }
    }

    private final StagedBudget budget;
    private @Nullable ArrayDeque<ByteBuf> packets;

    StagedPackets(StagedBudget budget) {
        this.budget = budget;
    }

    /// Takes the packet over, or releases it when the device's budget is spent.
    Outcome stage(ByteBuf packet) {
        ArrayDeque<ByteBuf> queue = packets;
        if (queue == null) {
            queue = new ArrayDeque<>(2);
            packets = queue;
        }
        Outcome outcome = Outcome.STAGED;
        if (queue.size() == Protocol.MAX_STAGED_PACKETS) {
            drop(queue.remove());
            outcome = Outcome.OLDEST_DROPPED;
        }
        if (!budget.reserve(packet.capacity())) {
            packet.release();
            return Outcome.REFUSED;
        }
        queue.add(packet);
        return outcome;
    }

    private void drop(ByteBuf packet) {
        budget.release(packet.capacity());
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
            budget.release(packet.capacity());
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
