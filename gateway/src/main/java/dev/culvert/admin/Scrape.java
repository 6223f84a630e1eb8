package dev.culvert.admin;

import dev.culvert.device.Device;
import dev.culvert.metrics.DeviceHistograms;
import dev.culvert.metrics.DeviceMetrics;
import dev.culvert.metrics.PeerSeries;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.List;

/// The text of `/metrics`. One is written at a time.
final class Scrape implements AutoCloseable {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final Device device;
    private final PeerSeries peers;
    private final PrometheusMeterRegistry registry;
    private final JvmGcMetrics collections = new JvmGcMetrics();

    Scrape(String name, Device device, PeerSeries.Options options, MeterBinder more) {
        this.device = device;
        peers = new PeerSeries(name, options);
        PrometheusRegistry prometheus = new PrometheusRegistry();
        prometheus.register(new DeviceHistograms(name, device.laneCounters()));
        registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, prometheus, Clock.SYSTEM);
        // Micrometer's names for these are none that Prometheus wants.
        registry.config().meterFilter(MeterFilter.denyNameStartsWith("system.cpu.count"));
        registry.config().meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"));
        new DeviceMetrics(
                        name,
                        device.laneCounters(),
                        device.counters(),
                        device::vitals,
                        device.offloads(),
                        device.engine().operatorName())
                .bindTo(registry);
        List.of(
                        new JvmMemoryMetrics(),
                        new JvmThreadMetrics(),
                        new ClassLoaderMetrics(),
                        new ProcessorMetrics(),
                        new FileDescriptorMetrics(),
                        new UptimeMetrics(),
                        collections,
                        more)
                .forEach(binder -> binder.bindTo(registry));
    }

    synchronized void write(Appendable out) throws IOException {
        out.append(registry.scrape());
        peers.write(
                device.publicKey(),
                device.peers(),
                device.labels(),
                device.peerDrops(),
                System.currentTimeMillis() * 1_000_000,
                out);
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
