package dev.culvert.bench.faults;

import dev.culvert.bench.generator.FloodKind;
import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/// R14: honest clients connect while the hub is flooded with initiations from spoofed addresses that have a right mac1.
/// The clients are complete (cookies, retransmission after 5 s and up to 333 ms) and count from their own first try.
final class LoadedConnectRow implements FaultRow {
    private static final int CLIENTS = 100;
    private static final int ROUNDS = 3;
    private static final int IN_TIME_S = 11;
    private static final int LIMIT_S = 25;
    private static final int SPREAD_MS = 2000;
    private static final int HEAD_START_S = 2;

    @Override
    public String id() {
        return "R14";
    }

    @Override
    public String title() {
        return "honest clients connect under a spoofed flood with right mac1";
    }

    @Override
    public int seconds(Options options) {
        return (options.quick() ? 1 : ROUNDS + 1) * (LIMIT_S + 6) + 8;
    }

    @Override
    public void run(Trial trial) {
        int rounds = trial.options.quick() ? 1 : ROUNDS;
        int all = CLIENTS * rounds;
        Scene scene = new Scene(trial);
        FloodCount.install(scene);
        Tunnel hub = scene.startHub(Map.of());
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, all + CLIENTS));
        if (!trial.options.quick()) {
            JobFigures cold = round(scene, "just started", all);
            trial.report.state(
                    "clients of a hub that was started two seconds before",
                    cold.text("inTime") + " of " + CLIENTS + " in time, slowest " + cold.text("connectMax") + " s");
        }
        int inTime = 0;
        double slowest = 0;
        StringBuilder each = new StringBuilder();
        for (int round = 0; round < rounds; round++) {
            JobFigures figures = round(scene, "round " + (round + 1), round * CLIENTS);
            inTime += figures.count("inTime");
            slowest = Math.max(slowest, figures.number("connectMax"));
            each.append(String.format(
                    Locale.ROOT,
                    "%s median %s s, p99 %s s, %s cookies",
                    round == 0 ? "" : ";",
                    figures.text("connectP50"),
                    figures.text("connectP99"),
                    figures.text("cookieReplies")));
        }
        trial.report.function(
                "clients with a session within two retransmissions (" + IN_TIME_S + " s)",
                "≥ 99 %",
                inTime + " of " + all,
                inTime * 100 >= 99 * all,
                "rounds of " + CLIENTS + ":" + each + String.format(Locale.ROOT, "; slowest %.2f s", slowest));
        if (trial.options.hubIsCulvert()) {
            trial.report.state(
                    "counted by the hub", Uapi.drops(hub.interfaceName).toString());
        }
    }

    private static JobFigures round(Scene scene, String name, int first) {
        Map<String, Object> job = scene.job("fleet");
        job.put("peers", CLIENTS);
        job.put("first", first);
        job.put("source", Scene.CLIENT_FIRST);
        job.put("seconds", LIMIT_S);
        job.put("untilUp", "yes");
        job.put("spreadMs", SPREAD_MS);
        job.put("inTime", IN_TIME_S);
        job.put("prepared", 3);
        GeneratorProcess clients = scene.generator(job);
        GeneratorProcess flood =
                scene.generator(FloodRow.job(scene, FloodKind.RANDOM_EPHEMERAL, HEAD_START_S + LIMIT_S + 2));
        flood.go();
        Waiting.seconds(HEAD_START_S);
        FloodCount before = FloodCount.of(scene);
        clients.go();
        JobFigures figures = clients.done(Duration.ofSeconds(LIMIT_S + 10));
        FloodCount during = FloodCount.of(scene).since(before);
        flood.stop();
        JobFigures floodFigures = flood.done(Duration.ofSeconds(10));
        scene.trial.report.state(
                "flood, " + name,
                String.format(
                        Locale.ROOT,
                        "%s/s; %,d of %,d answered with a cookie while the clients connected",
                        floodFigures.text("rate"),
                        during.packetsOut(),
                        during.packetsIn()));
        return figures;
    }
}
