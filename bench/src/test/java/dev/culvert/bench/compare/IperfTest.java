package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.bench.lab.TrialFailure;
import org.junit.jupiter.api.Test;

/// Shortened output of iperf3 3.12.
final class IperfTest {
    private static final String TCP = """
        {"start": {"version": "iperf 3.12"}, "intervals": [], "end": {
          "sum_sent": {"seconds": 4.0, "bytes": 100, "bits_per_second": 9.0e9, "retransmits": 3},
          "sum_received": {"seconds": 4.01, "bytes": 90, "bits_per_second": 4.5e9}}}
        """;
    private static final String UDP = """
        {"start": {}, "end": {
          "sum": {"seconds": 2.0, "bytes": 8000000, "bits_per_second": 3.2e7, "packets": 40000, "lost_packets": 100},
          "sum_received": {"seconds": 2.0, "bits_per_second": 1}}}
        """;

    @Test
    void ofTcpItIsWhatTheReceiverCounted() {
        Iperf result = Iperf.parse(TCP);
        assertThat(result.gbit()).isEqualTo(4.5);
        assertThat(result.seconds()).isEqualTo(4.01);
    }

    @Test
    void ofUdpLostPacketsDoNotCount() {
        Iperf result = Iperf.parse("warning: something on standard error\n" + UDP);
        assertThat(result.packets()).isEqualTo(39_900);
        assertThat(result.lost()).isEqualTo(100);
        assertThat(result.seconds()).isEqualTo(2);
    }

    @Test
    void itsErrorIsTold() {
        assertThatThrownBy(() -> Iperf.parse("{\"start\": {}, \"error\": \"unable to connect to server\"}"))
                .isInstanceOf(TrialFailure.class)
                .hasMessageContaining("unable to connect to server");
    }

    @Test
    void everyCutOffResultIsRefused() {
        String whole = TCP.strip();
        for (int length = 0; length < whole.length(); length++) {
            String cut = whole.substring(0, length);
            assertThatThrownBy(() -> Iperf.parse(cut)).isInstanceOf(TrialFailure.class);
        }
    }
}
