package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the path benchmarks measure is what they say.
@LaneConfined
final class PathDeviceTest {
    private static final int PACKETS = 64;

    @ParameterizedTest
    @ValueSource(ints = {1, 32})
    void everyPacketOfARoundComesOutAtTheOtherEnd(int segmentsPerUnit) {
        try (PathDevice hub = new PathDevice(1);
                PathDevice spoke = new PathDevice(2)) {
            PathDevice.connect(spoke, hub);
            spoke.tunGives(hub, 1420, 0);
            for (int round = 1; round <= 3; round++) {
                spoke.keepSent();
                spoke.tunGives(PACKETS);
                spoke.lane.ingress.readable();
                hub.load(spoke, segmentsPerUnit);
                hub.fire();

                assertThat(hub.written()).isEqualTo(1 + (long) round * PACKETS);
            }
            for (DropReason reason : DropReason.values()) {
                assertThat(hub.lane.counters.drops(reason)).as("%s", reason).isZero();
                assertThat(spoke.lane.counters.drops(reason)).as("%s", reason).isZero();
            }
        }
    }
}
