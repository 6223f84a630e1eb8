package dev.culvert.bench.faults;

import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/// The second half of R10: a hub with a journal, a thousand idle spokes, `kill -9`, and a restart without
/// endpoints. The hub must reach them again by itself.
final class WarmRestart {
    private static final int SPOKES = 1000;
    private static final int SPOKES_QUICK = 100;
    private static final int FIRST = 100;
    private static final double BACK_MAX_S = 2;
    private static final double SHARE = 0.99;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private WarmRestart() {}

    static void measure(Scene scene) {
        int spokes = scene.trial.options.quick() ? SPOKES_QUICK : SPOKES;
        Path directory = temporary();
        Map<String, String> environment =
                Map.of("CULVERT_JOURNAL", directory.resolve("peers").toString());
        Tunnel hub = scene.startHub(environment);
        String blocks = scene.simulatedBlocks(FIRST, spokes);
        Uapi.set(hub.interfaceName, blocks);
        GeneratorProcess fleet = fleet(scene, spokes);
        fleet.go();
        Waiting.until("sessions of " + spokes + " spokes", LIMIT, () -> fleet.progress("up") >= spokes);
        Waiting.seconds(2);

        hub.signal("KILL");
        hub.ended(Duration.ofSeconds(5));
        Tunnel again = Tunnel.start(
                scene.trial,
                scene.hubSpace,
                hub.interfaceName,
                scene.trial.options.hub(),
                scene.hubEnvironment(environment));
        scene.configureHub(again.interfaceName);
        Uapi.set(again.interfaceName, blocks);
        long configuredNs = System.nanoTime();
        double enough = SHARE * spokes;
        boolean back = Waiting.whether(LIMIT, () -> Uapi.peersWithHandshake(again.interfaceName) >= enough);
        double backS = (System.nanoTime() - configuredNs) / 1e9;
        fleet.stop();
        JobFigures figures = fleet.done(Duration.ofSeconds(10));
        again.close();
        scene.trial.report.speed(
                "with a journal: 99 % of " + spokes + " idle spokes have a session again",
                "≤ 2 s after the configuration",
                back ? String.format(Locale.ROOT, "%.2f s", backS) : "not within " + LIMIT.toSeconds() + " s",
                back && backS <= BACK_MAX_S,
                figures.text("hubInitiations") + " initiations of the hub");
        scene.trial.report.function("with a journal: spokes back at all", "≥ 99 %", back ? "yes" : "no", back);
        delete(directory);
    }

    /// They send nothing by themselves.
    private static GeneratorProcess fleet(Scene scene, int spokes) {
        Map<String, Object> job = scene.job("fleet");
        job.put("peers", spokes);
        job.put("first", FIRST);
        job.put("source", Scene.CLIENT_FIRST);
        job.put("spreadMs", 2000);
        job.put("seconds", 150);
        return scene.generator(job);
    }

    private static Path temporary() {
        try {
            return Files.createTempDirectory("culvert-journal");
        } catch (IOException e) {
            throw new TrialFailure("no directory for the journal", e);
        }
    }

    private static void delete(Path directory) {
        try {
            Files.deleteIfExists(directory.resolve("peers"));
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new TrialFailure("the journal's directory cannot be deleted", e);
        }
    }
}
