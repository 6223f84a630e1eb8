package dev.culvert.bench.faults;

import dev.culvert.bench.generator.PeerKeys;
import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import dev.culvert.crypto.PrivateKey;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// R3: hundred pings a second over three rekeys in both roles at once: the hub answers a real program's initiations,
/// and
/// the hub initiates to one. In real time, for which nothing stands in here.
final class RekeyRow implements FaultRow {
    private static final int REKEYS = 3;
    private static final int REKEY_AFTER_S = 120;
    private static final int SECONDS = REKEYS * REKEY_AFTER_S + 25;
    private static final int PINGS_PER_SECOND = 100;
    private static final int SPOKE_NUMBER = 7;
    private static final int SPOKE_PORT = 51_821;

    @Override
    public String id() {
        return "R3";
    }

    @Override
    public String title() {
        return "three rekeys under 100 pings a second, in both roles";
    }

    @Override
    public int seconds(Options options) {
        return SECONDS + 15;
    }

    @Override
    public void run(Trial trial) {
        Scene responds = new Scene(trial);
        Tunnel respondingHub = responds.startHub(Map.of());
        Tunnel initiatingSpoke = responds.startSpoke(respondingHub, Map.of());

        Scene initiates = new Scene(trial);
        Tunnel initiatingHub = initiates.startHub(Map.of());
        Tunnel respondingSpoke = spokeThatWaits(initiates, initiatingHub);

        PingRun up =
                PingRun.start(trial, responds.spokeSpace, "responder", Scene.HUB_INNER, PINGS_PER_SECOND, SECONDS, "");
        PingRun down =
                PingRun.start(trial, initiates.hubSpace, "initiator", Scene.SPOKE_INNER, PINGS_PER_SECOND, SECONDS, "");
        Set<Long> handshakesUp = new LinkedHashSet<>();
        Set<Long> handshakesDown = new LinkedHashSet<>();
        for (int second = 0; second < SECONDS; second++) {
            handshakesUp.addAll(handshakes(respondingHub));
            handshakesDown.addAll(handshakes(initiatingHub));
            Waiting.seconds(1);
        }
        judge(trial.report, "the hub responds", up.stopped(), handshakesUp.size());
        judge(trial.report, "the hub initiates", down.stopped(), handshakesDown.size());
        initiatingSpoke.close();
        respondingSpoke.close();
    }

    /// A program without an endpoint for the hub.
    private static Tunnel spokeThatWaits(Scene scene, Tunnel hub) {
        String name = scene.freshInterface();
        Tunnel spoke = Tunnel.start(scene.trial, scene.spokeSpace, name, scene.trial.options.spoke(), Map.of());
        try (PrivateKey key = PeerKeys.of(scene.run, SPOKE_NUMBER)) {
            Uapi.set(
                    name,
                    "private_key=" + key.toHex() + "\nlisten_port=" + SPOKE_PORT + "\npublic_key="
                            + scene.hubPublicKey.toHex() + "\nallowed_ip=10.77.0.0/16\n");
            scene.spokeSpace.ip("addr add " + Scene.SPOKE_INNER + "/16 dev " + name);
            scene.spokeSpace.ip("link set " + name + " mtu " + Scene.MTU + " up");
            Uapi.set(
                    hub.interfaceName,
                    "public_key=" + key.publicKey().toHex() + "\nendpoint=" + Scene.SPOKE_OUTER + ":" + SPOKE_PORT
                            + "\nallowed_ip=" + Scene.SPOKE_INNER + "/32\n");
        }
        Waiting.until(
                "the first ping from the hub",
                Duration.ofSeconds(15),
                () -> scene.hubSpace.run("ping -c 1 -W 1 " + Scene.SPOKE_INNER).exitCode() == 0);
        return spoke;
    }

    private static Set<Long> handshakes(Tunnel hub) {
        Set<Long> seconds = new LinkedHashSet<>();
        for (String line : Uapi.get(hub.interfaceName)) {
            if (line.startsWith("last_handshake_time_sec=") && !line.endsWith("=0")) {
                seconds.add(Long.parseLong(line.substring(line.indexOf('=') + 1)));
            }
        }
        return seconds;
    }

    private static void judge(Report report, String role, PingRun.Outcome pings, int handshakes) {
        report.function(
                role + ": pings lost over " + REKEYS + " rekeys",
                "0",
                String.format(
                        Locale.ROOT, "%d of %d; slowest %.1f ms", pings.lost(), pings.sent(), pings.percentileMs(1)),
                pings.lost() == 0 && pings.sent() > (SECONDS - 5) * PINGS_PER_SECOND * 0.5);
        report.function(
                role + ": rekeys seen", "≥ " + REKEYS, Integer.toString(handshakes - 1), handshakes - 1 >= REKEYS);
    }
}
