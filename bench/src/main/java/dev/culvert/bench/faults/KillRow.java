package dev.culvert.bench.faults;

import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// R10: `kill -9` and a restart within five seconds, configured as before but without endpoints, as from a
/// file. A client that sends and one that only keeps alive must come back by their own timers; with a journal,
/// [WarmRestart] asks for more.
final class KillRow implements FaultRow {
    private static final int IDLE_NUMBER = 3;
    private static final String IDLE_INNER = "10.77.0.3";
    private static final int KEEPALIVE_S = 25;
    private static final double READY_MAX_S = 3;
    /// The clients' dead-peer timer, 15 s and up to 333 ms, and a tenth for what they send ten times a second.
    private static final double SENDING_MAX_S = 15.5;

    private static final double IDLE_MAX_S = 120 + KEEPALIVE_S;
    private static final int PINGS_PER_SECOND = 10;
    private static final int SENDING_LIMIT_S = 30;

    @Override
    public String id() {
        return "R10";
    }

    @Override
    public String title() {
        return "kill -9 and restart";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 70 : 220;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        Tunnel hub = scene.startHub(Map.of());
        scene.startSpoke(hub, Map.of());
        String idleBlock = scene.startIdle(hub, IDLE_NUMBER, IDLE_INNER, KEEPALIVE_S);
        Report report = trial.report;
        PingRun sending = PingRun.start(
                trial, scene.spokeSpace, "sending", Scene.HUB_INNER, PINGS_PER_SECOND, SENDING_LIMIT_S + 4, "");
        Waiting.seconds(2);

        double killedS = System.currentTimeMillis() / 1000.0;
        hub.signal("KILL");
        hub.ended(Duration.ofSeconds(5));
        report.state(
                "after kill -9",
                "socket file " + (Files.exists(Uapi.socketOf(hub.interfaceName)) ? "left" : "gone") + ", link "
                        + (scene.hubSpace.hasLink(hub.interfaceName) ? "left" : "gone"));
        long startNs = System.nanoTime();
        Tunnel again = Tunnel.start(
                trial, scene.hubSpace, hub.interfaceName, trial.options.hub(), scene.hubEnvironment(Map.of()));
        double readyS = (System.nanoTime() - startNs) / 1e9;
        scene.configureHub(again.interfaceName);
        Uapi.set(again.interfaceName, scene.spokeBlock() + idleBlock);
        double restartedS = System.currentTimeMillis() / 1000.0;
        report.speed(
                "restart: management socket answers (a stale one lay there)",
                "≤ 3 s",
                String.format(Locale.ROOT, "%.2f s", readyS),
                readyS <= READY_MAX_S);
        report.speed(
                "restarted and configured",
                "≤ 5 s after the kill",
                String.format(Locale.ROOT, "%.2f s", restartedS - killedS),
                restartedS - killedS <= 5);

        double afterS = restartedS;
        Waiting.whether(
                Duration.ofSeconds(SENDING_LIMIT_S), () -> sending.soFar().answeredBetween(afterS, afterS + 60) > 0);
        double backS = sending.stopped().answers().stream()
                .filter(answer -> answer.epochS() > restartedS)
                .mapToDouble(answer -> answer.epochS() - killedS)
                .min()
                .orElse(Double.POSITIVE_INFINITY);
        report.function(
                "a client that sends is back after the kill",
                "≤ 15.4 s and a round trip",
                String.format(Locale.ROOT, "%.2f s", backS),
                backS <= SENDING_MAX_S);
        if (!trial.options.quick()) {
            idle(scene, again, killedS);
        }
        again.close();
        if (trial.options.hubIsCulvert()) {
            WarmRestart.measure(scene);
        }
    }

    private static void idle(Scene scene, Tunnel hub, double killedS) {
        String key = "public_key=" + scene.simulatedKey(IDLE_NUMBER);
        boolean back = Waiting.whether(
                Duration.ofSeconds((long) IDLE_MAX_S + 20), () -> hasHandshake(Uapi.get(hub.interfaceName), key));
        double tookS = System.currentTimeMillis() / 1000.0 - killedS;
        scene.trial.report.function(
                "an idle client with persistent keepalive " + KEEPALIVE_S + " s is back",
                "≤ 120 s + its interval",
                back ? String.format(Locale.ROOT, "%.1f s", tookS) : "not within " + (int) tookS + " s",
                back && tookS <= IDLE_MAX_S);
    }

    private static boolean hasHandshake(List<String> lines, String key) {
        boolean mine = false;
        for (String line : lines) {
            if (line.startsWith("public_key=")) {
                mine = line.equals(key);
            } else if (mine && line.startsWith("last_handshake_time_sec=")) {
                return !line.endsWith("=0");
            }
        }
        return false;
    }
}
