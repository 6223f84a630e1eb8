package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.tun.Errno;
import dev.culvert.tun.QueueSteering;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What the kernel is told of prefixes and lanes, as peers come into use and their prefixes change.
@LaneConfined
final class LaneSteeringTest {
    private static final int HUB = 1;
    private static final int SPOKE = 2;
    private static final int OTHER = 3;
    private static final AllowedIp IPV4 = InnerPacket.prefix4(SPOKE, 32);
    private static final AllowedIp IPV6 = InnerPacket.prefix6(SPOKE, 128);

    private final ManualClock clock = new ManualClock();
    private final TestDevice hub = new TestDevice(HUB, 3, clock, 41);
    private final TestDevice spoke = new TestDevice(SPOKE, 1, clock, 42);
    private final TestDevice other = new TestDevice(OTHER, 1, clock, 43);
    private final TestNetwork network = new TestNetwork(clock, hub, spoke, other);
    private final Kernel kernel = new Kernel();

    LaneSteeringTest() {
        hub.state.steering.begin(kernel);
    }

    /// Prefixes to queues; calls are counted.
    @AnyThread
    private static final class Kernel implements QueueSteering {
        private final Map<AllowedIp, Integer> entries = new HashMap<>();
        private int calls;
        private int refusal;

        @Override
        public int put(boolean ipv6, long hi, long lo, int prefixLength, int queue) {
            calls++;
            if (refusal == 0) {
                entries.put(new AllowedIp(ipv6, hi, lo, prefixLength), queue);
            }
            return refusal;
        }

        @Override
        public int remove(boolean ipv6, long hi, long lo, int prefixLength) {
            calls++;
            return entries.remove(new AllowedIp(ipv6, hi, lo, prefixLength)) == null ? -Errno.ENOENT : 0;
        }
    }

    @AfterEach
    void closes() {
        hub.close();
        spoke.close();
        other.close();
    }

    private void use(TestDevice peer) {
        hub.host(0, InnerPacket.ipv4(HUB, peer == spoke ? SPOKE : OTHER, "hello"));
        network.settle();
        hub.state.steering.updateHomed();
    }

    private int laneOf(TestDevice peer) {
        return hub.lanePeer(peer).lane.number;
    }

    @Test
    void anIdlePeerHasNoEntryAndOneInUseHasItsLanes() {
        hub.peer(spoke, true, null, IPV4, IPV6);
        hub.peer(other, true, null, InnerPacket.prefix4(OTHER, 32));
        assertThat(kernel.calls).isZero();
        use(spoke);
        use(other);
        assertThat(laneOf(other)).isNotEqualTo(laneOf(spoke));
        assertThat(kernel.entries)
                .containsOnly(
                        Map.entry(IPV4, laneOf(spoke)),
                        Map.entry(IPV6, laneOf(spoke)),
                        Map.entry(InnerPacket.prefix4(OTHER, 32), laneOf(other)));
    }

    @Test
    void aPeerThatComesInByItsOwnHandshakeIsSteeredToo() {
        hub.peer(spoke, false, null, IPV4);
        spoke.peer(hub, true, null, InnerPacket.prefix4(HUB, 32));
        spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, "hello"));
        network.settle();
        hub.state.steering.updateHomed();
        assertThat(kernel.entries).containsOnly(Map.entry(IPV4, laneOf(spoke)));
    }

    @Test
    void prefixesThatChangeAreFollowed() {
        hub.peer(spoke, true, null, IPV4);
        use(spoke);
        hub.peer(spoke, true, null, IPV4, IPV6);
        assertThat(kernel.entries).containsKeys(IPV4, IPV6);
        int before = kernel.calls;
        hub.peer(spoke, true, null, IPV4, IPV6);
        assertThat(kernel.calls).as("nothing changed").isEqualTo(before);
        hub.peer(spoke, true, null, IPV6);
        assertThat(kernel.entries).containsOnlyKeys(IPV6);
        hub.removePeer(spoke.publicKey());
        assertThat(kernel.entries).isEmpty();
    }

    @Test
    void aPrefixThatMovesIsItsNewOwners() {
        hub.peer(spoke, true, null, IPV4, IPV6);
        hub.peer(other, true, null, InnerPacket.prefix4(OTHER, 32));
        use(spoke);
        use(other);
        hub.peer(other, true, null, InnerPacket.prefix4(OTHER, 32), IPV4);
        assertThat(kernel.entries).containsEntry(IPV4, laneOf(other)).containsEntry(IPV6, laneOf(spoke));
        TestDevice idle = new TestDevice(4, 1, clock, 44);
        hub.peer(idle, false, null, IPV6);
        assertThat(kernel.entries).as("its new owner has no lane yet").doesNotContainKey(IPV6);
        idle.close();
    }

    @Test
    void aPeerThatWentBeforeTheKernelWasToldLeavesNothing() {
        hub.peer(spoke, true, null, IPV4);
        hub.host(0, InnerPacket.ipv4(HUB, SPOKE, "hello"));
        hub.removePeer(spoke.publicKey());
        hub.state.steering.updateHomed();
        assertThat(kernel.entries).isEmpty();
    }

    @Test
    void goesOnWithoutWhatTheKernelRefuses() {
        kernel.refusal = -Errno.ENOSPC;
        hub.peer(spoke, true, null, IPV4);
        spoke.peer(hub, true, null, InnerPacket.prefix4(HUB, 32));
        use(spoke);
        assertThat(kernel.entries).isEmpty();
        assertThat(spoke.delivered()).hasSize(1);
        hub.state.steering.close();
        int before = kernel.calls;
        hub.peer(spoke, true, null, IPV4, IPV6);
        assertThat(kernel.calls).as("closed").isEqualTo(before);
    }
}
