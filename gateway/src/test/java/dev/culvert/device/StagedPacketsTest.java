package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.noise.Protocol;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/// Staged packets at both limits, 128 a peer and the device's bytes: every packet is staged, sent, or dropped and told.
@LaneConfined
final class StagedPacketsTest {
    @Test
    void aFullQueueKeepsItsPacketsWhenTheBudgetRefusesTheNewOne() {
        StagedBudget budget = new StagedBudget(Protocol.MAX_STAGED_PACKETS * (10L + StagedPackets.OVERHEAD_BYTES));
        StagedPackets staged = new StagedPackets(budget);
        for (int i = 0; i < Protocol.MAX_STAGED_PACKETS; i++) {
            assertThat(staged.stage(packet(10))).isEqualTo(StagedPackets.Outcome.STAGED);
        }
        assertThat(staged.stage(packet(11))).isEqualTo(StagedPackets.Outcome.REFUSED);
        assertThat(staged.size()).isEqualTo(Protocol.MAX_STAGED_PACKETS);
        assertThat(staged.stage(packet(10))).isEqualTo(StagedPackets.Outcome.OLDEST_DROPPED);
        assertThat(staged.size()).isEqualTo(Protocol.MAX_STAGED_PACKETS);
        assertThat(staged.dropAll()).isEqualTo(Protocol.MAX_STAGED_PACKETS);
        assertThat(budget.reservedBytes()).isZero();
    }

    @Test
    void theOldestOfTheSamePeerMakesRoomWhenTheBudgetIsSpent() {
        StagedBudget budget = new StagedBudget(2 * (100L + StagedPackets.OVERHEAD_BYTES));
        StagedPackets mine = new StagedPackets(budget);
        StagedPackets others = new StagedPackets(budget);
        ByteBuf first = packet(100);
        ByteBuf theirs = packet(100);
        mine.stage(first);
        others.stage(theirs);
        ByteBuf second = packet(100);
        assertThat(mine.stage(second)).isEqualTo(StagedPackets.Outcome.OLDEST_DROPPED_FOR_MEMORY);
        assertThat(first.refCnt()).isZero();
        assertThat(theirs.refCnt()).isEqualTo(1);
        assertThat(mine.poll()).isSameAs(second);
        second.release();
        assertThat(others.dropAll()).isEqualTo(1);
        assertThat(budget.reservedBytes()).isZero();
    }

    @Property(tries = 200)
    void whatIsToldIsWhatHappens(@ForAll long seed) {
        Random random = new Random(seed);
        long capBytes = random.nextInt(60_000);
        StagedBudget budget = new StagedBudget(capBytes);
        List<StagedPackets> peers = List.of(new StagedPackets(budget), new StagedPackets(budget));
        List<Deque<ByteBuf>> models = List.of(new ArrayDeque<>(), new ArrayDeque<>());
        List<ByteBuf> all = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            int which = random.nextInt(2);
            StagedPackets staged = peers.get(which);
            Deque<ByteBuf> model = models.get(which);
            switch (random.nextInt(40)) {
                case 0 -> {
                    assertThat(staged.dropAll()).isEqualTo(model.size());
                    model.clear();
                }
                case 1, 2, 3 -> {
                    ByteBuf polled = staged.poll();
                    assertThat(polled).isSameAs(model.poll());
                    if (polled != null) {
                        assertThat(polled.release()).isTrue();
                    }
                }
                default -> {
                    ByteBuf packet = packet(1 + random.nextInt(300));
                    all.add(packet);
                    switch (staged.stage(packet)) {
                        case STAGED -> model.add(packet);
                        case OLDEST_DROPPED, OLDEST_DROPPED_FOR_MEMORY -> {
                            assertThat(model.remove().refCnt()).isZero();
                            model.add(packet);
                        }
                        case REFUSED -> assertThat(packet.refCnt()).isZero();
                    }
                }
            }
            assertThat(staged.size()).isEqualTo(model.size()).isLessThanOrEqualTo(Protocol.MAX_STAGED_PACKETS);
            assertThat(staged.isEmpty()).isEqualTo(model.isEmpty());
            assertThat(model).allMatch(packet -> packet.refCnt() == 1);
            assertThat(budget.reservedBytes())
                    .isEqualTo(chargeBytes(models.get(0)) + chargeBytes(models.get(1)))
                    .isLessThanOrEqualTo(capBytes);
        }
        peers.forEach(StagedPackets::dropAll);
        assertThat(all).allMatch(packet -> packet.refCnt() == 0);
        assertThat(budget.reservedBytes()).isZero();
    }

    @Test
    void lanesTogetherNeverReserveMoreThanTheCap() throws Exception {
        StagedBudget budget = new StagedBudget(1000);
        AtomicBoolean exceeded = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            int bytes = 250 + t;
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 50_000; i++) {
                    if (budget.reserve(bytes)) {
                        budget.reserve(-1); // as when a smaller packet takes a larger one's place
                        if (budget.reservedBytes() > 1000) {
                            exceeded.set(true);
                        }
                        budget.release(bytes - 1);
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join(60_000);
            assertThat(thread.isAlive()).isFalse();
        }
        assertThat(exceeded).isFalse();
        assertThat(budget.reservedBytes()).isZero();
    }

    private static long chargeBytes(Deque<ByteBuf> packets) {
        return packets.stream()
                .mapToLong(packet -> packet.capacity() + StagedPackets.OVERHEAD_BYTES)
                .sum();
    }

    private static ByteBuf packet(int bytes) {
        return UnpooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
    }
}
