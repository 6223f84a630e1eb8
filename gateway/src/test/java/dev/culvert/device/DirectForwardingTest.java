package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.device.LaneCounters.Counter;
import dev.culvert.tun.LocalRoute;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `forwarding: direct` through real lanes: what goes from spoke to spoke without the hub's host, and what does
/// not.
@LaneConfined
final class DirectForwardingTest {
    private static final int HUB = 1;
    private static final int A = 2;
    private static final int B = 3;
    private static final int C = 4;
    private static final int UNIT = 45;

    private final ManualClock clock = new ManualClock();
    private final List<TestDevice> spokes = new ArrayList<>();
    private TestDevice hub = new TestDevice(HUB, 1, clock, 1, Forwarding.DIRECT);
    private TestNetwork network = new TestNetwork(clock);

    @AfterEach
    void closesAll() {
        hub.close();
        spokes.forEach(TestDevice::close);
    }

    /// A hub with sessions to so many spokes, hosts 2, 3, ….
    private void connect(int lanes, int count) {
        hub.close();
        hub = new TestDevice(HUB, lanes, clock, 1, Forwarding.DIRECT);
        hub.state.localAddresses = LocalAddresses.of(List.of(
                new LocalRoute(false, 0x0a000001L << 32, 0, 32),
                new LocalRoute(false, 0x0a0000ffL << 32, 0, 32),
                new LocalRoute(true, 0xfd00L << 48, HUB, 128)));
        List<TestDevice> all = new ArrayList<>(List.of(hub));
        for (int i = 0; i < count; i++) {
            TestDevice spoke = new TestDevice(A + i, 1, clock, 10 + i);
            spokes.add(spoke);
            all.add(spoke);
        }
        network = new TestNetwork(clock, all.toArray(TestDevice[]::new));
        for (TestDevice spoke : spokes) {
            spoke.peer(hub, true, null, InnerPacket.prefix4(0, 24), InnerPacket.prefix6(0, 64));
            hub.peer(spoke, false, null, InnerPacket.prefix4(spoke.host, 32), InnerPacket.prefix6(spoke.host, 128));
            spoke.host(0, InnerPacket.ipv4(spoke.host, HUB, "hello"));
            network.settle();
            assertThat(hub.delivered()).containsExactly("hello");
            hub.tun.forEach(queue -> queue.written.clear());
        }
        hub.messages.clear();
    }

    private TestDevice spoke(int host) {
        return spokes.get(host - A);
    }

    private long counted(Counter counter) {
        long sum = 0;
        for (Lane lane : hub.state.lanes()) {
            sum += lane.counters.value(counter);
        }
        return sum;
    }

    private static byte[] withTtl(byte[] packet, int ttl) {
        byte[] changed = packet.clone();
        if (packet[0] >>> 4 == 6) {
            changed[7] = (byte) ttl;
        } else {
            changed[8] = (byte) ttl;
            checksum(changed);
        }
        return changed;
    }

    private static void checksum(byte[] packet) {
        packet[10] = 0;
        packet[11] = 0;
        int sum = 0;
        for (int i = 0; i < (packet[0] & 0xf) * 4; i += 2) {
            sum += (packet[i] & 0xff) << 8 | packet[i + 1] & 0xff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        sum = ~((sum & 0xffff) + (sum >>> 16));
        packet[10] = (byte) (sum >>> 8);
        packet[11] = (byte) sum;
    }

    /// The packet reached the hub's host, as it was, and no spoke.
    private void goesToTheHost(TestDevice from, byte[] packet) {
        from.host(0, packet);
        network.settle();
        List<byte[]> written =
                hub.tun.stream().flatMap(queue -> queue.written.stream()).toList();
        assertThat(written).singleElement().isEqualTo(packet);
        assertThat(spokes).allMatch(spoke -> spoke.delivered().isEmpty());
        assertThat(counted(Counter.FORWARDED_DIRECT_PACKETS)).isZero();
        hub.tun.forEach(queue -> queue.written.clear());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aPacketOfEitherVersionGoesToTheOtherSpokeWithOneHopLess(int lanes) {
        connect(lanes, 2);
        long received = hub.lanePeer(spoke(A)).rxBytes();
        long sent = hub.lanePeer(spoke(B)).txBytes();
        for (byte[] packet : List.of(InnerPacket.ipv4(A, B, "over IPv4"), InnerPacket.ipv6(A, B, "over IPv6"))) {
            spoke(A).host(0, packet);
            network.settle();
            assertThat(spoke(B).tun.getFirst().written).singleElement().isEqualTo(withTtl(packet, 63));
            spoke(B).tun.getFirst().written.clear();
        }
        assertThat(hub.delivered()).isEmpty();
        assertThat(counted(Counter.FORWARDED_DIRECT_PACKETS)).isEqualTo(2);
        assertThat(counted(Counter.FORWARDED_DIRECT_BYTES)).isEqualTo(29 + 49);
        long bytes = 32 + 32 + 64 + 32; // each padded to 16, and the message around it
        assertThat(hub.lanePeer(spoke(A)).rxBytes()).isEqualTo(received + bytes);
        assertThat(hub.lanePeer(spoke(B)).txBytes()).isEqualTo(sent + bytes);
    }

    private Datagram[] unitOf(int packets) {
        List<Datagram> unit = new ArrayList<>();
        for (int i = 0; i < packets; i++) {
            spoke(A).host(0, InnerPacket.ipv4(A, B, "%04d".formatted(i) + "x".repeat(1000)));
            unit.addAll(spoke(A).takeSent());
        }
        return unit.toArray(Datagram[]::new);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aUnitLeavesAsOneMessageInOrder(int lanes) {
        connect(lanes, 2);
        hub.receiveUnits(hub.lanePeer(spoke(A)).lane.number, List.<Datagram[]>of(unitOf(UNIT)));
        assertThat(hub.messages).containsExactly(UNIT);
        network.settle();
        assertThat(spoke(B).delivered()).hasSize(UNIT).isSorted();
        assertThat(counted(Counter.HANDED_OVER)).isEqualTo(lanes == 1 ? 0 : UNIT);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void manyUnitsCrossLanesAndEverySlotComesBack(int lanes) {
        connect(lanes, 2);
        int at = hub.lanePeer(spoke(A)).lane.number;
        for (int round = 0; round < 3 * Lane.LENT_SLOTS_MAX; round += 8) {
            Datagram[] packets = unitOf(16);
            List<Datagram[]> units = new ArrayList<>();
            for (int i = 0; i < packets.length; i += 2) {
                units.add(Arrays.copyOfRange(packets, i, i + 2));
            }
            hub.receiveUnits(at, units);
            network.settle();
            assertThat(spoke(B).delivered()).hasSize(16).isSorted();
            spoke(B).tun.getFirst().written.clear();
        }
        assertThat(hub.drops(DropReason.LANE_FULL)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void misdirectedPacketsArriveToo(int lanes) {
        connect(lanes, 2);
        int wrong = (hub.lanePeer(spoke(A)).lane.number + lanes - 1) % lanes;
        int packets = 2 * Lane.LENT_SLOTS_MAX;
        for (int i = 0; i < packets; i++) {
            hub.receiveUnits(wrong, List.<Datagram[]>of(unitOf(1)));
        }
        network.settle();
        assertThat(spoke(B).delivered()).hasSize(packets);
        assertThat(hub.drops(DropReason.LANE_FULL)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void aLaneThatDoesNotKeepUpIsACountedDrop(int lanes) {
        connect(lanes, 2);
        Datagram[] unit = unitOf(UNIT);
        hub.stepwise = true;
        int at = hub.lanePeer(spoke(A)).lane.number;
        for (int i = 0; i < Lane.LENT_SLOTS_MAX; i++) {
            hub.receiveUnits(at, List.<Datagram[]>of(unitOf(1)));
        }
        hub.receiveUnits(at, List.<Datagram[]>of(unit)); // still in the replay window
        assertThat(hub.drops(DropReason.LANE_FULL)).isEqualTo(UNIT);
        assertThat(counted(Counter.FORWARDED_DIRECT_PACKETS)).isEqualTo(Lane.LENT_SLOTS_MAX);
        hub.stepwise = false;
        network.settle();
        assertThat(spoke(B).delivered()).hasSize(Lane.LENT_SLOTS_MAX);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void whatNeedsTheHostGoesToTheHost(int lanes) {
        connect(lanes, 2);
        TestDevice a = spoke(A);
        goesToTheHost(a, InnerPacket.ipv4(A, HUB, "for the hub"));
        goesToTheHost(a, InnerPacket.ipv6(A, HUB, "for the hub"));
        goesToTheHost(a, InnerPacket.ipv4(A, 255, "for all"));
        goesToTheHost(a, InnerPacket.ipv4(A, 99, "for nobody"));
        goesToTheHost(a, InnerPacket.ipv4(A, A, "for itself"));
        for (int ttl : new int[] {0, 1}) {
            goesToTheHost(a, withTtl(InnerPacket.ipv4(A, B, "used up"), ttl));
            goesToTheHost(a, withTtl(InnerPacket.ipv6(A, B, "used up"), ttl));
        }
        byte[] wrong = InnerPacket.ipv4(A, B, "wrong");
        wrong[10] ^= 1;
        goesToTheHost(a, wrong);
        byte[] options = InnerPacket.ipv4(A, B, "\1\1\1\1 four bytes of options");
        options[0] = 0x46;
        checksum(options);
        goesToTheHost(a, options);
        hub.state.mtu = 1000;
        goesToTheHost(a, InnerPacket.ipv4(A, B, "x".repeat(981)));
        a.host(0, InnerPacket.ipv4(A, B, "x".repeat(980)));
        network.settle();
        assertThat(spoke(B).delivered()).singleElement().isEqualTo("x".repeat(980));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void theHostsOwnAddressesStayItsOwnInsideAPeersPrefix(int lanes) {
        connect(lanes, 2);
        hub.peer(spoke(B), false, null, InnerPacket.prefix4(0, 24));
        hub.peer(spoke(A), false, null, InnerPacket.prefix4(A, 32));
        goesToTheHost(spoke(A), InnerPacket.ipv4(A, HUB, "for the hub"));
        goesToTheHost(spoke(B), InnerPacket.ipv4(HUB, A, "from the hub's address"));
        hub.state.localAddresses = null;
        goesToTheHost(spoke(A), InnerPacket.ipv4(A, B, "while nobody knows them"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aStolenSourceIsDropped(int lanes) {
        connect(lanes, 3);
        spoke(A).host(0, InnerPacket.ipv4(C, B, "as C"), InnerPacket.ipv6(C, B, "as C"));
        network.settle();
        assertThat(spoke(B).delivered()).isEmpty();
        assertThat(hub.delivered()).isEmpty();
        assertThat(hub.drops(DropReason.SPOOFED_SOURCE)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void withoutAnEndpointTheHostIsAsked(int lanes) {
        connect(lanes, 1);
        hub.peer(PrivateKey.generate(new Random(7)::nextBytes).publicKey(), 0, null, null, InnerPacket.prefix4(9, 32));
        goesToTheHost(spoke(A), InnerPacket.ipv4(A, 9, "to one never seen"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void withoutAKeyPacketsWaitForTheHandshakeInOrder(int lanes) {
        connect(lanes, 2);
        hub.peer(spoke(B), true, null, InnerPacket.prefix4(B, 32));
        LanePeer to = hub.lanePeer(spoke(B));
        to.lane.command(() -> to.lane.forgetSession(to));
        hub.run();
        clock.advance(6 * HubAndSpoke.S);
        hub.receiveUnits(hub.lanePeer(spoke(A)).lane.number, List.<Datagram[]>of(unitOf(UNIT)));
        assertThat(hub.messages).as("the initiation alone").containsExactly(1);
        network.settle();
        assertThat(spoke(B).delivered()).hasSize(UNIT).isSorted();
        assertThat(spoke(B).tun.getFirst().written).allMatch(packet -> packet[8] == 63);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void congestionIsToldAsThroughTheHost(int lanes) {
        connect(lanes, 2);
        byte[] capable = InnerPacket.ipv4(A, B, "ECT(0)");
        capable[1] = 2;
        checksum(capable);
        spoke(A).host(0, capable);
        Datagram datagram = spoke(A).takeSent().getFirst();
        hub.receive(
                hub.lanePeer(spoke(A)).lane.number,
                new Datagram(A, TestDevice.PORT, HUB, TestDevice.PORT, 3, datagram.bytes()));
        List<Datagram> sent = hub.takeSent();
        assertThat(sent)
                .singleElement()
                .satisfies(d -> assertThat(d.tos())
                        .as("congestion before the tunnel stays inside")
                        .isEqualTo(2));
        spoke(B).receive(0, sent.getFirst());
        byte[] arrived = spoke(B).tun.getFirst().written.getFirst();
        assertThat(arrived[1]).isEqualTo((byte) 3);
        byte[] expected = capable.clone();
        expected[1] = 3;
        assertThat(arrived).isEqualTo(withTtl(expected, 63));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void whatArrivesIsWhatWasSentButForTheTimeToLive(int lanes) {
        long seed = 20_261_124L + lanes;
        Random random = new Random(seed);
        connect(lanes, 5);
        Map<String, List<byte[]>> expected = new HashMap<>();
        for (int round = 0; round < 60; round++) {
            List<Datagram> underWay = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                int from = A + random.nextInt(5);
                int to = A + (from - A + 1 + random.nextInt(4)) % 5;
                byte[] packet = random.nextBoolean()
                        ? InnerPacket.ipv4(from, to, text(random))
                        : InnerPacket.ipv6(from, to, text(random));
                packet = withTtl(packet, 2 + random.nextInt(254));
                spoke(from).host(0, packet);
                underWay.addAll(spoke(from).takeSent());
                int ttl = (packet[0] >>> 4 == 6 ? packet[7] : packet[8]) & 0xff;
                expected.computeIfAbsent(flow(packet), _ -> new ArrayList<>()).add(withTtl(packet, ttl - 1));
            }
            deliver(underWay, random);
        }
        Map<String, List<byte[]>> arrived = new HashMap<>();
        for (TestDevice spoke : spokes) {
            for (byte[] packet : spoke.tun.getFirst().written) {
                assertThat(packet[packet[0] >>> 4 == 6 ? 39 : 19]).isEqualTo((byte) spoke.host);
                arrived.computeIfAbsent(flow(packet), _ -> new ArrayList<>()).add(packet);
            }
        }
        assertThat(arrived).as("seed %d", seed).containsOnlyKeys(expected.keySet());
        expected.forEach((flow, packets) ->
                assertThat(arrived.get(flow)).as("seed %d, %s", seed, flow).containsExactlyElementsOf(packets));
        assertThat(hub.delivered()).isEmpty();
    }

    /// What follows one another from one spoke as a unit, as UDP_GRO does it.
    private void deliver(List<Datagram> datagrams, Random random) {
        int from = 0;
        while (from < datagrams.size()) {
            Datagram first = datagrams.get(from);
            int end = from + 1;
            while (end < datagrams.size()
                    && datagrams.get(end).from() == first.from()
                    && datagrams.get(end).bytes().length == first.bytes().length) {
                end++;
            }
            hub.receiveUnits(
                    random.nextInt(8) == 0
                            ? random.nextInt(hub.state.lanes().length)
                            : hub.lanePeer(spoke(first.from())).lane.number,
                    List.<Datagram[]>of(datagrams.subList(from, end).toArray(Datagram[]::new)));
            from = end;
        }
        network.settle();
    }

    private static String text(Random random) {
        return "payload ".repeat(random.nextInt(20)) + random.nextInt();
    }

    private static String flow(byte[] packet) {
        return packet[0] >>> 4 == 6
                ? "6: " + packet[23] + " to " + packet[39]
                : "4: " + packet[15] + " to " + packet[19];
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void forwardingAllocatesNothing(int lanes) {
        connect(lanes, 2);
        LanePeer from = hub.lanePeer(spoke(A));
        DirectForwarding direct = new DirectForwarding(from.lane);
        PacketBatch batch = new PacketBatch();
        int slot = from.lane.slots.take();
        long address = from.lane.slots.address(slot) + SlotPool.HEADROOM_BYTES;
        byte[] packet = withTtl(InnerPacket.ipv4(A, B, "again and again"), 255);
        batch.addSegments(batch.addUnit(slot, 0), address, packet.length, 0);
        from.lane.beginTurn();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int run = 0; run < 20 && least != 0; run++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 2000; i++) {
                Memory.copyIn(packet, 0, address, packet.length);
                direct.begin();
                boolean taken = direct.forwards(batch, 0, from, address, packet.length);
                assert taken;
                direct.flush(); // the ring is full before long
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).as("bytes allocated by the best of the runs").isZero();
        assertThat(hub.drops(DropReason.LANE_FULL)).isPositive();
        from.lane.slots.release(slot);
    }
}
