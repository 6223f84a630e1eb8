package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// L2: ten thousand peers, each with a session, the keypair before it, and a packet each way. Memory is the
/// growth of RSS after the start, a minute after the last packet. No target for handshakes: R12 has it.
final class SessionListRow implements FaultRow {
    private static final int PEERS = 10_000;
    private static final int PEERS_QUICK = 300;
    private static final int SPREAD_MS = 10_000;
    private static final int SPREAD_MS_QUICK = 1000;
    private static final int HANDSHAKES = 2;
    private static final int READY_MAX_S = 60;
    private static final int ECHOES_PER_SECOND = 2500;
    private static final int ECHO_MAX_S = 30;
    private static final int SETTLE_S = 60;
    private static final double KIB_MAX = 6;

    @Override
    public String id() {
        return "L2";
    }

    @Override
    public String title() {
        return "a long list of sessions";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 30 : 190;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        double each = eachKib(scene, trial.options.hub(), scene.startHub(Map.of()));
        Tunnel reference = scene.startReference();
        double eachOfReference = eachKib(scene, trial.options.spoke(), reference);
        trial.report.speed(
                String.format(
                        Locale.ROOT,
                        "%,d peers with a session, the one before it and a packet each way: RSS each",
                        peers(trial)),
                "≤ " + KIB_MAX + " KiB",
                ListHub.text(each, "KiB"),
                each <= KIB_MAX,
                ListHub.programOf(trial.options.spoke()) + " " + ListHub.text(eachOfReference, "KiB"));
    }

    private static int peers(Trial trial) {
        return trial.options.quick() ? PEERS_QUICK : PEERS;
    }

    private static double eachKib(Scene scene, List<String> program, Tunnel hub) {
        boolean quick = scene.trial.options.quick();
        int peers = peers(scene.trial);
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, 1));
        Waiting.seconds(1);
        long before = Figures.rssKib(hub.pid());
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, peers));
        Map<String, Object> job = scene.job("fleet");
        job.put("peers", peers);
        job.put("source", Scene.FLOOD_FIRST);
        job.put("spreadMs", quick ? SPREAD_MS_QUICK : SPREAD_MS);
        job.put("handshakes", HANDSHAKES);
        job.put("confirm", "yes");
        job.put("seconds", 300);
        GeneratorProcess fleet = scene.generator(job);
        fleet.go();
        Waiting.until(
                "two handshakes of each peer", Duration.ofSeconds(READY_MAX_S), () -> fleet.progress("ready") == peers);
        fleet.send("echoes " + ECHOES_PER_SECOND);
        Waiting.until(
                "an echo of each peer", Duration.ofSeconds(ECHO_MAX_S), () -> fleet.progress("answered") >= peers);
        fleet.send("echoes 0");
        Waiting.seconds(quick ? 1 : SETTLE_S);
        double eachKib = (double) (Figures.rssKib(hub.pid()) - before) / peers;
        scene.trial.report.function(
                "peers that " + ListHub.programOf(program) + " knows to be up",
                "all",
                Uapi.peersWithHandshake(hub.interfaceName) + " of " + peers,
                Uapi.peersWithHandshake(hub.interfaceName) == peers,
                fleet.progress());
        fleet.stop();
        fleet.done(Duration.ofSeconds(20));
        hub.close();
        return eachKib;
    }
}
