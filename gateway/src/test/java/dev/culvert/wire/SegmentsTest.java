package dev.culvert.wire;

import static dev.culvert.wire.FlowPacket.ACK;
import static dev.culvert.wire.FlowPacket.DONT_FRAGMENT;
import static dev.culvert.wire.FlowPacket.PSH;
import static dev.culvert.wire.FlowPacket.tcp;
import static dev.culvert.wire.FlowPacket.udp;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Packets of a flow that are joined, and cut again: what comes out is what went in, in its order.
final class SegmentsTest {
    private static final int HEADROOM = 64;

    private final Arena arena = Arena.ofShared();
    private final SegmentCoalescer coalescer = new SegmentCoalescer(true, true);
    private final SegmentSplitter splitter = new SegmentSplitter();

    @AfterEach
    @AfterProperty
    void closes() {
        coalescer.close();
        arena.close();
    }

    /// Joins, and cuts what was joined again: a list a unit.
    private List<List<byte[]>> throughTheTun(List<byte[]> packets) {
        try (Arena own = Arena.ofConfined()) {
            for (byte[] packet : packets) {
                long address = own.allocate(HEADROOM + packet.length).address() + HEADROOM;
                Memory.copyIn(packet, 0, address, packet.length);
                coalescer.add(address, packet.length);
            }
            List<List<byte[]>> units = new ArrayList<>();
            int count = coalescer.finish();
            for (int unit = 0; unit < count; unit++) {
                units.add(cut(own, unit));
            }
            coalescer.clear();
            return units;
        }
    }

    private List<byte[]> cut(Arena own, int unit) {
        int whole = coalescer.lengthBytes(unit);
        long header = own.allocate(VirtioNetHeader.BYTES + whole).address();
        long iovecs = coalescer.iovecs(unit);
        long end = header;
        for (int i = 0; i < coalescer.packets(unit); i++) {
            long bytes = SegmentCoalescer.iovecBytes(iovecs, i);
            Memory.copy(SegmentCoalescer.iovecAddress(iovecs, i), end, bytes);
            end += bytes;
        }
        long packet = header + VirtioNetHeader.BYTES;
        assertThat(end - packet).isEqualTo(whole);
        assertThat(IpPacket.totalLength(packet, whole)).isEqualTo(whole);
        assertThat(splitter.open(packet, whole)).isEqualTo(coalescer.packets(unit));
        List<byte[]> parts = new ArrayList<>();
        for (int i = 0; i < coalescer.packets(unit); i++) {
            byte[] part = new byte[splitter.lengthBytes(i)];
            long to = own.allocate(part.length).address();
            splitter.write(i, to);
            Memory.copyOut(to, part, 0, part.length);
            parts.add(part);
        }
        return parts;
    }

    private List<Integer> unitsOf(FlowPacket... packets) {
        List<byte[]> bytes = new ArrayList<>();
        for (FlowPacket packet : packets) {
            bytes.add(packet.bytes());
        }
        List<List<byte[]>> units = throughTheTun(bytes);
        assertThat(comparable(units.stream().flatMap(List::stream).toList()))
                .containsExactlyInAnyOrderElementsOf(comparable(bytes));
        return units.stream().map(List::size).toList();
    }

    private static List<List<Byte>> comparable(List<byte[]> packets) {
        List<List<Byte>> all = new ArrayList<>();
        for (byte[] packet : packets) {
            List<Byte> one = new ArrayList<>();
            for (byte b : FlowPacket.comparable(packet)) {
                one.add(b);
            }
            all.add(one);
        }
        return all;
    }

    @ParameterizedTest
    @CsvSource({"false, 45", "true, 45", "false, 47", "true, 2"})
    void aRunOfATcpFlowIsOneUnit(boolean ipv6, int count) {
        FlowPacket[] run = new FlowPacket[count];
        for (int i = 0; i < count; i++) {
            run[i] = tcp(ipv6, i * 1368, 1368);
        }
        assertThat(unitsOf(run)).containsExactly(count);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRunOfAUdpFlowIsOneUnitWithAShortEnd(boolean ipv6) {
        assertThat(unitsOf(udp(ipv6, 0, 200), udp(ipv6, 1, 200), udp(ipv6, 2, 10), udp(ipv6, 3, 200)))
                .containsExactly(3, 1);
    }

    @Test
    void aUnitHasAtMost64PacketsAnd65535Bytes() {
        FlowPacket[] small = new FlowPacket[130];
        FlowPacket[] large = new FlowPacket[100];
        for (int i = 0; i < small.length; i++) {
            small[i] = tcp(false, i * 10, 10);
        }
        for (int i = 0; i < large.length; i++) {
            large[i] = tcp(true, i * 1368, 1368);
        }
        assertThat(unitsOf(small)).containsExactly(64, 64, 2);
        assertThat(unitsOf(large)).containsExactly(47, 47, 6);
    }

    @Test
    void flowsThatTakeTurnsAreAUnitEach() {
        assertThat(unitsOf(
                        tcp(false, 0, 100),
                        tcp(false, 0, 100).withPort(2),
                        udp(false, 0, 50),
                        tcp(false, 100, 100),
                        tcp(false, 100, 100).withPort(2),
                        udp(false, 1, 50)))
                .containsExactly(2, 2, 2);
    }

    @Test
    void pushEndsAUnitAndStaysOnItsLastPacket() {
        assertThat(unitsOf(tcp(false, 0, 9), tcp(false, 9, 9).withFlags(ACK | PSH), tcp(false, 18, 9)))
                .containsExactly(2, 1);
    }

    @Test
    void isNotJoined() {
        FlowPacket first = tcp(false, 0, 100);
        FlowPacket second = tcp(false, 100, 100);
        for (FlowPacket other : List.of(
                tcp(false, 101, 100),
                tcp(false, 0, 100),
                tcp(false, 100, 101),
                tcp(false, 100, 0),
                tcp(true, 100, 100),
                second.withPort(2),
                second.withService(1),
                second.withHops(63),
                second.withOptions((byte) 1, (byte) 1, (byte) 1, (byte) 1),
                second.withOptions(new byte[] {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
                second.withAcknowledgement(8),
                second.withWindow(501),
                second.withFlags(ACK | 1),
                second.withFlags(ACK | 2),
                second.withFlags(ACK | 4),
                second.withFlags(ACK | 0x20),
                second.withFlags(ACK | 0x40),
                second.withFlags(ACK | 0x80),
                second.withFlags(0),
                second.withId(1, 0),
                second.withId(0, DONT_FRAGMENT | 1),
                second.withId(0, 0x2000),
                second.withWrongChecksum())) {
            assertThat(unitsOf(first, other)).as("%s", other).containsExactly(1, 1);
        }
        assertThat(unitsOf(first.withWrongChecksum(), second)).containsExactly(1, 1);
        assertThat(unitsOf(first, second)).containsExactly(2);
        assertThat(unitsOf(first.withId(7, 0), second.withId(8, 0))).containsExactly(2);
        assertThat(unitsOf(first.withId(7, 0), second.withId(7, 0))).containsExactly(1, 1);
    }

    @Test
    void aUdpDatagramWithoutChecksumStaysAlone() {
        byte[] second = udp(false, 1, 10).bytes();
        second[26] = 0;
        second[27] = 0;
        assertThat(throughTheTun(List.of(udp(false, 0, 10).bytes(), second))).hasSize(2);
    }

    @Test
    void aWrongIpv4HeaderChecksumIsNotMadeRight() {
        byte[] second = tcp(false, 10, 10).bytes();
        second[10]++;
        List<List<byte[]>> units = throughTheTun(List.of(tcp(false, 0, 10).bytes(), second));
        assertThat(units).hasSize(2);
        assertThat(units.get(1).getFirst()).isEqualTo(second);
    }

    @Test
    void switchedOffKindsStayAlone() {
        try (SegmentCoalescer none = new SegmentCoalescer(false, false)) {
            long a = arena.allocate(HEADROOM + 200).address() + HEADROOM;
            long b = arena.allocate(HEADROOM + 200).address() + HEADROOM;
            byte[] first = tcp(false, 0, 10).bytes();
            byte[] second = tcp(false, 10, 10).bytes();
            Memory.copyIn(first, 0, a, first.length);
            Memory.copyIn(second, 0, b, second.length);
            none.add(a, first.length);
            none.add(b, second.length);
            assertThat(none.finish()).isEqualTo(2);
        }
    }

    @Test
    void completesTheChecksumOfAPacketThatIsItsOwn() {
        for (FlowPacket flow : List.of(tcp(false, 5, 99), tcp(true, 5, 100), udp(false, 5, 1), udp(true, 5, 2))) {
            byte[] right = flow.bytes();
            int ip = flow.ipv6() ? 40 : 20;
            long packet = arena.allocate(HEADROOM + right.length).address() + HEADROOM;
            Memory.copyIn(right, 0, packet, right.length);
            int offset = Transport.checksumOffset(flow.tcp());
            long pseudo = Transport.pseudoHeaderSum(packet, flow.ipv6(), flow.tcp(), right.length - ip);
            Memory.putShortBe(packet + ip + offset, InternetChecksum.fold(pseudo));
            VirtioNetHeader.write(packet - VirtioNetHeader.BYTES, VirtioNetHeader.NONE, 0, 0, ip, offset);
            assertThat(splitter.open(packet, right.length)).isEqualTo(1);
            byte[] completed = new byte[right.length];
            splitter.write(0, packet + 0L); // where it lies already
            Memory.copyOut(packet, completed, 0, right.length);
            assertThat(completed).isEqualTo(right);
        }
    }

    @Test
    void refusesWhatDoesNotFitItsHeader() {
        byte[] bytes = tcp(false, 0, 100).bytes();
        long packet = arena.allocate(HEADROOM + bytes.length).address() + HEADROOM;
        long header = packet - VirtioNetHeader.BYTES;
        Memory.copyIn(bytes, 0, packet, bytes.length);
        int[][] wrong = {
            // type, segment bytes, start, offset
            {VirtioNetHeader.TCP_IPV6, 10, 20, 16},
            {VirtioNetHeader.TCP_IPV4, 0, 20, 16},
            {VirtioNetHeader.TCP_IPV4, 10, 24, 16},
            {VirtioNetHeader.TCP_IPV4, 10, 65_535, 16},
            {VirtioNetHeader.UDP_SEGMENTS, 10, 0, 6},
            {VirtioNetHeader.NONE, 0, 151, 0},
            {VirtioNetHeader.NONE, 0, 20, 65_535},
        };
        for (int[] one : wrong) {
            VirtioNetHeader.write(header, one[0], 0, one[1], one[2], one[3]);
            assertThat(splitter.open(packet, bytes.length))
                    .as("%s", (Object) one)
                    .isEqualTo(SegmentSplitter.MALFORMED);
        }
        Memory.putByte(packet, 0x42); // a header of 8 bytes
        VirtioNetHeader.write(header, VirtioNetHeader.UDP_SEGMENTS, 0, 10, 8, 6);
        assertThat(splitter.open(packet, bytes.length)).isEqualTo(SegmentSplitter.MALFORMED);
        Memory.putByte(packet, 0x45);
        for (int dataOffset : new int[] {0, 4, 15}) {
            Memory.putByte(packet + 32, dataOffset << 4);
            VirtioNetHeader.write(header, VirtioNetHeader.TCP_IPV4, 0, 10, 20, 16);
            int short_ = dataOffset == 15 ? 75 : bytes.length;
            assertThat(splitter.open(packet, short_)).isEqualTo(SegmentSplitter.MALFORMED);
        }
    }

    /// Flows whose packets mostly continue each other, in any mixture.
    @Property(tries = 3000)
    void whatIsCutIsWhatWasJoinedInItsOrder(@ForAll long seed) {
        Random random = new Random(seed);
        int flows = 1 + random.nextInt(4);
        int[] sequence = new int[flows];
        int[] size = new int[flows];
        for (int flow = 0; flow < flows; flow++) {
            sequence[flow] = random.nextInt();
            size[flow] = new int[] {1, 2, 33, 500, 1368}[random.nextInt(5)];
        }
        List<byte[]> packets = new ArrayList<>();
        int count = 1 + random.nextInt(100);
        for (int i = 0; i < count; i++) {
            int flow = random.nextInt(flows);
            int payload = random.nextInt(8) == 0 ? 1 + random.nextInt(size[flow]) : size[flow];
            FlowPacket packet = flow % 2 == 0
                    ? tcp(flow >= 2, sequence[flow], payload)
                    : udp(flow >= 2, sequence[flow], payload).withId(i, DONT_FRAGMENT);
            sequence[flow] += payload;
            packets.add(disturbed(packet.withPort(flow), random).bytes());
        }
        Map<String, List<byte[]>> before = byFlow(packets);
        Map<String, List<byte[]>> after =
                byFlow(throughTheTun(packets).stream().flatMap(List::stream).toList());
        assertThat(after.keySet()).isEqualTo(before.keySet());
        before.forEach((flow, sent) -> assertThat(comparable(after.getOrDefault(flow, List.of())))
                .as("order and bytes of flow %s", flow)
                .isEqualTo(comparable(sent)));
    }

    private static FlowPacket disturbed(FlowPacket packet, Random random) {
        return switch (random.nextInt(40)) {
            case 0 -> packet.withFlags(ACK | PSH);
            case 1 -> packet.withFlags(ACK | 1 << random.nextInt(8));
            case 2 -> packet.withService(random.nextInt(4));
            case 3 -> packet.withHops(63);
            case 4 -> packet.tcp() ? packet.withOptions(FlowPacket.filled(4 * random.nextInt(11), 3)) : packet;
            case 5 -> packet.withAcknowledgement(random.nextInt(3));
            case 6 -> packet.withWindow(random.nextInt(3));
            case 7 -> packet.withWrongChecksum();
            case 8 -> packet.withId(random.nextInt(0x10000), 0);
            case 9 -> packet.withId(random.nextInt(9), 0x2000);
            default -> packet;
        };
    }

    private static Map<String, List<byte[]>> byFlow(List<byte[]> packets) {
        Map<String, List<byte[]>> flows = new HashMap<>();
        for (byte[] packet : packets) {
            flows.computeIfAbsent(FlowPacket.flow(packet), key -> new ArrayList<>())
                    .add(packet);
        }
        return flows;
    }
}
