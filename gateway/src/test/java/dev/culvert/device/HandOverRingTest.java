package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The ring between two lanes: what goes in comes out, full is full, and one drain is scheduled where one is
/// needed.
@LaneConfined
final class HandOverRingTest {
    private static final int CAPACITY = 8;
    private static final long JOIN_MS = 30_000;

    @Test
    void isFullAtItsCapacityAndFreeAgainWhenConsumed() {
        HandOverRing ring = new HandOverRing(CAPACITY);
        for (int turn = 0; turn < 5; turn++) {
            for (int i = 0; i < CAPACITY; i++) {
                int entry = ring.claim();
                assertThat(entry).isNotNegative();
                ring.packet(entry, HandOver.INNER_PACKET, i, 1000L + i, 100 + i, null);
            }
            assertThat(ring.claim()).isEqualTo(-1);
            assertThat(ring.available()).as("nothing before it is published").isZero();
            ring.publish();
            assertThat(ring.available()).isEqualTo(CAPACITY);
            for (int i = 0; i < CAPACITY; i++) {
                int entry = ring.entry(i);
                assertThat(ring.slot(entry)).isEqualTo(i);
                assertThat(ring.address(entry)).isEqualTo(1000L + i);
                assertThat(ring.length(entry)).isEqualTo(100 + i);
                assertThat(ring.kind(entry)).isEqualTo(HandOver.INNER_PACKET);
            }
            ring.consumed(3);
            assertThat(ring.slot(ring.entry(0))).isEqualTo(3);
            ring.consumed(CAPACITY - 3);
        }
    }

    @Test
    void wantsOneDrainUntilItBegins() {
        HandOverRing ring = new HandOverRing(CAPACITY);
        offer(ring, 1);
        assertThat(ring.publish()).isTrue();
        offer(ring, 2);
        assertThat(ring.publish()).as("one is scheduled").isFalse();
        assertThat(ring.available()).isEqualTo(2);
        offer(ring, 3);
        assertThat(ring.publish()).as("the drain may have looked already").isTrue();
        ring.consumed(2);
        assertThat(ring.available()).isEqualTo(1);
    }

    /// The consumer runs only what the producer scheduled, one drain a count; a lost wake-up would stop it for
    /// good.
    @Test
    void losesNothingReordersNothingAndSchedulesNoDrainTwice() throws Exception {
        int packets = 60_000;
        HandOverRing ring = new HandOverRing(CAPACITY);
        AtomicInteger scheduled = new AtomicInteger();
        AtomicInteger received = new AtomicInteger();
        AtomicReference<@Nullable String> fault = new AtomicReference<>();
        long deadlineNs = System.nanoTime() + JOIN_MS * 1_000_000;
        Thread consumer = Thread.ofPlatform().start(() -> {
            int next = 0;
            while (next < packets && fault.get() == null) {
                while (scheduled.get() == 0) {
                    if (System.nanoTime() - deadlineNs > 0) {
                        fault.compareAndSet(null, "stalled at " + next);
                        return;
                    }
                    Thread.onSpinWait();
                }
                if (scheduled.getAndDecrement() != 1) {
                    fault.compareAndSet(null, "a drain was scheduled twice");
                }
                int count = ring.available();
                for (int position = 0; position < count; position++) {
                    int entry = ring.entry(position);
                    if (ring.length(entry) != next
                            || ring.address(entry) != ~(long) next
                            || ring.slot(entry) != -next) {
                        fault.compareAndSet(null, "torn or out of order at " + next);
                    }
                    next++;
                }
                ring.consumed(count);
                received.set(next);
            }
        });
        for (int i = 0, round = 0; i < packets && fault.get() == null; round++) {
            int offered = 0;
            while (offered <= i % 3 && i + offered < packets && offer(ring, i + offered)) {
                offered++;
            }
            // As a lane does, it publishes only what it offered.
            if (offered != 0 && ring.publish()) {
                scheduled.incrementAndGet();
            }
            i += offered;
            // Bursts of one to three rounds: nothing comes after the last one that would wake the consumer in its
            // stead.
            while (round % 7 % 3 == 0 && received.get() != i && fault.get() == null) {
                Thread.onSpinWait();
            }
        }
        consumer.join(JOIN_MS);
        assertThat(fault.get()).isNull();
        assertThat(received).hasValue(packets);
    }

    private static boolean offer(HandOverRing ring, int number) {
        int entry = ring.claim();
        if (entry < 0) {
            return false;
        }
        ring.packet(entry, HandOver.DATAGRAM, -number, ~(long) number, number, null);
        return true;
    }
}
