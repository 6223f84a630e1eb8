package dev.culvert.bench.compare;

import dev.culvert.bench.compare.Implementation.Kind;
import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a hub sees: the generator sends packets that it encrypted beforehand, the hub decrypts them, and its
/// firewall counts and drops them behind the tunnel, so that little but the hub's own work is measured.
///
/// ```
///  generator                      hub
///  gen0 10.201.2.2 ── veth ── gen0 10.201.2.1
///  10.202.0.0/15, all local     tunnel 10.77.0.1; peers have 10.78.x.y
/// ```
final class LoadStage implements Stage {
    private static final String HUB_OUTER = "10.201.2.1";
    private static final String HUB_INNER = "10.77.0.1";
    private static final int HUB_KEY = 16_000;
    private static final int IP_UDP_BYTES = 28;
    /// A flood of so many a second lasts about as long as was asked for.
    private static final int FLOOD_ESTIMATE = 600_000;

    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Duration DRAIN_LIMIT = Duration.ofSeconds(5);
    /// What is sent is sealed beforehand, and stands in memory.
    private static final int WARM_MAX_S = 4;
    private static final double SETTLE_S = 0.3;
    private static final double DRAIN_POLL_S = 0.1;
    private static final Pattern COUNTER = Pattern.compile("(?m)^ *(\\d+) +(\\d+) +DROP ");

    /// @param bytes of an inner packet
    /// @param burst packets of one peer in a row
    /// @param rate packets a second, 0 for as fast as it goes
    private record Case(Row row, int peers, int bytes, int burst, int rate) {}

    private static final List<Case> CASES = List.of(
            new Case(Row.RX_500, 500, 228, 1, 100_000),
            new Case(Row.RX_1420, 32, 1420, 8, 300_000),
            new Case(Row.RX_228, 32, 228, 8, 400_000),
            new Case(Row.FLOOD_228, 32, 228, 8, 0),
            new Case(Row.ACTIVE_1, 1, 1420, 8, 150_000),
            new Case(Row.ACTIVE_100, 100, 1420, 8, 150_000),
            new Case(Row.ACTIVE_1000, 1_000, 1420, 8, 150_000));

    @Override
    public List<Row> rows() {
        return CASES.stream().map(Case::row).toList();
    }

    @Override
    public void run(Visit visit) {
        if (visit.implementation.kind() == Kind.OPENVPN) {
            rows().stream()
                    .filter(visit::wants)
                    .forEach(row -> visit.absent(row, "the generator speaks WireGuard only"));
            return;
        }
        String run = Namespace.freshRun('c');
        Namespace hubSpace = visit.owner.add(Namespace.create(run + "-hub"));
        Namespace generatorSpace = visit.owner.add(Namespace.create(run + "-gen"));
        hubSpace.link("gen0", HUB_OUTER, generatorSpace, "10.201.2.2");
        generatorSpace.ip("route add local 10.202.0.0/15 dev lo");
        hubSpace.ip("route add 10.202.0.0/15 via 10.201.2.2");
        Node hub = Node.start(visit.owner, hubSpace, run + "h", visit.implementation, Map.of());
        hub.up(HUB_INNER + "/24");
        hubSpace.require("iptables -w -t raw -A PREROUTING -i " + hub.interfaceName() + " -j DROP");
        int first = 0;
        for (Case each : CASES) {
            if (visit.wants(each.row())) {
                visit.measured(each.row(), measure(visit, run, hub, generatorSpace, each, first));
            }
            first += each.peers(); // new peers each time, so that sessions and counters begin anew
        }
    }

    private static Map<Metric, Double> measure(
            Visit visit, String run, Node hub, Namespace generatorSpace, Case load, int first) {
        Conf conf = new Conf(run, HUB_KEY);
        for (int i = 0; i < load.peers(); i++) {
            conf.peer(first + i, "10.78." + (i + 1 >> 8) + "." + (i + 1 & 255) + "/32");
        }
        hub.configure(conf.forStandardInput());
        try (GeneratorProcess generator =
                GeneratorProcess.prepare(visit.owner, generatorSpace, settings(visit, run, load, first))) {
            generator.hurry();
            generator.go();
            generator.await("warm", LIMIT);
            Waiting.seconds(SETTLE_S);
            Delivered before = Delivered.of(hub, load.bytes());
            double cpuBefore = hub.cpuSeconds();
            generator.send("measure");
            JobFigures sent = generator.done(LIMIT);
            double delivered = drained(hub, load.bytes()).packets() - before.packets();
            double cpuS = hub.cpuSeconds() - cpuBefore;
            Map<Metric, Double> figures = new EnumMap<>(Metric.class);
            figures.put(Metric.KPPS, delivered / sent.number("seconds") / 1e3);
            figures.put(Metric.KPKT_PER_CPU, delivered / cpuS / 1e3);
            figures.put(Metric.LOSS, 100 * (1 - delivered / sent.number("sent")));
            return figures;
        }
    }

    private static Map<String, Object> settings(Visit visit, String run, Case load, int first) {
        int perSecond = load.rate() == 0 ? FLOOD_ESTIMATE : load.rate();
        int packets = perSecond * Math.max(1, visit.options.seconds() / 2);
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("job", "load");
        settings.put("run", run);
        settings.put("hub", HUB_OUTER);
        settings.put("port", Conf.PORT);
        settings.put("inner", HUB_INNER);
        settings.put("key", Conf.publicKey(run, HUB_KEY));
        settings.put("innerFirst", "10.78.0.1");
        settings.put("source", "10.202.0.1");
        settings.put("first", first);
        settings.put("peers", load.peers());
        settings.put("bytes", load.bytes());
        settings.put("burst", load.burst());
        settings.put("rate", load.rate());
        settings.put("warm", perSecond * Math.min(WARM_MAX_S, visit.options.warmSeconds()));
        settings.put("packets", packets);
        return settings;
    }

    /// When nothing more comes out of the tunnel.
    private static Delivered drained(Node hub, int bytes) {
        Delivered last = Delivered.of(hub, bytes);
        for (long left = DRAIN_LIMIT.toMillis(); left > 0; left -= (long) (DRAIN_POLL_S * 1000)) {
            Waiting.seconds(DRAIN_POLL_S);
            Delivered now = Delivered.of(hub, bytes);
            if (now.packets() == last.packets()) {
                return now;
            }
            last = now;
        }
        return last;
    }

    /// Inner packets of one length that have met the firewall, also if the hub had coalesced them: then several
    /// share one header.
    record Delivered(double packets) {
        private static Delivered of(Node hub, int bytes) {
            return parse(hub.namespace().require("iptables -w -t raw -L PREROUTING -n -v -x"), bytes);
        }

        static Delivered parse(String listing, int bytes) {
            Matcher counter = COUNTER.matcher(listing);
            if (!counter.find()) {
                throw new TrialFailure("the firewall's counter is missing in:\n" + listing);
            }
            double headers = Double.parseDouble(counter.group(1)) * IP_UDP_BYTES;
            return new Delivered((Double.parseDouble(counter.group(2)) - headers) / (bytes - IP_UDP_BYTES));
        }
    }
}
