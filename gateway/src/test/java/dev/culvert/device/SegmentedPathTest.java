package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.noise.Protocol;
import dev.culvert.tun.Errno;
import dev.culvert.tun.TunQueue;
import dev.culvert.wire.FlowPacket;
import dev.culvert.wire.VirtioNetHeader;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Packets that stand for many of a TCP flow, from a host through real lanes to the other host.
@LaneConfined
final class SegmentedPathTest {
    private static final int HUB = 1;
    private static final int SPOKE = 2;
    private static final int SEGMENTS = 45;
    private static final int SEGMENT_BYTES = 1368;
    private static final int HEADERS = 52;

    private final ManualClock clock = new ManualClock();
    private final List<TestDevice> made = new ArrayList<>();

    @BeforeEach
    void oneHeader() {
        assertThat(VirtioNetHeader.BYTES).isEqualTo(TunQueue.HEADER_BYTES);
    }

    @AfterEach
    void closesAll() {
        made.forEach(TestDevice::close);
    }

    private TestNetwork pair(int hubLanes) {
        TestDevice hub = new TestDevice(HUB, hubLanes, clock, 1);
        TestDevice spoke = new TestDevice(SPOKE, 1, clock, 2);
        made.add(hub);
        made.add(spoke);
        TestNetwork network = new TestNetwork(clock, hub, spoke);
        spoke.peer(hub, true, PresharedKey.NONE, InnerPacket.prefix4(0, 24));
        hub.peer(spoke, true, PresharedKey.NONE, InnerPacket.prefix4(SPOKE, 32));
        return network;
    }

    private TestDevice hub() {
        return made.get(0);
    }

    private List<byte[]> atSpoke() {
        return made.get(1).tun.getFirst().written;
    }

    /// What the hub's kernel hands out for `segments` of a flow.
    private void send(int lane, int segments) {
        byte[] packet = FlowPacket.tcp(false, 1000, segments * SEGMENT_BYTES).bytes();
        try (Arena arena = Arena.ofConfined()) {
            long header = arena.allocate(VirtioNetHeader.BYTES).address();
            VirtioNetHeader.write(header, VirtioNetHeader.TCP_IPV4, HEADERS, SEGMENT_BYTES, 20, 16);
            byte[] bytes = new byte[VirtioNetHeader.BYTES];
            Memory.copyOut(header, bytes, 0, bytes.length);
            hub().tun.get(lane).headers.put(packet, bytes);
        }
        hub().host(lane, packet);
    }

    private void arrived(int segments) {
        byte[] whole = FlowPacket.tcp(false, 1000, segments * SEGMENT_BYTES).bytes();
        assertThat(atSpoke()).hasSize(segments);
        for (int i = 0; i < segments; i++) {
            byte[] payload = new byte[SEGMENT_BYTES];
            System.arraycopy(whole, HEADERS + i * SEGMENT_BYTES, payload, 0, SEGMENT_BYTES);
            FlowPacket expected =
                    FlowPacket.tcp(false, 1000 + i * SEGMENT_BYTES, 0).withId(i, FlowPacket.DONT_FRAGMENT);
            assertThat(atSpoke().get(i)).isEqualTo(expected.withPayload(payload).bytes());
        }
    }

    /// As the spoke's kernel does with UDP_GRO.
    private void deliverAsUnit() {
        made.get(1).receiveUnits(0, List.<Datagram[]>of(hub().takeSent().toArray(Datagram[]::new)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void crossesAsOneMessageFromAnyLane(int lanes) {
        TestNetwork network = pair(lanes);
        hub().host(0, InnerPacket.ipv4(HUB, SPOKE, "hello"));
        network.settle();
        for (int lane = 0; lane < lanes; lane++) {
            atSpoke().clear();
            hub().messages.clear();
            send(lane, SEGMENTS);
            assertThat(hub().messages).as("65,507 bytes hold them").containsExactly(SEGMENTS);
            network.settle();
            arrived(SEGMENTS);
        }
    }

    @Test
    void whatIsLongerThanAMessageIsTwo() {
        TestNetwork network = pair(1);
        hub().host(0, InnerPacket.ipv4(HUB, SPOKE, "hello"));
        network.settle();
        atSpoke().clear();
        hub().messages.clear();
        send(0, 47);
        assertThat(hub().messages).containsExactly(SEGMENTS, 2);
        network.settle();
        arrived(47);
    }

    @Test
    void waitsForAKeyAsThePacketsThatItStandsFor() {
        TestNetwork network = pair(1);
        send(0, SEGMENTS);
        assertThat(hub().lanePeer(made.get(1)).staged.size()).isEqualTo(SEGMENTS);
        network.settle();
        arrived(SEGMENTS);
    }

    @Test
    void noMoreWaitThanTheKernelLets() {
        TestNetwork network = pair(1);
        for (int i = 0; i < 3; i++) {
            send(0, 47);
        }
        assertThat(hub().lanePeer(made.get(1)).staged.size()).isEqualTo(Protocol.MAX_STAGED_PACKETS);
        assertThat(hub().drops(DropReason.STAGED_OVERFLOW)).isEqualTo(3 * 47 - Protocol.MAX_STAGED_PACKETS);
        network.settle();
        assertThat(atSpoke()).hasSize(Protocol.MAX_STAGED_PACKETS);
    }

    @Test
    void aRefusedUnitIsWrittenPacketByPacketAndNoneIsMadeAgain() {
        TestNetwork network = pair(1);
        hub().host(0, InnerPacket.ipv4(HUB, SPOKE, "hello"));
        network.settle();
        FakeTunQueue tun = made.get(1).tun.getFirst();
        for (int round = 0; round < 2; round++) {
            atSpoke().clear();
            tun.vectorError = Errno.EINVAL;
            tun.vectorsRefused = 0;
            send(0, SEGMENTS);
            deliverAsUnit();
            arrived(SEGMENTS);
            assertThat(tun.vectorsRefused).isEqualTo(round == 0 ? 1 : 0);
        }
        int free = made.get(1).lane(0).slots.free();
        assertThat(free)
                .as("slots came back")
                .isEqualTo(Lane.TUN_SLOTS - 1 + Lane.RECEIVE_SLOTS - 2 * UdpChannel.SLOTS);
    }

    @Test
    void aDownLinkDropsTheWholeUnitCounted() {
        TestNetwork network = pair(1);
        hub().host(0, InnerPacket.ipv4(HUB, SPOKE, "hello"));
        network.settle();
        FakeTunQueue tun = made.get(1).tun.getFirst();
        tun.vectorError = Errno.EIO;
        send(0, SEGMENTS);
        deliverAsUnit();
        assertThat(made.get(1).drops(DropReason.TUN_DOWN)).isEqualTo(SEGMENTS);
    }
}
