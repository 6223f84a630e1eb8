package dev.culvert.metrics;

import dev.culvert.device.DeviceVitals;
import dev.culvert.device.DropReason;
import dev.culvert.device.LaneCounters;
import dev.culvert.device.LaneCounters.Counter;
import dev.culvert.device.Offloads;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// The data path as Micrometer meters. A scrape reads published counters and waits for no lane.
public final class DeviceMetrics implements MeterBinder {
    /// A counter's meter, the tag that tells it from its sister, and what it says of itself.
    private record Named(Counter counter, String meter, String tag, String value, String help) {}

    private static final List<Named> OF_LANES = List.of(
            new Named(Counter.DATAGRAMS_RECEIVED, "culvert.udp.packets", "direction", "received", "Datagrams, by lane"),
            new Named(Counter.DATAGRAMS_SENT, "culvert.udp.packets", "direction", "sent", "Datagrams, by lane"),
            new Named(Counter.BYTES_RECEIVED, "culvert.udp.bytes", "direction", "received", "Payload of datagrams"),
            new Named(Counter.BYTES_SENT, "culvert.udp.bytes", "direction", "sent", "Payload of datagrams"),
            new Named(Counter.TUN_PACKETS_READ, "culvert.tun.packets", "direction", "read", "Inner packets, by lane"),
            new Named(
                    Counter.TUN_PACKETS_WRITTEN,
                    "culvert.tun.packets",
                    "direction",
                    "written",
                    "Inner packets, by lane"),
            new Named(Counter.TUN_BYTES_READ, "culvert.tun.bytes", "direction", "read", "Bytes of inner packets"),
            new Named(Counter.TUN_BYTES_WRITTEN, "culvert.tun.bytes", "direction", "written", "Bytes of inner packets"),
            new Named(
                    Counter.HANDED_OVER,
                    "culvert.hand.overs",
                    "direction",
                    "given",
                    "Packets that came to another lane than their peer's"),
            new Named(
                    Counter.TAKEN_OVER,
                    "culvert.hand.overs",
                    "direction",
                    "taken",
                    "Packets that came to another lane than their peer's"),
            new Named(
                    Counter.FORWARDED_DIRECT_PACKETS,
                    "culvert.forwarded.packets",
                    "path",
                    "direct",
                    "Inner packets from peer to peer that the host did not see"),
            new Named(
                    Counter.FORWARDED_DIRECT_BYTES,
                    "culvert.forwarded.bytes",
                    "path",
                    "direct",
                    "Bytes of inner packets from peer to peer that the host did not see"),
            new Named(Counter.HANDSHAKES_INITIATED, "culvert.handshakes", "kind", "initiated", "Handshake messages"),
            new Named(Counter.HANDSHAKES_RECEIVED, "culvert.handshakes", "kind", "answered", "Handshake messages"),
            new Named(Counter.HANDSHAKES_COMPLETED, "culvert.handshakes", "kind", "completed", "Handshake messages"));

    private final Tags device;
    private final List<LaneCounters> lanes;
    private final List<LaneCounters> all;
    private final Supplier<DeviceVitals> vitals;
    private final Offloads offloads;
    private final String engine;

    /// @param device the interface's name, a tag of every meter
    /// @param lanes counters of every lane, by its number
    /// @param all those, and the ones of every worker and of the control plane
    /// @param engine what seals and opens packets
    public DeviceMetrics(
            String device,
            List<LaneCounters> lanes,
            List<LaneCounters> all,
            Supplier<DeviceVitals> vitals,
            Offloads offloads,
            String engine) {
        this.device = Tags.of("device", device);
        this.lanes = List.copyOf(lanes);
        this.all = List.copyOf(all);
        this.vitals = vitals;
        this.offloads = offloads;
        this.engine = engine;
    }

    // A registry holds the first argument weakly and the function strongly: so the counters are the function's.
    @Override
    public void bindTo(MeterRegistry registry) {
        for (DropReason reason : DropReason.values()) {
            FunctionCounter.builder("culvert.drops", reason, each -> sum(of -> of.drops(each)))
                    .tags(device.and("reason", reason.label()))
                    .description("Packets dropped, by reason")
                    .register(registry);
        }
        for (Named named : OF_LANES) {
            for (int i = 0; i < lanes.size(); i++) {
                LaneCounters lane = lanes.get(i);
                FunctionCounter.builder(named.meter(), named, each -> lane.value(each.counter()))
                        .tags(device.and("lane", String.valueOf(i)).and(named.tag(), named.value()))
                        .description(named.help())
                        .register(registry);
            }
        }
        FunctionCounter.builder(
                        "culvert.allowed.ips.moved", Counter.ALLOWED_IPS_MOVED, each -> sum(of -> of.value(each)))
                .tags(device)
                .description("Prefixes that a change took from one peer and gave to another")
                .register(registry);
        gauges(registry);
        laneGauges(registry);
    }

    /// Those with a meter: all.
    static Set<Counter> named() {
        Set<Counter> named = EnumSet.of(Counter.ALLOWED_IPS_MOVED);
        OF_LANES.forEach(each -> named.add(each.counter()));
        return named;
    }

    private double sum(ToDoubleFunction<LaneCounters> value) {
        return all.stream().mapToDouble(value).sum();
    }

    private void gauges(MeterRegistry registry) {
        gauge(registry, "culvert.up", "Whether the link is up and the sockets are open", of -> flag(of.up()));
        gauge(registry, "culvert.draining", "Whether new peers are refused", of -> flag(of.draining()));
        gauge(
                registry,
                "culvert.handshakes.waiting",
                "Initiations from the network that no worker has begun with",
                of -> (double) of.handshakesWaiting());
        gauge(registry, "culvert.under.load", "Whether cookies are required", of -> flag(of.underLoad()));
        gauge(registry, "culvert.staged.bytes", "Packets that wait for their peer's handshake", of ->
                (double) of.stagedBytes());
        Gauge.builder("culvert.engine", () -> 1)
                .tags(device.and("engine", engine))
                .description("What seals and opens packets")
                .register(registry);
        Map<String, Boolean> switches = Map.of(
                "udp-gro", offloads.udpGro(),
                "udp-gso", offloads.udpGso(),
                "tun-tcp", offloads.tunTcp(),
                "tun-udp", offloads.tunUdp());
        switches.forEach((name, on) -> Gauge.builder("culvert.offload", () -> flag(on))
                .tags(device.and("offload", name))
                .description("Whether an offload is in use")
                .register(registry));
    }

    private void gauge(MeterRegistry registry, String name, String help, Function<DeviceVitals, Double> value) {
        Gauge.builder(name, () -> value.apply(vitals.get()))
                .tags(device)
                .description(help)
                .register(registry);
    }

    private void laneGauges(MeterRegistry registry) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        for (int i = 0; i < lanes.size(); i++) {
            int number = i;
            Tags lane = device.and("lane", String.valueOf(i));
            Gauge.builder("culvert.lane.peers", () -> vitals.get().homePeers().get(number))
                    .tags(lane)
                    .description("Peers at home on a lane: those that have been in use")
                    .register(registry);
            FunctionCounter.builder("culvert.lane.cpu.seconds", lanes.get(i), _ -> {
                        long thread = vitals.get().laneThreads().get(number);
                        return thread == 0 ? 0 : Math.max(0, threads.getThreadCpuTime(thread)) / 1e9;
                    })
                    .tags(lane)
                    .description("CPU time of a lane's thread; its rate is the lane's load, 1 is all of a core")
                    .register(registry);
        }
    }

    private static double flag(boolean on) {
        return on ? 1 : 0;
    }
}
