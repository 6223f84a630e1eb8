package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How long a spoke with one packet to send needs to connect through a network that loses datagrams
/// (conformance 5.3, R8). One try succeeds with probability (1-p)², tries are 5 s and a jitter apart.
@LaneConfined
final class ConnectTimeTest {
    private static final long S = 1_000_000_000L;
    private static final int TRIALS = 2000;

    /// A hundredth of the trials may take longer; what chance adds to that at this number of trials (three
    /// standard deviations) is let pass, so that the bound does not depend on a lucky seed.
    private static final int SLOW_MAX = (int) (TRIALS * 0.01 + 3 * Math.sqrt(TRIALS * 0.01));

    @ParameterizedTest(name = "{0} % lost: 99 of 100 within {1} ms")
    @CsvSource({"5, 5500", "20, 22000"})
    void ninetyNineOfHundredConnectInTime(int lossPercent, long withinMs) {
        Random weather = new Random(lossPercent);
        int slow = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            if (connectNs(lossPercent, weather, trial) > withinMs * 1_000_000L) {
                slow++;
            }
        }
        assertThat(slow).isLessThanOrEqualTo(SLOW_MAX);
    }

    private static long connectNs(int lossPercent, Random weather, int trial) {
        ManualClock clock = new ManualClock();
        try (TestDevice hub = new TestDevice(1, 1, clock, 2L * trial);
                TestDevice spoke = new TestDevice(2, 1, clock, 2L * trial + 1)) {
            TestNetwork network = new TestNetwork(clock, hub, spoke);
            network.lost = datagram -> weather.nextInt(100) < lossPercent;
            hub.peer(spoke, false, PresharedKey.NONE, InnerPacket.prefix4(2, 32));
            spoke.peer(hub, true, PresharedKey.NONE, InnerPacket.prefix4(0, 24));
            long start = clock.bootNs();
            spoke.host(0, InnerPacket.ipv4(2, 1, "x"));
            network.settle();
            LanePeer peer = spoke.lanePeer(hub);
            while (peer.lastHandshakeWallNs == 0) {
                assertThat(clock.bootNs() - start)
                        .as("twenty initiations were lost")
                        .isLessThan(107 * S);
                network.pass(S / 10);
            }
            return clock.bootNs() - start;
        }
    }
}
