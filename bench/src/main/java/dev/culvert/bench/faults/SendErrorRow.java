package dev.culvert.bench.faults;

import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.JobFigures;
import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// R17: the kernel refuses to send. Real refusals as far as a namespace makes them (firewall, no route, a
/// source address that is gone); the others are put in front of sendmmsg by [FaultAgent]: a full queue of the
/// network card or of the socket is hidden from an unconnected UDP socket without IP_RECVERR, and EMSGSIZE does
/// not happen with the don't-fragment bit clear.
final class SendErrorRow implements FaultRow {
    private static final int CASE_S = 30;
    private static final int CASE_QUICK_S = 3;
    private static final int NORMAL_S = 5;
    private static final int NORMAL_QUICK_S = 2;
    private static final double AFTER_S = 3;
    private static final int PINGS_PER_SECOND = 100;
    private static final int ECHOES_PER_SECOND = 200;
    private static final double MORE_CPU_MAX = 0.05;
    private static final double BACK_MAX_S = 0.5;
    /// What was under way when the fault began.
    private static final double EDGE_S = 0.3;

    private static final int PEERS = 2;
    private static final String OTHER_ADDRESS = "10.201.1.9";

    @Override
    public String id() {
        return "R17";
    }

    @Override
    public String title() {
        return "the kernel refuses to send";
    }

    @Override
    public int seconds(Options options) {
        int one = options.quick() ? CASE_QUICK_S + NORMAL_QUICK_S + 4 : CASE_S + NORMAL_S + 4;
        return 20 + one * (options.quick() ? 5 : 13);
    }

    private record Case(String name, int percent, Runnable begin, Runnable end) {}

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        boolean agent = trial.options.hubIsCulvert();
        FaultControl control = trial.add(new FaultControl());
        Tunnel hub = scene.startHub(agent ? control.environment() : Map.of());
        scene.startSpoke(hub, Map.of());
        scene.spokeKnowsLinkAddress();
        Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, 1));
        GeneratorProcess peer = scene.generator(peer(scene));
        peer.go();
        Waiting.until("the simulated peer is up", Duration.ofSeconds(15), () -> peer.progress("up") == 1);

        for (Case one : cases(scene, control, agent)) {
            run(scene, hub, one);
        }
        sourceGone(scene);

        peer.stop();
        JobFigures figures = peer.done(Duration.ofSeconds(10));
        trial.report.function(
                "counters used twice, seen by a peer over all cases",
                "0",
                figures.text("replays") + " of " + figures.text("answered") + " packets",
                figures.count("replays") == 0);
        trial.report.function(
                "the hub after all cases", "runs", hub.process.isAlive() ? "runs" : "has ended", hub.process.isAlive());
    }

    private static Map<String, Object> peer(Scene scene) {
        Map<String, Object> job = scene.job("fleet");
        job.put("peers", 1);
        job.put("source", Scene.CLIENT_FIRST);
        job.put("seconds", 3600);
        job.put("echoes", ECHOES_PER_SECOND);
        return job;
    }

    private static List<Case> cases(Scene scene, FaultControl control, boolean agent) {
        boolean quick = scene.trial.options.quick();
        List<Case> cases = new ArrayList<>();
        String drop = " OUTPUT -p udp --sport " + Scene.PORT;
        String some = drop + " -m statistic --mode random --probability 0.1 -j DROP";
        cases.add(new Case(
                "EPERM (firewall)",
                100,
                () -> scene.hubSpace.require("iptables -w -A" + drop + " -j DROP"),
                () -> scene.hubSpace.require("iptables -w -D" + drop + " -j DROP")));
        cases.add(new Case(
                "EPERM (firewall)",
                10,
                () -> scene.hubSpace.require("iptables -w -A" + some),
                () -> scene.hubSpace.require("iptables -w -D" + some)));
        cases.add(new Case(
                "ENETUNREACH (outer link down)",
                100,
                () -> scene.hubSpace.ip("link set out0 down"),
                () -> scene.hubSpace.ip("link set out0 up")));
        if (agent) {
            Map<String, Integer> injected =
                    Map.of("EAGAIN", 11, "ENOBUFS", 105, "EMSGSIZE", 90, "EIO", 5, "EINVAL", 22);
            for (String name : quick ? List.of("EAGAIN") : List.copyOf(injected.keySet())) {
                for (int percent : new int[] {100, 10}) {
                    cases.add(new Case(
                            name + " (injected)",
                            percent,
                            () -> control.sendErrors(injected.getOrDefault(name, 0), percent),
                            control::noSendErrors));
                }
            }
        }
        return cases;
    }

    private static void run(Scene scene, Tunnel hub, Case one) {
        boolean quick = scene.trial.options.quick();
        int lengthS = quick ? CASE_QUICK_S : CASE_S;
        int normalS = quick ? NORMAL_QUICK_S : NORMAL_S;
        PingRun ping = PingRun.start(
                scene.trial,
                scene.spokeSpace,
                "errors",
                Scene.HUB_INNER,
                PINGS_PER_SECOND,
                normalS + lengthS + AFTER_S,
                "");
        double normal = cores(hub, normalS);
        long linesBefore = hub.text().lines().count();
        double beginS = now();
        one.begin().run();
        double faulty = cores(hub, lengthS);
        double endS = now();
        one.end().run();
        long lines = hub.text().lines().count() - linesBefore;
        PingRun.Outcome pings = ping.outcome();

        String name = one.name() + " " + one.percent() + " %";
        Report report = scene.trial.report;
        report.speed(
                name + ": more processor time",
                "< 0.05 cores",
                String.format(Locale.ROOT, "%+.3f cores (%.3f after %.3f)", faulty - normal, faulty, normal),
                faulty - normal < MORE_CPU_MAX);
        long linesMax = PEERS * (lengthS / 10L + 1);
        report.function(
                name + ": log lines", "≤ 1 in 10 s and peer", lines + " in " + lengthS + " s", lines <= linesMax);
        double backS = pings.answers().stream()
                .filter(answer -> answer.epochS() >= endS)
                .mapToDouble(answer -> answer.epochS() - endS)
                .min()
                .orElse(Double.POSITIVE_INFINITY);
        long answered = pings.answeredBetween(beginS + EDGE_S, endS);
        report.function(
                name + ": first answer after the end",
                "with the first good send",
                String.format(Locale.ROOT, "%.3f s; meanwhile %d answers", backS, answered),
                backS <= BACK_MAX_S,
                one.percent() == 100 && answered > 0 ? "the fault did not hit every packet" : "");
    }

    /// The address that the spoke talks to is taken away, another is there: the hub must go on from it, and the
    /// spoke, which roams, follows.
    private static void sourceGone(Scene scene) {
        scene.hubSpace.require("sysctl -qw net.ipv4.conf.out0.promote_secondaries=1");
        scene.hubSpace.ip("addr add " + OTHER_ADDRESS + "/24 dev out0");
        PingRun ping = PingRun.start(scene.trial, scene.hubSpace, "source", Scene.SPOKE_INNER, PINGS_PER_SECOND, 6, "");
        Waiting.seconds(2);
        scene.hubSpace.ip("addr del " + Scene.HUB_TO_SPOKE + "/24 dev out0");
        PingRun.Outcome pings = ping.outcome();
        scene.hubSpace.ip("addr add " + Scene.HUB_TO_SPOKE + "/24 dev out0");
        scene.trial.report.function(
                "EINVAL or ENETUNREACH (source address gone, another there): pings lost",
                "≤ 1",
                pings.lost() + " of " + pings.sent(),
                pings.lost() <= 1);
    }

    private static double cores(Tunnel hub, double seconds) {
        double before = hub.cpuSeconds();
        long startNs = System.nanoTime();
        Waiting.seconds(seconds);
        return (hub.cpuSeconds() - before) / ((System.nanoTime() - startNs) / 1e9);
    }

    private static double now() {
        return System.currentTimeMillis() / 1000.0;
    }
}
