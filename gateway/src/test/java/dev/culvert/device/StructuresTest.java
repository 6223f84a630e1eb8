package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.noise.Protocol;
import dev.culvert.wire.Vectors;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// The lane's small structures: index table, rings, slots, staged packets, rate limiter, counters.
@LaneConfined
final class StructuresTest {
    @Property(tries = 100)
    void theIndexTableAgreesWithAHashMap(@ForAll long seed) {
        Random random = new Random(seed);
        SessionIndexTable<String> table = new SessionIndexTable<>();
        Map<Integer, String> model = new HashMap<>();
        for (int i = 0; i < 2000; i++) {
            int key = random.nextInt(400) * 0x01000001;
            switch (random.nextInt(3)) {
                case 0 -> assertThat(table.insert(key, "v" + i)).isEqualTo(model.putIfAbsent(key, "v" + i) == null);
                case 1 -> assertThat(table.remove(key)).isEqualTo(model.remove(key));
                default -> assertThat(table.find(key)).isEqualTo(model.get(key));
            }
            assertThat(table.size()).isEqualTo(model.size());
        }
        model.forEach((key, value) -> assertThat(table.find(key)).isEqualTo(value));
    }

    @Test
    void theRingsLoseNothingAndNeverStall() throws Exception {
        HandOverRing ring = new HandOverRing(64);
        SlotReturnRing returns = new SlotReturnRing(64);
        int packets = 200_000;
        AtomicInteger drains = new AtomicInteger();
        List<Integer> out = new ArrayList<>();
        Thread consumer = Thread.ofPlatform().start(() -> {
            while (out.size() < packets) {
                // A drain runs only when one was scheduled: a lost wake-up would hang here, and the join below fail.
                while (drains.get() == 0) {
                    Thread.onSpinWait();
                }
                drains.decrementAndGet();
                int count = ring.available();
                for (int position = 0; position < count; position++) {
                    int entry = ring.entry(position);
                    out.add(ring.length(entry));
                    returns.offer(ring.slot(entry));
                }
                ring.consumed(count);
            }
        });
        int lent = 0;
        for (int i = 0; i < packets && consumer.isAlive(); ) {
            while (returns.poll() >= 0) {
                lent--;
            }
            int entry = lent < 64 ? ring.claim() : -1;
            if (entry >= 0) {
                ring.packet(entry, HandOver.DATAGRAM, i & 63, 0, i, null);
                lent++;
                i++;
            }
            if ((i & 7) == 0 || entry < 0) {
                if (ring.publish()) {
                    drains.incrementAndGet();
                }
            }
        }
        consumer.join(60_000);
        assertThat(consumer.isAlive()).isFalse();
        assertThat(out).hasSize(packets).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void slotsAreApartAlignedAndCounted() {
        try (SlotPool pool = new SlotPool(5)) {
            Set<Long> addresses = new HashSet<>();
            int[] taken = new int[5];
            for (int i = 0; i < 5; i++) {
                taken[i] = pool.take();
                addresses.add(pool.address(taken[i]));
                assertThat(pool.address(taken[i]) % 64).isZero();
            }
            assertThat(addresses).hasSize(5);
            assertThat(addresses.stream().map(a -> a % 4096).distinct()).hasSize(5);
            assertThat(pool.take()).isEqualTo(-1);
            pool.retain(taken[2]);
            pool.release(taken[2]);
            assertThat(pool.free()).isZero();
            pool.release(taken[2]);
            assertThat(pool.free()).isEqualTo(1);
            assertThat(pool.take()).isEqualTo(taken[2]);
        }
    }

    @Test
    void stagedPacketsDropTheOldestAndReleaseEverything() {
        StagedBudget budget = new StagedBudget(1 << 20);
        StagedPackets staged = new StagedPackets(budget);
        List<ByteBuf> all = new ArrayList<>();
        for (int i = 0; i < Protocol.MAX_STAGED_PACKETS + 3; i++) {
            ByteBuf packet =
                    UnpooledByteBufAllocator.DEFAULT.directBuffer(64, 64).writeInt(i);
            all.add(packet);
            assertThat(staged.stage(packet))
                    .isEqualTo(
                            i < Protocol.MAX_STAGED_PACKETS
                                    ? StagedPackets.Outcome.STAGED
                                    : StagedPackets.Outcome.OLDEST_DROPPED);
        }
        ByteBuf first = staged.poll();
        assert first != null;
        assertThat(first.readInt()).isEqualTo(3);
        first.release();
        assertThat(staged.dropAll()).isEqualTo(Protocol.MAX_STAGED_PACKETS - 1);
        assertThat(all).allMatch(packet -> packet.refCnt() == 0);
        assertThat(budget.reservedBytes()).isZero();
        assertThat(staged.isEmpty()).isTrue();
        assertThat(staged.poll()).isNull();
    }

    @Test
    void stagedPacketsOfAllPeersStayWithinTheBudget() {
        StagedBudget budget = new StagedBudget(1000);
        StagedPackets a = new StagedPackets(budget);
        StagedPackets b = new StagedPackets(budget);
        assertThat(a.stage(UnpooledByteBufAllocator.DEFAULT.directBuffer(600, 600)))
                .isEqualTo(StagedPackets.Outcome.STAGED);
        ByteBuf refused = UnpooledByteBufAllocator.DEFAULT.directBuffer(600, 600);
        assertThat(b.stage(refused)).isEqualTo(StagedPackets.Outcome.REFUSED);
        assertThat(refused.refCnt()).isZero();
        assertThat(a.dropAll()).isEqualTo(1);
        assertThat(budget.reservedBytes()).isZero();
    }

    @Test
    void theRateLimiterAgreesWithTheVectors() {
        HandshakeRateLimiter limiter = new HandshakeRateLimiter(20, 5, 65_536, 99, 0);
        JsonNode events = Vectors.field(Vectors.read("ratelimiter.json"), "events");
        assertThat(events.size()).isGreaterThan(400);
        for (JsonNode event : events) {
            AllowedIp source = AllowedIp.of(
                    InetAddress.ofLiteral(Vectors.text(event, "ip")).getAddress(), 32);
            boolean ipv6 = Vectors.text(event, "ip").indexOf(':') >= 0;
            long hi = ipv6
                    ? AllowedIp.of(
                                    InetAddress.ofLiteral(Vectors.text(event, "ip"))
                                            .getAddress(),
                                    64)
                            .hi()
                    : source.hi();
            long timeNs = Vectors.field(event, "time_ns").asLong();
            assertThat(limiter.allow(ipv6, hi, timeNs))
                    .as("%s", event)
                    .isEqualTo(Vectors.field(event, "allow").asInt() == 1);
        }
    }

    @Test
    void theRateLimiterIsBoundedAndForgetsIdleSources() {
        HandshakeRateLimiter limiter = new HandshakeRateLimiter(20, 5, 1000, 99, 0);
        for (int i = 0; i < 1000; i++) {
            assertThat(limiter.allow(false, (long) i << 32, 0)).isTrue();
        }
        assertThat(limiter.allow(false, 5000L << 32, 0)).isFalse();
        assertThat(limiter.allow(false, 5000L << 32, 2_100_000_000L)).isTrue();
        assertThat(limiter.entries()).isEqualTo(1);
    }

    @Test
    void everyDropReasonHasASentenceAndCounts() {
        LaneCounters counters = new LaneCounters();
        Set<String> labels = new HashSet<>();
        for (DropReason reason : DropReason.values()) {
            assertThat(reason.text()).isNotBlank();
            assertThat(labels.add(reason.label())).isTrue();
            counters.dropped(reason);
            assertThat(counters.drops(reason)).isEqualTo(1);
        }
        counters.datagramsSent(1, 7);
        assertThat(counters.value(LaneCounters.Counter.BYTES_SENT)).isEqualTo(7);
    }

    @Test
    void drawsIndicesThatNameTheLaneForAnyNumberOfLanes() {
        ManualClock clock = new ManualClock();
        for (int lanes : new int[] {1, 2, 3, 5}) {
            try (TestDevice device = new TestDevice(1, lanes, clock, 77)) {
                for (Lane lane : device.state.lanes()) {
                    Set<Integer> seen = new HashSet<>();
                    for (int i = 0; i < 500; i++) {
                        int index = lane.freeIndex();
                        assertThat(DeviceState.laneOf(index, lanes)).isEqualTo(lane.number);
                        seen.add(index);
                    }
                    assertThat(seen).hasSizeGreaterThan(495);
                }
            }
        }
    }
}
