package dev.culvert.bench.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PingRunTest {
    private static final String OUTPUT = """
        PING 10.77.0.1 (10.77.0.1) 56(84) bytes of data.
        [1764000000.000100] 64 bytes from 10.77.0.1: icmp_seq=1 ttl=64 time=0.100 ms
        [1764000000.002100] 64 bytes from 10.77.0.1: icmp_seq=2 ttl=64 time=0.300 ms
        [1764000000.004100] 64 bytes from 10.77.0.1: icmp_seq=4 ttl=64 time=2.50 ms

        --- 10.77.0.1 ping statistics ---
        4 packets transmitted, 3 received, 25% packet loss, time 6ms
        """;

    @Test
    void findsAnswersAndSummary() {
        PingRun.Outcome outcome = PingRun.parse(OUTPUT);
        assertThat(outcome.answers()).hasSize(3);
        assertThat(outcome.lost()).isEqualTo(1);
        assertThat(outcome.percentileMs(0.5)).isEqualTo(0.3);
        assertThat(outcome.percentileMs(0.99)).isEqualTo(2.5);
    }

    /// Of an output that is still being written, whole lines count.
    @Test
    void takesNothingFromAHalfLine() {
        for (int length = 0; length < OUTPUT.length(); length++) {
            String cut = OUTPUT.substring(0, length);
            long whole = cut.lines().filter(line -> line.endsWith(" ms")).count();
            assertThat(PingRun.parse(cut).answers()).hasSize((int) whole);
        }
    }
}
