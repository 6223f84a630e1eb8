package dev.culvert.bench.faults;

import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// R18: the interface goes down and up, changes its MTU while packets flow, and is deleted.
final class LinkRow implements FaultRow {
    private static final int[] MTUS = {576, 1280, 1420, 1500, 4000, 9000, 40_000, 65_535, 1420};
    /// The outer packet of a larger one would not fit into IPv4.
    private static final int INNER_MAX = 65_400;

    private static final int PING_HEADERS = 28;
    private static final int DOWN_UPS = 5;
    private static final Duration BACK_LIMIT = Duration.ofSeconds(10);
    private static final double END_MAX_S = 1;

    @Override
    public String id() {
        return "R18";
    }

    @Override
    public String title() {
        return "the link goes down, up, changes its MTU, is deleted";
    }

    @Override
    public int seconds(Options options) {
        return 40;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        Tunnel hub = scene.startHub(Map.of());
        Tunnel spoke = scene.startSpoke(hub, Map.of());
        downUp(scene, hub);
        mtu(scene, hub, spoke);
        delete(scene, hub);
    }

    private static void downUp(Scene scene, Tunnel hub) {
        Report report = scene.trial.report;
        int closed = 0;
        int back = 0;
        double slowestS = 0;
        long unknownBefore = Uapi.drops(hub.interfaceName).getOrDefault("unknown_index", 0L);
        for (int i = 0; i < DOWN_UPS; i++) {
            scene.hubSpace.ip("link set " + hub.interfaceName + " down");
            closed += Waiting.whether(Duration.ofSeconds(2), () -> !portIsOpen(scene)) ? 1 : 0;
            scene.hubSpace.ip("link set " + hub.interfaceName + " up");
            Waiting.whether(Duration.ofSeconds(2), () -> portIsOpen(scene));
            // The spoke does not know yet: it sends with the old session, which must be gone.
            scene.spokeSpace.run("ping -c 2 -i 0.2 -W 0.2 " + Scene.HUB_INNER);
            long startNs = System.nanoTime();
            back += Waiting.whether(
                            BACK_LIMIT,
                            () -> scene.hubSpace
                                            .run("ping -c 1 -W 1 " + Scene.SPOKE_INNER)
                                            .exitCode()
                                    == 0)
                    ? 1
                    : 0;
            slowestS = Math.max(slowestS, (System.nanoTime() - startNs) / 1e9);
        }
        report.function("link down closes the UDP sockets", "5 of 5", closed + " of " + DOWN_UPS, closed == DOWN_UPS);
        report.function(
                "link up: the hub's first packet makes a new session",
                "5 of 5",
                back + " of " + DOWN_UPS + String.format(Locale.ROOT, ", slowest %.2f s", slowestS),
                back == DOWN_UPS);
        if (scene.trial.options.hubIsCulvert()) {
            long unknown = Uapi.drops(hub.interfaceName).getOrDefault("unknown_index", 0L) - unknownBefore;
            report.function(
                    "data of a session from before the link went down",
                    "refused each time",
                    unknown + " packets refused",
                    unknown >= DOWN_UPS);
        }
    }

    private static boolean portIsOpen(Scene scene) {
        String open = ":" + String.format(Locale.ROOT, "%04X", Scene.PORT) + " ";
        return scene.hubSpace.require("cat /proc/net/udp").contains(open);
    }

    private static void mtu(Scene scene, Tunnel hub, Tunnel spoke) {
        List<String> failed = new ArrayList<>();
        PingRun steady = PingRun.start(scene.trial, scene.spokeSpace, "mtu", Scene.HUB_INNER, 50, 60, "");
        for (int mtu : MTUS) {
            scene.hubSpace.ip("link set " + hub.interfaceName + " mtu " + mtu);
            scene.spokeSpace.ip("link set " + spoke.interfaceName + " mtu " + mtu);
            int payload = Math.min(mtu, INNER_MAX) - PING_HEADERS;
            String words = "ping -c 3 -i 0.05 -W 1 -M do -s " + payload + " ";
            if (scene.spokeSpace.run(words + Scene.HUB_INNER).exitCode() != 0
                    || scene.hubSpace.run(words + Scene.SPOKE_INNER).exitCode() != 0) {
                failed.add(Integer.toString(mtu));
            }
            Waiting.seconds(0.2);
        }
        PingRun.Outcome small = steady.stopped();
        scene.trial.report.function(
                "MTU 576 to 65535 while running: full packets pass both ways",
                MTUS.length + " of " + MTUS.length,
                MTUS.length - failed.size() + " of " + MTUS.length,
                failed.isEmpty(),
                failed.isEmpty() ? "" : "failed with MTU " + failed);
        scene.trial.report.function(
                "small packets lost meanwhile",
                "0",
                small.lost() + " of " + small.sent(),
                small.lost() == 0 && small.sent() > 0);
    }

    private static void delete(Scene scene, Tunnel hub) {
        long startNs = System.nanoTime();
        scene.hubSpace.ip("link del " + hub.interfaceName);
        boolean ended = hub.ended(Duration.ofSeconds(10));
        double tookS = (System.nanoTime() - startNs) / 1e9;
        int code = ended ? hub.process.exitValue() : -1;
        boolean socketGone = !Files.exists(Uapi.socketOf(hub.interfaceName));
        scene.trial.report.function(
                "link deleted: the program ends, its socket gone",
                "exit code 0",
                "exit code " + code + (socketGone ? ", socket gone" : ", socket left"),
                ended && code == 0 && socketGone);
        scene.trial.report.speed(
                "link deleted: end", "≤ 1 s", String.format(Locale.ROOT, "%.2f s", tookS), ended && tookS <= END_MAX_S);
    }
}
