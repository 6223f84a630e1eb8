package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/// R12: ten thousand peers, each at an address of its own, initiate in the same moment, as after a power cut.
/// Their first three initiations are computed beforehand; reading the responses costs the generator what it
/// costs.
final class StormRow implements FaultRow {
    private static final int PEERS = 10_000;
    private static final int PEERS_QUICK = 300;
    private static final int UP_MAX_S = 15;
    private static final int LIMIT_S = 40;
    private static final int FLOW_S = 16;
    private static final double FLOW_KEPT = 0.8;
    private static final int PREPARED = 3;
    private static final double PEER_KIB_MAX = 8;

    @Override
    public String id() {
        return "R12";
    }

    @Override
    public String title() {
        return "a storm of initiations";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 30 : 120;
    }

    private record Memory(OptionalLong heapKib, long rssKib) {
        static Memory of(Tunnel hub) {
            return new Memory(Figures.heapKib(hub.pid()), Figures.rssKib(hub.pid()));
        }

        double heapEach(Memory before, int peers) {
            return heapKib.isPresent() && before.heapKib.isPresent()
                    ? (double) (heapKib.getAsLong() - before.heapKib.getAsLong()) / peers
                    : Double.NaN;
        }

        String each(Memory before, int peers) {
            return String.format(
                    Locale.ROOT,
                    "heap %.2f KiB, RSS %.2f KiB",
                    heapEach(before, peers),
                    (double) (rssKib - before.rssKib) / peers);
        }
    }

    @Override
    public void run(Trial trial) {
        boolean quick = trial.options.quick();
        int peers = quick ? PEERS_QUICK : PEERS;
        Scene scene = new Scene(trial);
        FloodCount.install(scene);
        Tunnel hub = scene.startHub(Map.of());
        Memory empty = Memory.of(hub);
        long startNs = System.nanoTime();
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, peers));
        trial.report.state(
                peers + " peers configured in one request",
                String.format(Locale.ROOT, "%.2f s", (System.nanoTime() - startNs) / 1e9));
        Memory idle = Memory.of(hub);
        trial.report.state("memory of a configured peer without a session", idle.each(empty, peers));
        Tunnel spoke = scene.startSpoke(hub, Map.of());
        trial.report.state(
                "flow without a storm", mbit(Flow.start(scene, quick ? 2 : 6).meanMbit()));

        double base = quick ? Double.NaN : dropped(scene, peers);
        storm(scene, hub, peers, base);

        long handshakes = Uapi.peersWithHandshake(hub.interfaceName);
        trial.report.function(
                "peers that the hub knows to be up", "all", handshakes + " of " + (peers + 1), handshakes == peers + 1);
        Memory up = Memory.of(hub);
        trial.report.speed(
                "memory of a peer with a session",
                "≤ " + PEER_KIB_MAX + " KiB of heap",
                up.each(empty, peers),
                !(up.heapEach(empty, peers) > PEER_KIB_MAX));
        trial.report.function(
                "the programs after the storm",
                "run",
                hub.process.isAlive() && spoke.process.isAlive() ? "run" : "one has ended",
                hub.process.isAlive() && spoke.process.isAlive());
        long errors = hub.text()
                .lines()
                .filter(line -> line.contains("ERROR") || line.contains("OutOfMemory"))
                .count();
        trial.report.function("errors in the hub's log", "0", Long.toString(errors), errors == 0);
    }

    private static Map<String, Object> fleet(Scene scene, int peers, int seconds) {
        Map<String, Object> job = scene.job("fleet");
        job.put("peers", peers);
        job.put("source", Scene.FLOOD_FIRST);
        job.put("prepared", PREPARED);
        job.put("seconds", seconds);
        job.put("inTime", UP_MAX_S);
        return job;
    }

    /// The same storm, dropped by the hub's firewall: what the flow has left then.
    private static double dropped(Scene scene, int peers) {
        scene.dropFlood(true);
        GeneratorProcess generator = scene.generator(fleet(scene, peers, FLOW_S));
        Flow flow = Flow.start(scene, FLOW_S);
        generator.go();
        double mbit = flow.meanMbit();
        generator.stop();
        generator.done(Duration.ofSeconds(20));
        scene.dropFlood(false);
        return mbit;
    }

    private static void storm(Scene scene, Tunnel hub, int peers, double base) {
        Report report = scene.trial.report;
        Map<String, Object> job = fleet(scene, peers, LIMIT_S);
        job.put("untilUp", "yes");
        GeneratorProcess generator = scene.generator(job);
        FloodCount before = FloodCount.of(scene);
        double cpuBefore = hub.cpuSeconds();
        int flowS = scene.trial.options.quick() ? 3 : FLOW_S;
        Flow flow = Flow.start(scene, flowS);
        generator.go();
        CpuMeter meter = CpuMeter.start(hub);
        double mbit = flow.meanMbit();
        CpuMeter.Used used = meter.read();
        double cpu = hub.cpuSeconds() - cpuBefore;
        JobFigures figures = generator.done(Duration.ofSeconds(LIMIT_S));
        int inTime = figures.count("inTime");
        report.function(
                "peers with a session within " + UP_MAX_S + " s",
                "all of " + peers,
                String.format(
                        Locale.ROOT,
                        "%d; median %s s, p99 %s s, last %s s",
                        inTime,
                        figures.text("connectP50"),
                        figures.text("connectP99"),
                        figures.text("connectMax")),
                inTime == peers,
                String.format(
                        Locale.ROOT,
                        "%s cookie replies were accepted by the peers; beside the flow, %.2f of %d cores busy, the hub made"
                                + " %.0f handshakes a second until the last",
                        figures.text("cookieReplies"),
                        used.busyCores(),
                        Runtime.getRuntime().availableProcessors(),
                        peers / Math.max(1, figures.number("connectMax"))));
        report.speed(
                "flow meanwhile",
                "≥ 80 % of what it has if iptables drops the storm",
                String.format(Locale.ROOT, "%.0f %% (%s of %s)", 100 * mbit / base, mbit(mbit), mbit(base)),
                mbit >= FLOW_KEPT * base);
        FloodCount count = FloodCount.of(scene).since(before);
        report.state("the storm", count.answersText());
        report.state(
                "processor time over " + flowS + " s",
                String.format(Locale.ROOT, "hub %.1f s, generator %s s", cpu, figures.text("cpu")));
    }

    private static String mbit(double figure) {
        return String.format(Locale.ROOT, "%.0f Mbit/s", figure);
    }
}
