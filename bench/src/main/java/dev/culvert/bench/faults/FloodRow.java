package dev.culvert.bench.faults;

import dev.culvert.bench.generator.FloodKind;
import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// R13: every kind of flood against an established flow. What the flow keeps is a ratio to the same packets
/// dropped by the hub's firewall, measured just before with the same generator, since on a small machine the
/// generator alone takes its share.
final class FloodRow implements FaultRow {
    private static final int PEER_OF_REPLAY = 1;
    private static final int PINGS_PER_SECOND = 100;
    private static final double SETTLE_S = 1;
    private static final double RECOVERY_S = 4;
    private static final double RECOVERY_MAX_S = 2;
    private static final double ADDED_P99_MAX_MS = 5;
    private static final double HEAP_CHANGE_MAX = 0.10;
    private static final int BASE_FLOW_MAX_S = 12;
    private static final int BASE_PING_MAX_S = 8;
    private static final int LOG_LINES_MAX = 10;
    private static final int UNTIL_STOPPED_S = 600;
    private static final Pattern INDEX = Pattern.compile("0x([0-9a-f]{1,8})");

    @Override
    public String id() {
        return "R13";
    }

    @Override
    public String title() {
        return "floods of six kinds against an established flow";
    }

    @Override
    public int seconds(Options options) {
        return 20 + FloodKind.values().length * (options.floodSeconds() + (options.quick() ? 6 : 30));
    }

    /// How one kind's time is spent.
    private record Plan(int floodS, int flowS, int pingS, int baseFlowS, int basePingS) {
        static Plan of(Options options) {
            int floodS = options.floodSeconds();
            int flowS = Math.max(2, floodS / 2);
            int pingS = Math.max(1, floodS - flowS - 1);
            return new Plan(floodS, flowS, pingS, Math.min(flowS, BASE_FLOW_MAX_S), Math.min(pingS, BASE_PING_MAX_S));
        }
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        FloodCount.install(scene);
        Tunnel hub = scene.startHub(Map.of());
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(PEER_OF_REPLAY, 1));
        Tunnel spoke = scene.startSpoke(hub, Map.of());
        Plan plan = Plan.of(trial.options);
        trial.report.state(
                "established flow, hub warmed up, without a flood",
                mbit(Flow.start(scene, trial.options.quick() ? 2 : 6).meanMbit()));
        for (FloodKind kind : FloodKind.values()) {
            flood(scene, hub, kind, plan);
        }
        trial.report.function(
                "the programs after all floods",
                "run",
                "hub " + alive(hub) + ", spoke " + alive(spoke),
                hub.process.isAlive() && spoke.process.isAlive());
        long lines =
                hub.text().lines().filter(line -> !line.contains(" is ready")).count();
        trial.report.function(
                "lines in the hub's log", "≤ " + LOG_LINES_MAX, Long.toString(lines), lines <= LOG_LINES_MAX);
    }

    private static String alive(Tunnel tunnel) {
        return tunnel.process.isAlive() ? "runs" : "has ended with " + tunnel.process.exitValue();
    }

    private void flood(Scene scene, Tunnel hub, FloodKind kind, Plan plan) {
        Report report = scene.trial.report;
        String name = kind.operatorName().replace('_', ' ');
        Map<String, Object> job = job(scene, kind, plan.floodS());

        Base base = scene.trial.options.quick() ? Base.NONE : base(scene, hub, kind, plan);
        OptionalLong heapBefore = Figures.heapKib(hub.pid());
        GeneratorProcess flood = scene.generator(job);
        FloodCount countBefore = FloodCount.of(scene);
        Map<String, Long> dropsBefore = Uapi.drops(hub.interfaceName);
        double cpuBefore = hub.cpuSeconds();
        flood.go();
        Waiting.seconds(SETTLE_S);
        CpuMeter meter = CpuMeter.start(hub);
        double mbit = Flow.start(scene, plan.flowS()).meanMbit();
        CpuMeter.Used used = meter.read();
        PingRun ping = PingRun.start(
                scene.trial,
                scene.spokeSpace,
                kind.operatorName(),
                Scene.HUB_INNER,
                PINGS_PER_SECOND,
                plan.pingS() + RECOVERY_S,
                "");
        JobFigures figures = flood.done(Duration.ofSeconds(plan.floodS() + 20));
        double endS = System.currentTimeMillis() / 1000.0;
        double hubCpu = (hub.cpuSeconds() - cpuBefore) / figures.number("seconds");
        PingRun.Outcome pings = ping.outcome();
        FloodCount count = FloodCount.of(scene).since(countBefore);

        double target = kind.isCheap() ? 0.9 : 0.7;
        report.speed(
                name + ": what the flow keeps",
                "≥ " + percent(target),
                percent(mbit / base.mbit()) + " (" + mbit(mbit) + " of " + mbit(base.mbit()) + ")",
                mbit >= target * base.mbit(),
                why(used, base, mbit, figures.number("rate"), count.overflows()));
        latency(report, name, pings, base.p99Ms(), endS);
        report.function(
                name + ": answers",
                "never more bytes out than in",
                count.answersText(),
                count.bytesOut() <= count.bytesIn() && count.packetsIn() > 0);
        heap(report, name, heapBefore, Figures.heapKib(hub.pid()));
        report.state(
                name + ": flood",
                String.format(
                        Locale.ROOT,
                        "%s/s sent (%s/s when dropped by iptables), generator %.2f cores, hub %.2f cores",
                        figures.text("rate"),
                        base.rate(),
                        figures.number("cpu") / figures.number("seconds"),
                        hubCpu));
        if (scene.trial.options.hubIsCulvert()) {
            report.state(name + ": counted by the hub", drops(dropsBefore, Uapi.drops(hub.interfaceName)));
        }
    }

    /// What the flow and the pings are when the hub's firewall drops the same flood.
    private record Base(double mbit, double p99Ms, String rate, CpuMeter.Used used) {
        static final Base NONE = new Base(Double.NaN, 1, "?", new CpuMeter.Used(0, 0));
    }

    /// What the flow lost, it lost to full sockets or, on a machine without an idle core, to the time that the
    /// hub spent on the flood.
    private static String why(CpuMeter.Used used, Base base, double mbit, double rate, long overflows) {
        double ofTheFlow = base.used().hubCores() * mbit / base.mbit();
        return String.format(
                Locale.ROOT,
                "%.2f of %d cores busy; beyond the flow's part, the hub spent %.1f us a datagram of the flood; %,d"
                        + " datagrams lost to full sockets",
                used.busyCores(),
                Runtime.getRuntime().availableProcessors(),
                1e6 * (used.hubCores() - ofTheFlow) / rate,
                overflows);
    }

    private static Base base(Scene scene, Tunnel hub, FloodKind kind, Plan plan) {
        scene.dropFlood(true);
        GeneratorProcess flood = scene.generator(job(scene, kind, UNTIL_STOPPED_S));
        flood.go();
        Waiting.seconds(SETTLE_S);
        CpuMeter meter = CpuMeter.start(hub);
        double mbit = Flow.start(scene, plan.baseFlowS()).meanMbit();
        CpuMeter.Used used = meter.read();
        double p99Ms = PingRun.start(
                        scene.trial,
                        scene.spokeSpace,
                        kind.operatorName() + "-base",
                        Scene.HUB_INNER,
                        PINGS_PER_SECOND,
                        plan.basePingS(),
                        "")
                .outcome()
                .percentileMs(0.99);
        flood.stop();
        JobFigures figures = flood.done(Duration.ofSeconds(10));
        scene.dropFlood(false);
        return new Base(mbit, p99Ms, figures.text("rate"), used);
    }

    private static void latency(Report report, String name, PingRun.Outcome pings, double baseP99, double endS) {
        List<PingRun.Answer> during = pings.answers().stream()
                .filter(answer -> answer.epochS() < endS)
                .toList();
        double p99 = new PingRun.Outcome(during.size(), during.size(), during).percentileMs(0.99);
        report.speed(
                name + ": p99 latency added",
                "< 5 ms",
                String.format(Locale.ROOT, "%.2f ms (%.2f after %.2f)", p99 - baseP99, p99, baseP99),
                p99 - baseP99 < ADDED_P99_MAX_MS);
        double backS = 0;
        boolean backAtAll = false;
        for (PingRun.Answer answer : pings.answers()) {
            if (answer.epochS() >= endS) {
                backAtAll = true;
                if (answer.ms() > baseP99 + ADDED_P99_MAX_MS) {
                    backS = answer.epochS() - endS;
                }
            }
        }
        report.function(
                name + ": pings answered after the end",
                "yes",
                backAtAll ? "yes" : "no",
                backAtAll,
                pings.lost() == 0 ? "" : pings.lost() + " of " + pings.sent() + " pings were lost in all");
        report.speed(
                name + ": back to normal",
                "≤ 2 s",
                String.format(Locale.ROOT, "%.2f s", backS),
                backAtAll && backS <= RECOVERY_MAX_S);
    }

    private static void heap(Report report, String name, OptionalLong before, OptionalLong after) {
        if (before.isPresent() && after.isPresent()) {
            double change = (double) after.getAsLong() / before.getAsLong() - 1;
            report.function(
                    name + ": heap after collection",
                    "± 10 %",
                    String.format(
                            Locale.ROOT,
                            "%+.1f %% (%,d → %,d KiB)",
                            100 * change,
                            before.getAsLong(),
                            after.getAsLong()),
                    Math.abs(change) <= HEAP_CHANGE_MAX);
        }
    }

    static Map<String, Object> job(Scene scene, FloodKind kind, int seconds) {
        Map<String, Object> job = scene.job("flood");
        job.put("kind", kind.operatorName());
        job.put("rate", scene.trial.options.floodRate());
        job.put("seconds", seconds);
        job.put("source", Scene.FLOOD_FIRST);
        job.put("sources", Scene.FLOOD_ADDRESSES);
        job.put("peer", PEER_OF_REPLAY);
        if (kind == FloodKind.BAD_TAG) {
            job.put("indices", String.join(",", indicesOfTheSpoke(scene)));
        }
        return job;
    }

    /// Whoever can see the spoke's packets knows these.
    private static List<String> indicesOfTheSpoke(Scene scene) {
        String rules = """
                table inet seen {
                  set indices {
                    typeof @th,96,32
                    size 64
                    flags dynamic
                  }
                  chain input {
                    type filter hook input priority 0
                    ip saddr %s udp dport %d @th,64,8 4 update @indices { @th,96,32 }
                  }
                }
                """.formatted(Scene.SPOKE_OUTER, Scene.PORT);
        Shell.run(Shell.LIMIT, rules, scene.hubSpace.inside("nft -f -")).required();
        scene.spokeSpace.require("ping -c 3 -i 0.1 -W 2 " + Scene.HUB_INNER);
        String listing = scene.hubSpace.require("nft list set inet seen indices");
        scene.hubSpace.require("nft delete table inet seen");
        List<String> indices = new ArrayList<>();
        Matcher index = INDEX.matcher(listing.substring(listing.indexOf("flags")));
        while (index.find()) {
            indices.add(index.group(1));
        }
        if (indices.isEmpty()) {
            throw new TrialFailure("no packet of the spoke was seen: " + listing);
        }
        return indices;
    }

    private static String drops(Map<String, Long> before, Map<String, Long> after) {
        Map<String, Long> difference = new TreeMap<>();
        after.forEach((reason, count) -> {
            long more = count - before.getOrDefault(reason, 0L);
            if (more > 0) {
                difference.put(reason, more);
            }
        });
        return difference.toString();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }

    private static String mbit(double figure) {
        return String.format(Locale.ROOT, "%.0f Mbit/s", figure);
    }
}
