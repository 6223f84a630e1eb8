package dev.culvert.bench.compare;

import dev.culvert.bench.compare.Implementation.Kind;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Two spokes that reach each other through the hub, by its kernel's forwarding or by its own.
///
/// ```
///  a                            hub                            b
///  out1 10.201.1.2 ── out1 10.201.1.1, out2 10.201.2.1 ── out2 10.201.2.2
///  tunnel 10.77.0.2         tunnel 10.77.0.1           tunnel 10.77.0.3     iperf3 -s
/// ```
record SpokesStage(List<Row> rows, boolean direct) implements Stage {
    private static final String A_INNER = "10.77.0.2";
    private static final String B_INNER = "10.77.0.3";
    private static final String SETTING = "forwarding: direct";
    private static final Duration FIRST_PING_LIMIT = Duration.ofSeconds(20);
    private static final int HUB_KEY = 1;
    private static final int A_KEY = 2;
    private static final int B_KEY = 3;

    static Stage throughKernel() {
        return new SpokesStage(List.of(Row.SPOKES), false);
    }

    static Stage throughItself() {
        return new SpokesStage(List.of(Row.SPOKES_DIRECT), true);
    }

    @Override
    public void run(Visit visit) {
        Row row = rows.getFirst();
        if (visit.implementation.kind() == Kind.OPENVPN) {
            visit.absent(row, "runs between two points only here");
            return;
        }
        if (direct && !visit.implementation.isCulvert()) {
            visit.absent(row, "has no forwarding of its own");
            return;
        }
        String run = Namespace.freshRun('c');
        Namespace hubSpace = visit.owner.add(Namespace.create(run + "-hub"));
        Namespace a = visit.owner.add(Namespace.create(run + "-a"));
        Namespace b = visit.owner.add(Namespace.create(run + "-b"));
        hubSpace.link("out1", "10.201.1.1", a, "10.201.1.2");
        hubSpace.link("out2", "10.201.2.1", b, "10.201.2.2");
        hubSpace.require("sysctl -qw net.ipv4.ip_forward=1");
        Node hub;
        try {
            hub = Node.start(
                    visit.owner,
                    hubSpace,
                    run + "h",
                    visit.implementation,
                    direct ? settings(visit.owner.log("settings")) : Map.of());
        } catch (TrialFailure e) {
            if (direct && String.valueOf(e.getMessage()).contains("forwarding")) {
                visit.absent(row, "this build does not know `" + SETTING + "`");
                return;
            }
            throw e;
        }
        hub.configure(new Conf(run, HUB_KEY)
                .peer(A_KEY, A_INNER + "/32")
                .peer(B_KEY, B_INNER + "/32")
                .forStandardInput());
        hub.up("10.77.0.1/24");
        spoke(visit, run, a, "a", A_KEY, A_INNER, "10.201.1.1");
        spoke(visit, run, b, "b", B_KEY, B_INNER, "10.201.2.1");
        firstPing(b, "10.77.0.1");
        firstPing(a, B_INNER);
        Iperf.serve(visit.owner, b);
        Pair.tcp(hub, a, B_INNER, visit.options.warmSeconds(), "");
        visit.measured(row, Pair.tcp(hub, a, B_INNER, visit.options.seconds(), ""));
    }

    private static Map<String, String> settings(Path file) {
        try {
            Files.writeString(file, SETTING + "\n");
        } catch (IOException e) {
            throw new TrialFailure("the hub's settings cannot be written: " + e.getMessage(), e);
        }
        return Map.of("CULVERT_SETTINGS", file.toAbsolutePath().toString());
    }

    private static void spoke(
            Visit visit, String run, Namespace space, String letter, int key, String inner, String hubOuter) {
        Node spoke = Node.start(visit.owner, space, run + letter, visit.client, Map.of());
        spoke.configure(new Conf(run, key)
                .peer(HUB_KEY, "10.77.0.0/24")
                .endpoint(hubOuter)
                .forStandardInput());
        spoke.up(inner + "/24");
    }

    private static void firstPing(Namespace from, String target) {
        Waiting.until(
                "the first ping from " + from.name() + " to " + target,
                FIRST_PING_LIMIT,
                () -> from.run("ping -c 1 -W 1 " + target).exitCode() == 0);
    }
}
