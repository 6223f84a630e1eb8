package dev.culvert.bench.faults;

import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/// R16: the hub's wall clock goes back an hour ([FaultAgent], since the machine's clock is everyone's), and the hub is
/// stopped for longer than a key may live.
final class ClockRow implements FaultRow {
    private static final int STEP_S = -3600;
    private static final int STOPPED_S = 200;
    private static final int PINGS_PER_SECOND = 50;
    private static final int SOURCE_PORT = 40_001;
    private static final int ECHOES_PER_SECOND = 50;
    private static final Duration REHANDSHAKE_LIMIT = Duration.ofSeconds(30);

    @Override
    public String id() {
        return "R16";
    }

    @Override
    public String title() {
        return "the wall clock goes back; the process is stopped for 200 s";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 40 : 270;
    }

    @Override
    public void run(Trial trial) {
        if (trial.options.hubIsCulvert()) {
            wallClock(new Scene(trial));
        }
        if (!trial.options.quick()) {
            stopped(new Scene(trial));
        }
    }

    private static Map<String, Object> fleet(Scene scene) {
        Map<String, Object> job = scene.job("fleet");
        job.put("peers", 1);
        job.put("source", Scene.CLIENT_FIRST);
        job.put("sourcePort", SOURCE_PORT);
        job.put("seconds", 3600);
        return job;
    }

    /// The hub initiates to a peer that never does; a peer that has forgotten its session makes it do so again.
    private static void wallClock(Scene scene) {
        Trial trial = scene.trial;
        FaultControl control = trial.add(new FaultControl());
        Tunnel hub = scene.startHub(control.environment());
        Tunnel spoke = scene.startSpoke(hub, Map.of());
        Uapi.set(
                hub.interfaceName,
                scene.simulatedBlock(0, 0) + "endpoint=" + Scene.CLIENT_FIRST + ":" + SOURCE_PORT + "\n");
        Map<String, Object> job = fleet(scene);
        job.put("begin", 0);
        GeneratorProcess peer = scene.generator(job);
        peer.go();
        PingRun ours = PingRun.start(
                trial, scene.hubSpace, "wall-hub", Scene.SIMULATED_INNER_FIRST, PINGS_PER_SECOND, 120, "");
        Waiting.until(
                "the hub's session with the simulated peer",
                Duration.ofSeconds(15),
                () -> Uapi.peersWithHandshake(hub.interfaceName) == 2);
        PingRun theirs =
                PingRun.start(trial, scene.spokeSpace, "wall-spoke", Scene.HUB_INNER, PINGS_PER_SECOND, 120, "");
        Waiting.seconds(1);
        control.wallStep(STEP_S);
        Waiting.seconds(3);
        PingRun.Outcome theirOutcome = theirs.stopped();
        trial.report.function(
                "wall clock −1 h: pings lost by a running session",
                "0",
                theirOutcome.lost() + " of " + theirOutcome.sent(),
                theirOutcome.lost() == 0 && theirOutcome.sent() > 0);

        double steppedS = System.currentTimeMillis() / 1000.0;
        peer.send("remove 0");
        boolean again = Waiting.whether(REHANDSHAKE_LIMIT, () -> handshakeIsOld(hub, steppedS));
        ours.stopped();
        peer.stop();
        JobFigures figures = peer.done(Duration.ofSeconds(10));
        int initiations = figures.count("hubInitiations");
        trial.report.function(
                "wall clock −1 h: the hub initiates again, and its timestamps rise",
                "yes",
                initiations + " initiations accepted, " + figures.text("staleInitiations") + " not risen",
                again && initiations >= 2 && figures.count("staleInitiations") == 0,
                again ? "the clock was an hour behind: the last handshake carries the earlier time" : "");
        spoke.close();
    }

    /// Shows that the step took effect: a handshake after it, dated before it.
    private static boolean handshakeIsOld(Tunnel hub, double steppedS) {
        return Uapi.get(hub.interfaceName).stream()
                .filter(line -> line.startsWith("last_handshake_time_sec="))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf('=') + 1)))
                .anyMatch(second -> second != 0 && second < steppedS + STEP_S / 2.0);
    }

    private static void stopped(Scene scene) {
        Trial trial = scene.trial;
        Tunnel hub = scene.startHub(Map.of());
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, 1));
        Map<String, Object> job = fleet(scene);
        job.put("echoes", ECHOES_PER_SECOND);
        GeneratorProcess peer = scene.generator(job);
        peer.go();
        Waiting.until("the simulated peer is up", Duration.ofSeconds(15), () -> peer.progress("answered") > 0);
        PingRun ours = PingRun.start(
                trial, scene.hubSpace, "stopped", Scene.SIMULATED_INNER_FIRST, PINGS_PER_SECOND, STOPPED_S + 40, "");
        Waiting.seconds(1);
        hub.signal("STOP");
        Waiting.seconds(STOPPED_S);
        double answeredBefore = peer.progress("answered");
        hub.signal("CONT");
        long startNs = System.nanoTime();
        boolean back = Waiting.whether(Duration.ofSeconds(20), () -> peer.progress("answered") > answeredBefore);
        double tookS = (System.nanoTime() - startNs) / 1e9;
        Waiting.seconds(2);
        ours.stopped();
        peer.stop();
        JobFigures figures = peer.done(Duration.ofSeconds(10));
        trial.report.function(
                "stopped for 200 s: packets of the hub under a key of 180 s or more",
                "0",
                figures.text("expired"),
                figures.count("expired") == 0);
        trial.report.function(
                "stopped for 200 s: the session is back",
                "yes",
                back ? String.format(Locale.ROOT, "within %.1f s", tookS) : "not within 20 s",
                back);
        if (trial.options.hubIsCulvert()) {
            trial.report.state(
                    "stopped for 200 s: counted by the hub",
                    Uapi.drops(hub.interfaceName).toString());
        }
    }
}
