package dev.culvert.metrics;

import dev.culvert.device.LaneCounters;
import dev.culvert.device.LaneCounters.Histogram;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/// The lanes' histograms as Prometheus has them, summed over the lanes. (Micrometer has no histogram that somebody
/// else keeps.)
public final class DeviceHistograms implements MultiCollector {
    private static final double SEGMENTS = 1;
    private static final double NS = 1e-9;
    private static final double FIRST_LATENCY_S = 250e-6;

    private final Labels device;
    private final List<LaneCounters> lanes;

    public DeviceHistograms(String device, List<LaneCounters> lanes) {
        this.device = Labels.of("device", device);
        this.lanes = List.copyOf(lanes);
    }

    @Override
    public MetricSnapshots collect() {
        return MetricSnapshots.of(
                snapshot(
                        Histogram.RECEIVED_BATCH,
                        "culvert_received_batch_segments",
                        "Datagrams that one system call received",
                        bucket -> 1L << bucket,
                        SEGMENTS),
                snapshot(
                        Histogram.HANDSHAKE_SECONDS,
                        "culvert_handshake_response_seconds",
                        "From an initiation's arrival until its response is queued",
                        bucket -> FIRST_LATENCY_S * (1L << bucket),
                        NS));
    }

    /// @param bounds the upper bound of a bucket that is not the last
    private HistogramSnapshot snapshot(
            Histogram histogram, String name, String help, IntToDoubleFunction bounds, double unit) {
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        for (int bucket = 0; bucket < histogram.buckets(); bucket++) {
            int number = bucket;
            double bound = bucket == histogram.buckets() - 1 ? Double.POSITIVE_INFINITY : bounds.applyAsDouble(bucket);
            buckets.bucket(
                    bound,
                    lanes.stream()
                            .mapToLong(lane -> lane.bucket(histogram, number))
                            .sum());
        }
        double sum = lanes.stream().mapToLong(lane -> lane.sum(histogram)).sum() * unit;
        return HistogramSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                        .labels(device)
                        .classicHistogramBuckets(buckets.build())
                        .sum(sum)
                        .build())
                .build();
    }
}
