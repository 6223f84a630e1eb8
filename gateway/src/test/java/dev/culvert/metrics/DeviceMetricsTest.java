package dev.culvert.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.device.CountersForTests;
import dev.culvert.device.DropReason;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a scrape of Prometheus reads.
final class DeviceMetricsTest {
    @Test
    void sumsOverLanesAndNamesEveryReason() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new DeviceMetrics(
                        "wg0",
                        List.of(
                                CountersForTests.with(DropReason.FORGED, 2, 100),
                                CountersForTests.with(DropReason.FORGED, 3, 11)))
                .bindTo(registry);
        String scrape = registry.scrape();
        assertThat(scrape)
                .contains("culvert_drops_total{device=\"wg0\",reason=\"forged\"} 5.0")
                .contains("culvert_bytes_sent_total{device=\"wg0\"} 111.0")
                .contains("culvert_datagrams_sent_total{device=\"wg0\"} 2.0");
        for (DropReason reason : DropReason.values()) {
            assertThat(scrape).contains("reason=\"" + reason.label() + "\"");
        }
        registry.close();
    }
}
