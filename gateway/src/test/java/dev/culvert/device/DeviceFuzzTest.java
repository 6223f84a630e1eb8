package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PresharedKey;
import java.util.Arrays;
import java.util.List;

/// Whatever comes from the network, from an authenticated peer or from the TUN: a device with a live session
/// throws nothing, keeps its slots, delivers only what the peer may send, and still works afterwards.
@LaneConfined
final class DeviceFuzzTest {
    private static final int HUB = 1;
    private static final int SPOKE = 2;
    private static final int STEPS_MAX = 40;
    private static final int BYTES_MAX = 300;

    @FuzzTest(maxDuration = "60s")
    void survivesDatagramsAndPackets(FuzzedDataProvider data) {
        ManualClock clock = new ManualClock();
        try (TestDevice hub = new TestDevice(HUB, 2, clock, 1);
                TestDevice spoke = new TestDevice(SPOKE, 1, clock, 2)) {
            TestNetwork network = new TestNetwork(clock, hub, spoke);
            spoke.peer(hub, true, PresharedKey.NONE, InnerPacket.prefix4(0, 24), InnerPacket.prefix6(0, 64));
            hub.peer(spoke, false, PresharedKey.NONE, InnerPacket.prefix4(SPOKE, 32), InnerPacket.prefix6(SPOKE, 128));
            spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, "first"));
            network.settle();
            int[] slots = {hub.lane(0).slots.free(), hub.lane(1).slots.free()};
            for (int step = 0; step < STEPS_MAX && data.remainingBytes() > 0; step++) {
                step(data, clock, hub, spoke);
            }
            requireOnlyOwnSources(hub);
            // A new spoke connects, whatever was done to the old one.
            hub.inboundDepth = 0;
            clock.advance(400_000_000_000L);
            network.settle();
            try (TestDevice other = new TestDevice(3, 1, clock, 3)) {
                TestNetwork second = new TestNetwork(clock, hub, other);
                other.peer(hub, true, PresharedKey.NONE, InnerPacket.prefix4(0, 24));
                hub.peer(other, false, PresharedKey.NONE, InnerPacket.prefix4(3, 32));
                other.host(0, InnerPacket.ipv4(3, HUB, "still here"));
                second.settle();
            }
            assertThat(hub.delivered()).endsWith("still here");
            for (int lane = 0; lane < slots.length; lane++) {
                hub.lane(lane).handOver.close();
                assertThat(hub.lane(lane).slots.free()).isEqualTo(slots[lane]);
            }
        }
    }

    private static void step(FuzzedDataProvider data, ManualClock clock, TestDevice hub, TestDevice spoke) {
        int lane = data.consumeInt(0, 1);
        switch (data.consumeInt(0, 6)) {
            case 0 -> hub.receive(lane, from(data, data.consumeBytes(BYTES_MAX)));
            case 1 -> {
                sealed(spoke, hub, data.consumeBytes(BYTES_MAX));
                spoke.takeSent().forEach(datagram -> hub.receive(lane, datagram));
            }
            case 2 -> {
                spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, "x"));
                spoke.takeSent().forEach(datagram -> hub.receive(lane, datagram.withBytes(edited(data, datagram))));
            }
            case 3 -> hub.host(lane, data.consumeBytes(BYTES_MAX));
            case 4 -> clock.advance(data.consumeLong(0, 200_000_000_000L));
            case 5 -> {
                hub.alarmsDue();
                spoke.alarmsDue();
            }
            default -> {
                hub.inboundDepth = data.consumeBoolean() ? TestDevice.UNDER_LOAD_AT : 0;
                hub.takeSent().forEach(datagram -> spoke.receive(0, datagram.withBytes(edited(data, datagram))));
            }
        }
    }

    private static Datagram from(FuzzedDataProvider data, byte[] bytes) {
        return new Datagram(data.consumeInt(2, 9), data.consumeInt(1, 65_535), HUB, TestDevice.PORT, 3, bytes);
    }

    /// A valid message with some bytes changed, or its end cut off.
    private static byte[] edited(FuzzedDataProvider data, Datagram datagram) {
        byte[] bytes = datagram.bytes().clone();
        for (int edits = data.consumeInt(0, 3); edits > 0; edits--) {
            bytes[data.consumeInt(0, bytes.length - 1)] ^= data.consumeByte();
        }
        return data.consumeInt(0, 9) == 0 ? Arrays.copyOf(bytes, data.consumeInt(0, bytes.length + 40)) : bytes;
    }

    /// Seals any bytes under the spoke's session, as no honest spoke would.
    private static void sealed(TestDevice spoke, TestDevice hub, byte[] inner) {
        Lane lane = spoke.lane(0);
        LanePeer peer = spoke.lanePeer(hub);
        int slot = lane.slots.take();
        long packet = lane.slots.address(slot) + SlotPool.HEADROOM_BYTES;
        Memory.zero(packet, 64); // what is read of a packet that is too short to have a header
        Memory.copyIn(inner, 0, packet, inner.length);
        lane.beginTurn();
        lane.sender.send(peer, packet, inner.length);
        lane.endTurn();
        lane.slots.release(slot);
        spoke.run();
    }

    private static void requireOnlyOwnSources(TestDevice hub) {
        List<byte[]> written =
                hub.tun.stream().flatMap(queue -> queue.written.stream()).toList();
        for (byte[] packet : written) {
            boolean ipv6 = packet[0] >>> 4 == 6;
            boolean ofOurs = packet[ipv6 ? 6 : 9] == (ipv6 ? 58 : 1); // an ICMP error from where the host sent to
            int source = packet[ipv6 ? 23 : 15] & 0xff;
            assertThat(source == SPOKE || ofOurs).as("source %d", source).isTrue();
        }
    }
}
