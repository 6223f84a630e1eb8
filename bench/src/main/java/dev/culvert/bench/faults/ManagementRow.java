package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/// R20: a large set, `wg show` again and again beside a flow, a reader that never reads, idle connections.
final class ManagementRow implements FaultRow {
    private static final int PEERS = 10_000;
    private static final int IDLE_CONNECTIONS = 100;
    private static final int SHOWS_PER_SECOND = 10;
    private static final double SET_MAX_S = 2;
    private static final double GET_MAX_S = 0.5;
    private static final double LOSS_MAX = 0.05;
    private static final int ROUNDS = 3;
    /// The row asks for a load of this class; at full speed every question takes its CPU time from the flow.
    private static final int PACED_MBIT = 1_000;
    /// The hub closes idle connections after a minute.
    private static final Duration IDLE_LIMIT = Duration.ofSeconds(75);

    @Override
    public String id() {
        return "R20";
    }

    @Override
    public String title() {
        return "a large set, wg show beside a flow, readers that never read, idle connections";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 100 : 220;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        Tunnel hub = scene.startHub(Map.of());
        scene.startSpoke(hub, Map.of());
        List<SocketChannel> idle = new ArrayList<>();
        try (SocketChannel stuck = Uapi.connect(hub.interfaceName)) {
            for (int i = 0; i < IDLE_CONNECTIONS; i++) {
                idle.add(Uapi.connect(hub.interfaceName));
            }
            long openedNs = System.nanoTime();
            String peers = peers(PEERS);
            largeSet(scene, hub, peers);
            Tunnel other = idleProgram(scene, peers);
            long rssKib = Figures.rssKib(hub.pid());
            stuck.write(ByteBuffer.wrap("get=1\n\n".getBytes(StandardCharsets.US_ASCII)));
            shows(scene, hub, other);
            trial.report.state(
                    "resident memory of the hub, " + PEERS + " peers: before and after the gets",
                    rssKib / 1024 + " and " + Figures.rssKib(hub.pid()) / 1024 + " MiB");
            idleOnesAreClosed(trial, idle, openedNs);
        } catch (IOException e) {
            throw new TrialFailure("the management socket failed: " + e.getMessage(), e);
        } finally {
            for (SocketChannel channel : idle) {
                close(channel);
            }
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new TrialFailure("a connection cannot be closed: " + e.getMessage(), e);
        }
    }

    /// Any 32 bytes are a public key; the prefixes are three of IPv4 and two of IPv6.
    static String peers(int count) {
        SplittableRandom random = new SplittableRandom(20);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append("public_key=");
            for (int word = 0; word < 4; word++) {
                text.append(String.format(Locale.ROOT, "%016x", random.nextLong()));
            }
            text.append("\nreplace_allowed_ips=true\n");
            for (int net = 0; net < 3; net++) {
                text.append("allowed_ip=10.")
                        .append(100 + net)
                        .append('.')
                        .append(i >> 8)
                        .append('.')
                        .append(i & 0xff)
                        .append("/32\n");
            }
            for (int net = 0; net < 2; net++) {
                text.append(String.format(Locale.ROOT, "allowed_ip=fd%02x::%x/128\n", net + 1, i + 1));
            }
        }
        return text.toString();
    }

    /// The hub's peers once more, in a program that has nothing to carry.
    private static Tunnel idleProgram(Scene scene, String peers) {
        Trial trial = scene.trial;
        String name = scene.freshInterface();
        Tunnel idle =
                Tunnel.start(trial, scene.generatorSpace, name, trial.options.hub(), scene.hubEnvironment(Map.of()));
        Uapi.set(name, scene.spokeBlock() + peers);
        return idle;
    }

    private static void largeSet(Scene scene, Tunnel hub, String peers) {
        long startNs = System.nanoTime();
        Uapi.set(hub.interfaceName, peers);
        double setS = (System.nanoTime() - startNs) / 1e9;
        startNs = System.nanoTime();
        Uapi.set(hub.interfaceName, peers);
        double againS = (System.nanoTime() - startNs) / 1e9;
        Report report = scene.trial.report;
        report.speed(
                PEERS + " peers with 5 prefixes each, set in one request",
                "≤ 2 s",
                String.format(Locale.ROOT, "%.2f s", setS),
                setS <= SET_MAX_S);
        report.speed(
                "the same again, which changes nothing",
                "≤ 2 s",
                String.format(Locale.ROOT, "%.2f s", againS),
                againS <= SET_MAX_S);
        long known = count(Uapi.get(hub.interfaceName), "public_key=");
        report.function(
                "peers and prefixes that a get then tells",
                (PEERS + 1) + " and " + (5 * PEERS + 1),
                known + " and " + count(Uapi.get(hub.interfaceName), "allowed_ip="),
                known == PEERS + 1 && count(Uapi.get(hub.interfaceName), "allowed_ip=") == 5 * PEERS + 1);
    }

    private static long count(List<String> answer, String key) {
        return answer.stream().filter(line -> line.startsWith(key)).count();
    }

    /// Flows alone, beside `wg show` of the hub, and beside `wg show` of a program that carries nothing: what the
    /// questions cost any machine is not the hub's data path's. A flow of 1 Gbit/s must keep its rate; one at full
    /// speed has both cores, and gives up what wg itself takes. One reader never reads meanwhile.
    private static void shows(Scene scene, Tunnel hub, Tunnel other) {
        Report report = scene.trial.report;
        int seconds = scene.trial.options.quick() ? 3 : 11;
        List<Double> alone = new ArrayList<>();
        List<Double> beside = new ArrayList<>();
        List<Double> besideOther = new ArrayList<>();
        List<Double> pacedAlone = new ArrayList<>();
        List<Double> pacedBeside = new ArrayList<>();
        Shows all = new Shows();
        for (int round = 0; round < (scene.trial.options.quick() ? 1 : ROUNDS); round++) {
            alone.add(Flow.start(scene, seconds).meanMbit());
            besideOther.add(Shows.during(other.interfaceName, Flow.start(scene, seconds)).meanMbit);
            Shows shows = Shows.during(hub.interfaceName, Flow.start(scene, seconds));
            beside.add(shows.meanMbit);
            all.add(shows);
            pacedAlone.add(Flow.paced(scene, seconds, PACED_MBIT).meanMbit());
            shows = Shows.during(hub.interfaceName, Flow.paced(scene, seconds, PACED_MBIT));
            pacedBeside.add(shows.meanMbit);
            all.add(shows);
        }
        report.function(
                "`wg show` beside a flow, " + IDLE_CONNECTIONS + " idle connections and a reader that never reads:"
                        + " answered",
                "all",
                all.answered + " of " + all.asked,
                all.answered == all.asked && all.asked > 0);
        report.speed(
                "the slowest of them",
                "≤ 0.5 s",
                String.format(Locale.ROOT, "%.2f s (on average %.3f s)", all.slowestS, all.sumS / all.asked),
                all.slowestS <= GET_MAX_S);
        String what =
                "a flow at full speed beside " + SHOWS_PER_SECOND + " `wg show` a second of " + PEERS + " peers, of ";
        String note = String.format(
                Locale.ROOT,
                "%.0f Mbit/s; alone %.0f, beside as many `wg show` of a program without traffic %.0f; wg itself took"
                        + " %.2f cores",
                Flow.mean(beside),
                Flow.mean(alone),
                Flow.mean(besideOther),
                all.wgCores());
        double ofAlone = Flow.mean(beside) / Flow.mean(alone);
        double ofOther = Flow.mean(beside) / Flow.mean(besideOther);
        double paced = Flow.mean(pacedBeside) / Flow.mean(pacedAlone);
        report.speed(
                "a flow of " + PACED_MBIT + " Mbit/s beside them, of one alone",
                "≥ 95 %",
                percent(paced),
                paced >= 1 - LOSS_MAX,
                String.format(Locale.ROOT, "%.0f and %.0f Mbit/s", Flow.mean(pacedBeside), Flow.mean(pacedAlone)));
        report.state(what + "a flow alone", percent(ofAlone) + "; " + note);
        report.speed(
                what + "one beside those of a program without traffic",
                "≥ 95 %",
                percent(ofOther),
                ofOther >= 1 - LOSS_MAX);
    }

    private static String percent(double ratio) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * ratio);
    }

    /// What came of `wg show IF dump`, ten times a second.
    private static final class Shows {
        int asked;
        int answered;
        double slowestS;
        double sumS;
        double meanMbit;
        private double wgCpuS;
        private double lengthS;

        static Shows during(String interfaceName, Flow flow) {
            Shows shows = new Shows();
            long startNs = System.nanoTime();
            shows.meanMbit = flow.meanMbitBeside(SHOWS_PER_SECOND, () -> shows.ask(interfaceName));
            shows.lengthS = (System.nanoTime() - startNs) / 1e9;
            return shows;
        }

        /// The shell's `times` tells what wg has used.
        private void ask(String interfaceName) {
            long startNs = System.nanoTime();
            Shell.Result result = Shell.run(
                    Shell.LIMIT, "", List.of("sh", "-c", "wg show " + interfaceName + " dump | wc -l; times"));
            double tookS = (System.nanoTime() - startNs) / 1e9;
            List<String> lines = result.output().lines().toList();
            asked++;
            answered += lines.getFirst().strip().equals(String.valueOf(PEERS + 2)) ? 1 : 0;
            slowestS = Math.max(slowestS, tookS);
            sumS += tookS;
            for (String time : lines.getLast().split(" ", -1)) {
                int minutes = time.indexOf('m');
                wgCpuS += 60 * Integer.parseInt(time.substring(0, minutes))
                        + Double.parseDouble(time.substring(minutes + 1, time.length() - 1));
            }
        }

        void add(Shows other) {
            asked += other.asked;
            answered += other.answered;
            slowestS = Math.max(slowestS, other.slowestS);
            sumS += other.sumS;
            wgCpuS += other.wgCpuS;
            lengthS += other.lengthS;
        }

        double wgCores() {
            return wgCpuS / lengthS;
        }
    }

    private static void idleOnesAreClosed(Trial trial, List<SocketChannel> idle, long openedNs) throws IOException {
        for (SocketChannel channel : idle) {
            channel.configureBlocking(false);
        }
        List<SocketChannel> open = new ArrayList<>(idle);
        Duration left = IDLE_LIMIT.minusNanos(System.nanoTime() - openedNs);
        boolean unused = Waiting.whether(left.isNegative() ? Duration.ofSeconds(1) : left, () -> {
            open.removeIf(ManagementRow::hasEnded);
            return open.isEmpty();
        });
        assert unused || !open.isEmpty();
        trial.report.function(
                "idle connections closed by the hub within " + IDLE_LIMIT.toSeconds() + " s",
                String.valueOf(IDLE_CONNECTIONS),
                String.valueOf(IDLE_CONNECTIONS - open.size()),
                open.isEmpty());
    }

    private static boolean hasEnded(SocketChannel channel) {
        try {
            return channel.read(ByteBuffer.allocate(1)) < 0;
        } catch (IOException e) {
            return true;
        }
    }
}
