package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/// R9: a thousand peers with traffic, rekeying every two minutes, while others come and go once a second. A
/// sample a minute; the slopes are those of the second half, since caches and compiled code grow at first.
final class SoakRow implements FaultRow {
    private static final int PEERS = 1000;
    /// Who come and go, beside the thousand.
    private static final int GUESTS = 60;

    private static final int GUEST_STAYS_S = 20;
    private static final int ECHOES_PER_SECOND = 5000;
    private static final int ECHO_BYTES = 700;
    private static final double SLOPE_MAX_KIB_PER_HOUR = 1024;
    private static final int SAMPLE_S = 60;
    private static final double WARM_S = 3600;
    private static final double LOST_MAX = 0.001;

    @Override
    public String id() {
        return "R9";
    }

    @Override
    public String title() {
        return "soak";
    }

    @Override
    public int seconds(Options options) {
        return options.soakMinutes() * 60 + 40;
    }

    private record Probe(double atS, OptionalLong heapKib, long rssKib, long descriptors, long threads) {
        static Probe of(Tunnel hub, long startNs) {
            OptionalLong heap = Figures.heapKib(hub.pid());
            return new Probe(
                    (System.nanoTime() - startNs) / 1e9,
                    heap,
                    Figures.rssKib(hub.pid()),
                    Figures.descriptors(hub.pid()),
                    Figures.threads(hub.pid()));
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "at %.0f s: heap %s KiB, RSS %d KiB, %d descriptors, %d threads",
                    atS,
                    heapKib.isPresent() ? heapKib.getAsLong() : "?",
                    rssKib,
                    descriptors,
                    threads);
        }
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        Tunnel hub = scene.startHub(Map.of());
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, PEERS));
        Map<String, Object> job = scene.job("fleet");
        job.put("peers", PEERS + GUESTS);
        job.put("begin", PEERS);
        job.put("source", Scene.CLIENT_FIRST);
        job.put("spreadMs", 20_000);
        job.put("seconds", trial.options.soakMinutes() * 60 + 600);
        job.put("echoes", ECHOES_PER_SECOND);
        job.put("echoBytes", ECHO_BYTES);
        GeneratorProcess fleet = scene.generator(job);
        double cpuBefore = hub.cpuSeconds();
        fleet.go();
        Waiting.until("a thousand sessions", Duration.ofMinutes(2), () -> fleet.progress("up") >= PEERS);

        long startNs = System.nanoTime();
        List<Probe> probes = new ArrayList<>();
        double lengthS = trial.options.soakMinutes() * 60.0;
        double nextProbeS = SAMPLE_S;
        int changes = 0;
        for (int second = 0; elapsedS(startNs) < lengthS; second++) {
            changes += guest(scene, hub, fleet, second);
            if (elapsedS(startNs) >= nextProbeS) {
                nextProbeS += SAMPLE_S;
                Probe probe = Probe.of(hub, startNs);
                probes.add(probe);
                System.out.println("    " + probe + "; " + fleet.progress());
            }
            Waiting.seconds(Math.max(0, second + 1 - elapsedS(startNs)));
        }
        double cpu = hub.cpuSeconds() - cpuBefore;
        fleet.stop();
        JobFigures figures = fleet.done(Duration.ofSeconds(20));
        judge(trial, hub, probes, figures, changes, cpu / lengthS);
    }

    private static double elapsedS(long startNs) {
        return (System.nanoTime() - startNs) / 1e9;
    }

    /// Each second one guest comes and the one that came twenty seconds before goes.
    private static int guest(Scene scene, Tunnel hub, GeneratorProcess fleet, int second) {
        int comes = PEERS + second % GUESTS;
        Uapi.set(hub.interfaceName, scene.simulatedBlock(comes, comes));
        fleet.send("add " + comes);
        if (second < GUEST_STAYS_S) {
            return 1;
        }
        int goes = PEERS + (second - GUEST_STAYS_S) % GUESTS;
        fleet.send("remove " + goes);
        Uapi.set(hub.interfaceName, "public_key=" + scene.simulatedKey(goes) + "\nremove=true\n");
        return 2;
    }

    private static void judge(
            Trial trial, Tunnel hub, List<Probe> probes, JobFigures figures, int changes, double cores) {
        Report report = trial.report;
        double minutes = trial.options.soakMinutes();
        long sent = (long) figures.number("sent");
        long answered = (long) figures.number("answered");
        report.state(
                "load over " + (int) minutes + " min",
                String.format(
                        Locale.ROOT,
                        "%d peers, %,d echoes of %d bytes each way, %s handshakes, %d peers added or removed, hub %.2f cores,"
                                + " generator %.2f cores",
                        PEERS,
                        sent,
                        ECHO_BYTES,
                        figures.text("handshakes"),
                        changes,
                        cores,
                        figures.number("cpu") / (minutes * 60)));
        report.function(
                "echoes lost",
                "≤ 0.1 % (what was under way to a guest when it left)",
                String.format(Locale.ROOT, "%,d (%.4f %%)", sent - answered, 100.0 * (sent - answered) / sent),
                sent - answered <= LOST_MAX * sent);
        report.function(
                "forged or replayed packets, seen by the peers",
                "0",
                figures.text("forgeries") + " and " + figures.text("replays"),
                figures.count("forgeries") == 0 && figures.count("replays") == 0);
        List<Probe> half = probes.subList(probes.size() / 2, probes.size());
        if (half.size() >= 3) {
            slopes(report, half);
        }
        report.state("all samples", probes.toString());
        long errors = hub.text()
                .lines()
                .filter(line -> line.contains("ERROR") || line.contains("Exception"))
                .count();
        report.function(
                "errors in the hub's log",
                "0",
                errors + " in " + hub.text().lines().count() + " lines",
                errors == 0 && hub.process.isAlive(),
                errors == 0 ? "" : hub.tail());
        if (trial.options.hubIsCulvert()) {
            report.state("counted by the hub", Uapi.drops(hub.interfaceName).toString());
        }
    }

    private static void slopes(Report report, List<Probe> half) {
        List<double[]> heap = new ArrayList<>();
        List<double[]> rss = new ArrayList<>();
        for (Probe probe : half) {
            probe.heapKib().ifPresent(kib -> heap.add(new double[] {probe.atS() / 3600, kib}));
            rss.add(new double[] {probe.atS() / 3600, probe.rssKib()});
        }
        if (!heap.isEmpty()) {
            slope(report, "heap after collection", heap, "");
        }
        slope(
                report,
                "RSS",
                rss,
                half.getLast().atS() > WARM_S
                        ? ""
                        : "the target is meant after an hour: until then the JVM still compiles");
        long descriptors = half.stream().mapToLong(Probe::descriptors).max().orElse(0)
                - half.stream().mapToLong(Probe::descriptors).min().orElse(0);
        long threads = half.stream().mapToLong(Probe::threads).max().orElse(0)
                - half.stream().mapToLong(Probe::threads).min().orElse(0);
        report.function(
                "descriptors, threads",
                "constant",
                half.getLast().descriptors() + " ± " + descriptors + ", "
                        + half.getLast().threads() + " ± " + threads,
                descriptors <= 1 && threads <= 2,
                "one connection at a time configures the peers; the JVM's compiler threads come and go");
    }

    /// Least squares.
    private static void slope(Report report, String what, List<double[]> points, String note) {
        double meanX = points.stream().mapToDouble(point -> point[0]).average().orElse(0);
        double meanY = points.stream().mapToDouble(point -> point[1]).average().orElse(0);
        double covariance = 0;
        double variance = 0;
        for (double[] point : points) {
            covariance += (point[0] - meanX) * (point[1] - meanY);
            variance += (point[0] - meanX) * (point[0] - meanX);
        }
        double perHour = covariance / variance;
        report.speed(
                what + ": slope over the second half",
                "< 1 MB/h",
                String.format(Locale.ROOT, "%+.0f KiB/h around %,.0f KiB", perHour, meanY),
                perHour < SLOPE_MAX_KIB_PER_HOUR,
                note);
    }
}
