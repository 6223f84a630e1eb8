package dev.culvert.metrics;

import dev.culvert.device.DropReason;
import dev.culvert.device.LaneCounters;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.Locale;

/// The data path's counters as Micrometer meters, summed over lanes and handshake workers: `culvert.drops` by
/// reason, and one counter for each of [LaneCounters.Counter]. A scrape reads published counters and waits for no
/// lane.
public final class DeviceMetrics implements MeterBinder {
    private final String device;
    private final List<LaneCounters> counters;

    /// @param device the interface's name, a tag of every meter
    /// @param counters of every lane and every worker
    public DeviceMetrics(String device, List<LaneCounters> counters) {
        this.device = device;
        this.counters = List.copyOf(counters);
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        // A registry holds the first argument weakly and the function strongly: so the counters are the function's.
        for (DropReason reason : DropReason.values()) {
            FunctionCounter.builder("culvert.drops", reason, each -> drops(counters, each))
                    .tag("device", device)
                    .tag("reason", reason.label())
                    .description("Packets dropped, by reason")
                    .register(registry);
        }
        for (LaneCounters.Counter counter : LaneCounters.Counter.values()) {
            String name = counter.name().toLowerCase(Locale.ROOT).replace('_', '.');
            FunctionCounter.builder("culvert." + name, counter, each -> value(counters, each))
                    .tag("device", device)
                    .register(registry);
        }
    }

    private static double drops(List<LaneCounters> all, DropReason reason) {
        return all.stream().mapToLong(each -> each.drops(reason)).sum();
    }

    private static double value(List<LaneCounters> all, LaneCounters.Counter counter) {
        return all.stream().mapToLong(each -> each.value(counter)).sum();
    }
}
