package dev.culvert.bench.faults;

import dev.culvert.bench.generator.PeerKeys;
import dev.culvert.bench.lab.Background;
import dev.culvert.bench.lab.PingRun;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// R19: no file descriptor is left, the disk is full when the state is saved, `/run` cannot be written.
final class ResourceRow implements FaultRow {
    private static final int PINGS_PER_SECOND = 100;
    private static final int CONNECTIONS = 20;
    private static final double CORES_MORE_MAX = 0.1;
    private static final int LOG_LINES_MAX = 5;
    private static final int OTHER_PORT = 51_999;

    @Override
    public String id() {
        return "R19";
    }

    @Override
    public String title() {
        return "no descriptors, a full disk, a read-only /run";
    }

    @Override
    public int seconds(Options options) {
        return 40;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        Tunnel hub = scene.startHub(Map.of());
        scene.startSpoke(hub, Map.of());
        descriptors(scene, hub);
        if (trial.options.hubIsCulvert()) {
            fullDisk(scene, hub);
            readOnlyRun(scene, hub);
        }
    }

    // Descriptors.

    private static void descriptors(Scene scene, Tunnel hub) {
        Report report = scene.trial.report;
        String name = hub.interfaceName;
        try (SocketChannel early = Uapi.connect(name)) {
            exchange(early, "get=1\n\n");
            PingRun ping = PingRun.start(
                    scene.trial, scene.spokeSpace, "descriptors", Scene.HUB_INNER, PINGS_PER_SECOND, 60, "");
            double normal = cores(hub, 4);
            long linesBefore = hub.text().lines().count();
            int limit = lowestFree(hub.pid());
            String before = Shell.require("prlimit --pid " + hub.pid() + " --nofile --output SOFT --noheadings")
                    .strip();
            Shell.require("prlimit --pid " + hub.pid() + " --nofile=" + limit + ":");
            String answer = exchange(early, "set=1\nlisten_port=" + OTHER_PORT + "\n\n");
            List<SocketChannel> refused = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                refused.add(Uapi.connect(name));
            }
            double exhausted = cores(hub, 4);
            for (SocketChannel waiting : refused) {
                waiting.close();
            }
            String read = exchange(early, "get=1\n\n");
            PingRun.Outcome pings = ping.stopped();
            long lines = hub.text().lines().count() - linesBefore;
            Shell.require("prlimit --pid " + hub.pid() + " --nofile=" + before + ":");
            boolean back = Waiting.whether(Duration.ofSeconds(5), () -> Uapi.answers(name));

            report.function(
                    "no descriptor left: pings lost by a running tunnel",
                    "0",
                    pings.lost() + " of " + pings.sent(),
                    pings.lost() == 0 && pings.sent() > 0);
            report.function(
                    "no descriptor left: a change of port",
                    "an errno, and the old port stays",
                    lastLine(answer) + ", " + portLine(read),
                    !answer.contains("errno=0\n")
                            && answer.contains("errno=")
                            && read.contains("listen_port=" + Scene.PORT));
            report.function(
                    "no descriptor left: an open management connection reads the state",
                    "errno=0",
                    lastLine(read),
                    read.contains("errno=0\n"));
            report.speed(
                    "no descriptor left, " + CONNECTIONS + " connections wait: more processor time",
                    "< 0.1 cores",
                    String.format(Locale.ROOT, "%+.3f cores (%.3f after %.3f)", exhausted - normal, exhausted, normal),
                    exhausted - normal < CORES_MORE_MAX);
            report.function(
                    "no descriptor left: log lines",
                    "≤ " + LOG_LINES_MAX,
                    Long.toString(lines),
                    lines <= LOG_LINES_MAX,
                    lines > LOG_LINES_MAX ? "the last: " + hub.tail() : "");
            report.function("descriptors there again: the management socket answers", "yes", back ? "yes" : "no", back);
        } catch (IOException e) {
            throw new TrialFailure("the management socket failed: " + e.getMessage(), e);
        }
    }

    private static int lowestFree(long pid) {
        Set<Integer> used = new TreeSet<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
            all.forEach(path -> used.add(Integer.parseInt(String.valueOf(path.getFileName()))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int free = 0;
        while (used.contains(free)) {
            free++;
        }
        return free;
    }

    /// One request on an open connection, up to the blank line; what came within five seconds.
    private static String exchange(SocketChannel channel, String request) throws IOException {
        channel.configureBlocking(true);
        channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
        channel.configureBlocking(false);
        StringBuilder answer = new StringBuilder();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        Waiting.whether(Duration.ofSeconds(5), () -> {
            try {
                int read = channel.read(buffer.clear());
                if (read > 0) {
                    answer.append(StandardCharsets.US_ASCII.decode(buffer.flip()));
                }
                return read < 0 || answer.toString().endsWith("\n\n");
            } catch (IOException e) {
                answer.append("errno=none: ").append(e.getMessage());
                return true;
            }
        });
        return answer.toString();
    }

    private static String lastLine(String answer) {
        List<String> lines = answer.strip().lines().toList();
        return lines.isEmpty() ? "no answer" : lines.getLast();
    }

    private static String portLine(String answer) {
        return answer.lines()
                .filter(line -> line.startsWith("listen_port="))
                .findFirst()
                .orElse("no port");
    }

    private static double cores(Tunnel hub, double seconds) {
        double before = hub.cpuSeconds();
        Waiting.seconds(seconds);
        return (hub.cpuSeconds() - before) / seconds;
    }

    // The disk.

    private static void fullDisk(Scene scene, Tunnel hub) {
        Report report = scene.trial.report;
        SmallDisk disk = scene.trial.add(new SmallDisk());
        try {
            Path file = disk.directory().resolve(hub.interfaceName + ".conf");
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            String before =
                    "[Interface]\nPrivateKey = " + scene.hubKey.toBase64() + "\nListenPort = " + Scene.PORT + "\n";
            Files.writeString(file, before);
            disk.fill();
            PingRun ping =
                    PingRun.start(scene.trial, scene.spokeSpace, "disk", Scene.HUB_INNER, PINGS_PER_SECOND, 60, "");
            Shell.Result save = Shell.run(
                    Shell.LIMIT,
                    "",
                    scene.hubSpace.inside(List.of(scene.trial.options.hub().getFirst(), "save", file.toString())));
            PingRun.Outcome pings = ping.stopped();
            String after = Files.readString(file);
            List<String> names = new ArrayList<>();
            try (DirectoryStream<Path> all = Files.newDirectoryStream(disk.directory())) {
                all.forEach(path -> names.add(String.valueOf(path.getFileName())));
            }
            report.function(
                    "full disk: `culvert save`",
                    "fails with a sentence, the old file as it was, nothing beside it",
                    "exit code " + save.exitCode() + ", file " + (after.equals(before) ? "as it was" : "CHANGED")
                            + ", beside it " + (names.size() == 2 ? "nothing" : names),
                    save.exitCode() != 0
                            && after.equals(before)
                            && names.size() == 2
                            && save.output().contains("space"),
                    save.output());
            report.function(
                    "full disk: pings lost by the running tunnel",
                    "0",
                    pings.lost() + " of " + pings.sent(),
                    pings.lost() == 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A tmpfs of 64 KiB.
    private static final class SmallDisk implements AutoCloseable {
        private final Path directory;

        SmallDisk() {
            try {
                directory = Files.createTempDirectory("culvert-disk");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Shell.require("mount -t tmpfs -o size=64k,mode=700 tmpfs " + directory);
        }

        Path directory() {
            return directory;
        }

        void fill() {
            byte[] page = new byte[4096];
            try (var out = Files.newOutputStream(directory.resolve("ballast"))) {
                while (true) {
                    out.write(page);
                }
            } catch (IOException full) {
                // as wanted
            }
        }

        @Override
        public void close() throws IOException {
            Shell.run("umount " + directory);
            Files.deleteIfExists(directory);
        }
    }

    // /run.

    private static void readOnlyRun(Scene scene, Tunnel running) {
        Report report = scene.trial.report;
        String name = scene.freshInterface();
        String culvert = scene.trial.options.hub().getFirst();
        String readOnly = "mount --bind /run /run && mount -o remount,ro,bind /run && exec ";
        PingRun ping = PingRun.start(scene.trial, scene.spokeSpace, "run", Scene.HUB_INNER, PINGS_PER_SECOND, 60, "");
        Shell.Result start = Shell.run(
                Duration.ofSeconds(20),
                "",
                scene.hubSpace.inside(List.of("unshare", "-m", "sh", "-c", readOnly + culvert + " " + name)));
        PingRun.Outcome pings = ping.stopped();
        boolean nothing = !scene.hubSpace.hasLink(name)
                && !Files.exists(Uapi.socketOf(name))
                && LeftOver.processesOf(name).isEmpty();
        report.function(
                "read-only /run: a start",
                "fails with a sentence and leaves nothing",
                "exit code " + start.exitCode() + ", " + (nothing ? "nothing left" : "something left"),
                start.exitCode() == 1 && nothing && !start.output().contains("\tat "),
                start.output());
        report.function(
                "read-only /run: pings lost by a running tunnel",
                "0",
                pings.lost() + " of " + pings.sent(),
                pings.lost() == 0);
        readOnlyLater(scene, culvert, readOnly);
        report.function(
                "the hub after all of it",
                "runs",
                running.process.isAlive() ? "runs" : "has ended",
                running.process.isAlive());
    }

    /// `/run` becomes read-only under a running program, which then is told to end.
    private static void readOnlyLater(Scene scene, String culvert, String readOnly) {
        String name = scene.freshInterface();
        scene.trial.add(new LeftOver(scene.generatorSpace, name));
        String own = readOnly.substring(0, readOnly.indexOf(" && mount -o"));
        Background program = scene.trial.add(Background.start(
                "culvert in a mount namespace",
                scene.trial.log("read-only-later"),
                scene.generatorSpace.inside(List.of(
                        "env",
                        "--default-signal=TERM",
                        "unshare",
                        "-m",
                        "sh",
                        "-c",
                        own + " && exec " + culvert + " -f " + name))));
        Waiting.until("the program in a mount namespace", Duration.ofSeconds(20), () -> Uapi.answers(name));
        Shell.require("nsenter -t " + program.process.pid() + " -m mount -o remount,ro,bind /run");
        Uapi.set(name, "public_key=" + PeerKeys.of(scene.run, 5).publicKey().toHex() + "\nallowed_ip=10.80.0.0/16\n");
        long startNs = System.nanoTime();
        program.signal("TERM");
        boolean ended = program.ended(Duration.ofSeconds(10));
        double tookS = (System.nanoTime() - startNs) / 1e9;
        scene.trial.report.function(
                "/run becomes read-only under a running program: it is configured, and ends by SIGTERM",
                "its link is gone",
                ended
                        ? String.format(Locale.ROOT, "ended in %.2f s with %d", tookS, program.process.exitValue())
                        : "did not end",
                ended && !scene.generatorSpace.hasLink(name));
    }
}
