package dev.culvert.bench.faults;

import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import java.time.Duration;
import java.util.Map;

/// R15: a client changes its address and port in mid-stream, again and again, while the hub also sends to it unasked.
final class RoamingRow implements FaultRow {
    private static final int MOVES = 1000;
    private static final int MOVES_QUICK = 200;
    private static final int PER_MOVE = 3;
    private static final int UNASKED_PER_SECOND = 500;
    private static final int LIMIT_S = 120;

    @Override
    public String id() {
        return "R15";
    }

    @Override
    public String title() {
        return "roaming in mid-stream";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 6 : 15;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        Tunnel hub = scene.startHub(Map.of());
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, 1));
        Map<String, Object> job = scene.job("roam");
        int moves = trial.options.quick() ? MOVES_QUICK : MOVES;
        job.put("moves", moves);
        job.put("perMove", PER_MOVE);
        job.put("source", Scene.CLIENT_FIRST);
        job.put("sources", 251);
        GeneratorProcess client = scene.generator(job);
        client.go();
        client.await("up", Duration.ofSeconds(35));
        PingRun unasked = PingRun.start(
                trial, scene.hubSpace, "unasked", Scene.SIMULATED_INNER_FIRST, UNASKED_PER_SECOND, LIMIT_S, "");
        JobFigures figures = client.done(Duration.ofSeconds(LIMIT_S));
        unasked.close();
        int done = figures.count("moves");
        int lost = figures.count("lost");
        int lateReplies = figures.count("lateReplies");
        int late = figures.count("lateUnaskedMax");
        trial.report.function("moves", Integer.toString(moves), Integer.toString(done), done == moves);
        trial.report.function(
                "lost of " + figures.text("sent") + " echoes from the client", "0", Integer.toString(lost), lost == 0);
        trial.report.function(
                "answers that went to the old place", "0", Integer.toString(lateReplies), lateReplies == 0);
        trial.report.function(
                "unasked packets to the old place after the first answer at the new one, most in a move",
                "≤ 1",
                late + " (" + figures.text("lateUnasked") + " in all, of " + figures.text("unasked") + ")",
                late <= 1);
    }
}
