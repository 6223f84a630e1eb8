package dev.culvert.bench.compare;

import dev.culvert.bench.compare.Implementation.Kind;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Owner;
import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// A hub and a client with a tunnel between them, and what can be measured through it.
///
/// ```
///  client                         hub
///  out0 10.201.1.2 ── veth ── out0 10.201.1.1
///  tunnel 10.77.0.2           tunnel 10.77.0.1      iperf3 -s
/// ```
final class Pair {
    private static final String HUB_OUTER = "10.201.1.1";
    private static final String HUB_INNER = "10.77.0.1";
    private static final String CLIENT_INNER = "10.77.0.2";
    private static final int HUB_KEY = 1;
    private static final int CLIENT_KEY = 2;
    private static final Duration FIRST_PING_LIMIT = Duration.ofSeconds(15);
    private static final int IDLE_PINGS_PER_SECOND = 500;
    private static final int LOADED_PINGS_PER_SECOND = 200;
    private static final int UDP_BYTES = 200;
    private static final int UDP_PER_SECOND = 20_000;
    private static final double TCP_SETTLES_S = 0.5;

    private final Owner owner;
    private final Namespace clientSpace;
    private final Node hub;

    /// @param silentPeers that the hub is configured with besides the client
    Pair(Owner owner, Implementation hub, Implementation client, int silentPeers) {
        this.owner = owner;
        String run = Namespace.freshRun('c');
        Namespace hubSpace = owner.add(Namespace.create(run + "-hub"));
        clientSpace = owner.add(Namespace.create(run + "-client"));
        hubSpace.link("out0", HUB_OUTER, clientSpace, "10.201.1.2");
        if (hub.kind() == Kind.OPENVPN) {
            this.hub = OpenVpn.start(owner, hubSpace, clientSpace, run, HUB_OUTER, HUB_INNER, CLIENT_INNER);
        } else {
            this.hub = Node.start(owner, hubSpace, run + "h", hub, Map.of());
            this.hub.configure(new Conf(run, HUB_KEY)
                    .peer(CLIENT_KEY, CLIENT_INNER + "/32")
                    .silentPeers(silentPeers)
                    .forStandardInput());
            this.hub.up(HUB_INNER + "/24");
            Node other = Node.start(owner, clientSpace, run + "c", client, Map.of());
            other.configure(new Conf(run, CLIENT_KEY)
                    .peer(HUB_KEY, "10.77.0.0/24")
                    .endpoint(HUB_OUTER)
                    .forStandardInput());
            other.up(CLIENT_INNER + "/24");
        }
        Waiting.until(
                "the first ping through " + hub.name(),
                FIRST_PING_LIMIT,
                () -> clientSpace.run("ping -c 1 -W 1 " + HUB_INNER).exitCode() == 0);
        Iperf.serve(owner, hubSpace);
    }

    /// One TCP stream.
    ///
    /// @param down from the hub to the client
    Map<Metric, Double> tcp(boolean down, int seconds) {
        return tcp(hub, clientSpace, HUB_INNER, seconds, down ? " -R" : "");
    }

    static Map<Metric, Double> tcp(Node hub, Namespace from, String target, int seconds, String more) {
        double before = hub.cpuSeconds();
        Iperf result = Iperf.run(from, target, seconds, more);
        double cpuS = hub.cpuSeconds() - before;
        Map<Metric, Double> figures = new EnumMap<>(Metric.class);
        figures.put(Metric.GBIT, result.gbit());
        figures.put(Metric.GBIT_PER_CPU, result.gbit() * result.seconds() / cpuS);
        return figures;
    }

    /// One TCP stream from the client, of so much.
    Iperf transfer(int mebibytes) {
        return Iperf.transfer(clientSpace, HUB_INNER, mebibytes);
    }

    /// Small datagrams at a rate that everybody keeps up with.
    Map<Metric, Double> udp(int seconds) {
        double before = hub.cpuSeconds();
        String rate = " -u -l " + UDP_BYTES + " -b " + UDP_BYTES * 8L * UDP_PER_SECOND;
        Iperf result = Iperf.run(clientSpace, HUB_INNER, seconds, rate);
        double cpuS = hub.cpuSeconds() - before;
        Map<Metric, Double> figures = new EnumMap<>(Metric.class);
        figures.put(Metric.KPPS, result.packets() / result.seconds() / 1e3);
        figures.put(Metric.KPKT_PER_CPU, result.packets() / cpuS / 1e3);
        figures.put(Metric.LOSS, 100.0 * result.lost() / (result.packets() + result.lost()));
        return figures;
    }

    Map<Metric, Double> pingIdle(int seconds) {
        return ping("idle", IDLE_PINGS_PER_SECOND, seconds);
    }

    /// Beside one TCP stream from the client.
    Map<Metric, Double> pingLoaded(int seconds) {
        CompletableFuture<Iperf> stream =
                CompletableFuture.supplyAsync(() -> Iperf.run(clientSpace, HUB_INNER, seconds + 1, ""));
        Waiting.seconds(TCP_SETTLES_S);
        Map<Metric, Double> figures = ping("loaded", LOADED_PINGS_PER_SECOND, seconds);
        Iperf unused = stream.join();
        assert unused.seconds() > 0;
        return figures;
    }

    private Map<Metric, Double> ping(String label, int perSecond, int seconds) {
        PingRun.Outcome pings = PingRun.start(owner, clientSpace, label, HUB_INNER, perSecond, seconds, "")
                .outcome();
        if (pings.answers().isEmpty()) {
            throw new TrialFailure("no ping was answered");
        }
        Map<Metric, Double> figures = new EnumMap<>(Metric.class);
        figures.put(Metric.P50, pings.percentileMs(0.5) * 1e3);
        figures.put(Metric.P99, pings.percentileMs(0.99) * 1e3);
        return figures;
    }
}
