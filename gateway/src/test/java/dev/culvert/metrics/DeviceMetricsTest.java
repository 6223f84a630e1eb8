package dev.culvert.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.device.CountersForTests;
import dev.culvert.device.DeviceVitals;
import dev.culvert.device.DropReason;
import dev.culvert.device.LaneCounters;
import dev.culvert.device.Offloads;
import io.micrometer.core.instrument.Clock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a scrape of Prometheus reads.
final class DeviceMetricsTest {
    private final LaneCounters first = CountersForTests.with(DropReason.FORGED, 2, 100);
    private final LaneCounters second = CountersForTests.with(DropReason.FORGED, 3, 11);
    private final DeviceVitals vitals = new DeviceVitals(
            true,
            false,
            7,
            true,
            4096,
            List.of(5, 6),
            List.of(0L, Thread.currentThread().threadId()));

    private String scrape() {
        PrometheusRegistry prometheus = new PrometheusRegistry();
        prometheus.register(new DeviceHistograms("wg0", List.of(first, second)));
        PrometheusMeterRegistry registry =
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, prometheus, Clock.SYSTEM);
        List<LaneCounters> lanes = List.of(first, second);
        new DeviceMetrics("wg0", lanes, lanes, () -> vitals, new Offloads(true, false, true, false), "jdk")
                .bindTo(registry);
        String text = registry.scrape();
        registry.close();
        return text;
    }

    @Test
    void sumsDropsAndTellsLanesApart() {
        String scrape = scrape();
        assertThat(scrape)
                .contains("culvert_drops_total{device=\"wg0\",reason=\"forged\"} 5.0")
                .contains("culvert_udp_bytes_total{device=\"wg0\",direction=\"sent\",lane=\"0\"} 100.0")
                .contains("culvert_udp_bytes_total{device=\"wg0\",direction=\"sent\",lane=\"1\"} 11.0")
                .contains("culvert_udp_packets_total{device=\"wg0\",direction=\"sent\",lane=\"0\"} 1.0");
        for (DropReason reason : DropReason.values()) {
            assertThat(scrape).contains("reason=\"" + reason.label() + "\"");
        }
    }

    @Test
    void everyCounterHasAMeter() {
        assertThat(DeviceMetrics.named()).containsExactlyInAnyOrder(LaneCounters.Counter.values());
    }

    @Test
    void everyReasonIsDocumented() throws IOException {
        String page = Files.readString(Path.of("../deploy/METRICS.md"));
        for (DropReason reason : DropReason.values()) {
            assertThat(page).contains("| `" + reason.label() + "` | " + reason.text() + " |");
        }
    }

    @Test
    void tellsWhatTheDeviceIsAt() {
        assertThat(scrape())
                .contains("culvert_up{device=\"wg0\"} 1.0")
                .contains("culvert_draining{device=\"wg0\"} 0.0")
                .contains("culvert_handshakes_waiting{device=\"wg0\"} 7.0")
                .contains("culvert_under_load{device=\"wg0\"} 1.0")
                .contains("culvert_staged_bytes{device=\"wg0\"} 4096.0")
                .contains("culvert_lane_peers{device=\"wg0\",lane=\"1\"} 6.0")
                .contains("culvert_lane_cpu_seconds_total{device=\"wg0\",lane=\"0\"} 0.0")
                .doesNotContain("culvert_lane_cpu_seconds_total{device=\"wg0\",lane=\"1\"} 0.0")
                .contains("culvert_engine{device=\"wg0\",engine=\"jdk\"} 1.0")
                .contains("culvert_offload{device=\"wg0\",offload=\"udp-gro\"} 1.0")
                .contains("culvert_offload{device=\"wg0\",offload=\"tun-udp\"} 0.0");
    }

    @Test
    void histogramsAreCumulativeAndSummedOverLanes() {
        for (int segments : new int[] {0, 1, 2, 3, 256, 257, 4000}) {
            CountersForTests.batch(first, segments);
        }
        CountersForTests.batch(second, 64);
        for (long ns : new long[] {1, 250_000, 250_001, 100_000_000_000L}) {
            CountersForTests.answered(second, ns);
        }
        assertThat(scrape())
                .contains("culvert_received_batch_segments_bucket{device=\"wg0\",le=\"1.0\"} 1")
                .contains("culvert_received_batch_segments_bucket{device=\"wg0\",le=\"2.0\"} 2")
                .contains("culvert_received_batch_segments_bucket{device=\"wg0\",le=\"4.0\"} 3")
                .contains("culvert_received_batch_segments_bucket{device=\"wg0\",le=\"64.0\"} 4")
                .contains("culvert_received_batch_segments_bucket{device=\"wg0\",le=\"256.0\"} 5")
                .contains("culvert_received_batch_segments_bucket{device=\"wg0\",le=\"+Inf\"} 7")
                .contains("culvert_received_batch_segments_sum{device=\"wg0\"} 4583")
                .contains("culvert_handshake_response_seconds_bucket{device=\"wg0\",le=\"2.5E-4\"} 2")
                .contains("culvert_handshake_response_seconds_bucket{device=\"wg0\",le=\"5.0E-4\"} 3")
                .contains("culvert_handshake_response_seconds_bucket{device=\"wg0\",le=\"+Inf\"} 4");
    }
}
