package dev.culvert.bench.faults;

import dev.culvert.bench.generator.PeerKeys;
import dev.culvert.bench.generator.Sample;
import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// R11: the start as wg-quick(8) calls it and what it leaves resident, the end by SIGTERM, and `wg-quick down; wg-quick
/// up` again and again without a pause.
final class RestartRow implements FaultRow {
    private static final int STARTS = 10;
    private static final int STARTS_QUICK = 3;
    private static final double READY_MAX_S = 1;
    private static final int IDLE_S = 60;
    private static final double RESIDENT_MAX_MB = 100;
    private static final int ENDS = 10;
    private static final int ENDS_QUICK = 3;
    private static final int CYCLES = 100;
    private static final int CYCLES_QUICK = 10;
    private static final double END_MAX_S = 1;
    private static final Duration END_LIMIT = Duration.ofSeconds(10);

    @Override
    public String id() {
        return "R11";
    }

    @Override
    public String title() {
        return "start, SIGTERM, and wg-quick down; up";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 45 : 320;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        start(scene, trial.options.quick() ? STARTS_QUICK : STARTS, trial.options.quick() ? 5 : IDLE_S);
        terminate(scene, trial.options.quick() ? ENDS_QUICK : ENDS);
        cycle(scene, trial.options.quick() ? CYCLES_QUICK : CYCLES);
    }

    /// The first one stays, idle with one peer, until its memory is read.
    private static void start(Scene scene, int times, int idleS) {
        Sample readyS = new Sample();
        double residentMb = 0;
        for (int i = 0; i < times; i++) {
            String name = scene.freshInterface();
            LeftOver daemon = scene.trial.add(new LeftOver(scene.hubSpace, name));
            List<String> words = new ArrayList<>(scene.trial.options.hub());
            words.add(name);
            long startNs = System.nanoTime();
            Shell.run(Shell.LIMIT, "", scene.hubSpace.inside(words)).required();
            readyS.add((System.nanoTime() - startNs) / 1e9);
            if (i == 0) {
                scene.configureHub(name);
                Uapi.set(name, scene.simulatedBlocks(0, 1));
                Waiting.seconds(idleS);
                residentMb = Figures.rssKib(LeftOver.processesOf(name).getFirst()) * 1024 / 1e6;
            }
            scene.hubSpace.ip("link del " + name);
            Waiting.until(
                    "the end of " + name,
                    END_LIMIT,
                    () -> LeftOver.processesOf(daemon.interfaceName()).isEmpty());
        }
        Report report = scene.trial.report;
        report.speed(
                "`culvert IFNAME`: link and socket are there, median of " + times,
                "≤ 1 s",
                String.format(Locale.ROOT, "%.2f s (slowest %.2f)", readyS.percentile(0.5), readyS.max()),
                readyS.percentile(0.5) <= READY_MAX_S);
        report.speed(
                "resident with one peer, idle for " + idleS + " s",
                "< 100 MB",
                String.format(Locale.ROOT, "%.0f MB", residentMb),
                residentMb < RESIDENT_MAX_MB);
    }

    private static void terminate(Scene scene, int times) {
        Sample endS = new Sample();
        int good = 0;
        StringBuilder wrong = new StringBuilder();
        for (int i = 0; i < times; i++) {
            Tunnel hub = scene.startHub(Map.of());
            Uapi.set(hub.interfaceName, scene.simulatedBlocks(0, 100));
            long startNs = System.nanoTime();
            hub.signal("TERM");
            boolean ended = hub.ended(END_LIMIT);
            endS.add((System.nanoTime() - startNs) / 1e9);
            boolean socketGone = !Files.exists(Uapi.socketOf(hub.interfaceName));
            boolean linkGone = !scene.hubSpace.hasLink(hub.interfaceName);
            int code = ended ? hub.process.exitValue() : -1;
            if (ended && socketGone && linkGone && code == 0) {
                good++;
            } else {
                wrong.append(String.format(
                        "ended %s, exit code %d, socket gone %s, link gone %s; ", ended, code, socketGone, linkGone));
            }
            hub.close();
        }
        Report report = scene.trial.report;
        report.function(
                "ends by SIGTERM with exit code 0, socket and link gone",
                times + " of " + times,
                good + " of " + times,
                good == times,
                wrong.toString());
        report.speed(
                "slowest end by SIGTERM",
                "≤ 1 s",
                String.format(Locale.ROOT, "%.2f s (median %.2f)", endS.max(), endS.percentile(0.5)),
                endS.max() <= END_MAX_S);
    }

    private static void cycle(Scene scene, int times) {
        String name = scene.freshInterface();
        Path file = scene.trial.add(new WgQuickFile(scene, name)).file();
        Sample cycleS = new Sample();
        int failures = 0;
        String firstFailure = "";
        scene.trial.add(new LeftOver(scene.hubSpace, name));
        quick(scene, "up", file).required();
        for (int i = 0; i < times; i++) {
            long startNs = System.nanoTime();
            Shell.Result down = quick(scene, "down", file);
            Shell.Result up = quick(scene, "up", file);
            cycleS.add((System.nanoTime() - startNs) / 1e9);
            boolean served = Uapi.answers(name)
                    && Uapi.get(name).contains("listen_port=" + Scene.PORT)
                    && Uapi.get(name).stream().anyMatch(line -> line.startsWith("public_key="));
            if (down.exitCode() != 0 || up.exitCode() != 0 || !served) {
                failures++;
                if (firstFailure.isEmpty()) {
                    firstFailure = "cycle " + i + ": down " + down.exitCode() + " " + down.output() + " up "
                            + up.exitCode() + " " + up.output() + " served " + served;
                }
            }
        }
        Shell.Result last = quick(scene, "down", file);
        Report report = scene.trial.report;
        report.function(
                "`wg-quick down; wg-quick up` without failure",
                times + " times",
                times - failures + " times",
                failures == 0,
                firstFailure);
        report.state(
                "one `down; up`",
                String.format(Locale.ROOT, "median %.2f s, slowest %.2f s", cycleS.percentile(0.5), cycleS.max()));
        boolean gone =
                Waiting.whether(END_LIMIT, () -> LeftOver.processesOf(name).isEmpty());
        boolean nothing = gone && !Files.exists(Uapi.socketOf(name)) && !scene.hubSpace.hasLink(name);
        report.function(
                "after the last `down`: process, socket and link",
                "gone",
                last.exitCode() == 0 && nothing ? "gone" : "something is left: " + LeftOver.processesOf(name),
                last.exitCode() == 0 && nothing);
    }

    private static Shell.Result quick(Scene scene, String verb, Path file) {
        String implementation = scene.trial.options.hub().getFirst();
        return Shell.run(
                Shell.LIMIT,
                "",
                scene.hubSpace.inside(List.of(
                        "env",
                        "--default-signal=HUP,INT,TERM",
                        "WG_QUICK_USERSPACE_IMPLEMENTATION=" + implementation,
                        "wg-quick",
                        verb,
                        file.toString())));
    }

    /// A wg-quick file in a directory of its own.
    private record WgQuickFile(Path file) implements AutoCloseable {
        WgQuickFile(Scene scene, String name) {
            this(write(scene, name));
        }

        private static Path write(Scene scene, String name) {
            try {
                Path directory = Files.createTempDirectory("culvert-faults");
                Path file = directory.resolve(name + ".conf");
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                Files.writeString(
                        file,
                        "[Interface]\nPrivateKey = " + scene.hubKey.toBase64() + "\nListenPort = " + Scene.PORT
                                + "\nAddress = 10.77.0.1/16\n\n[Peer]\nPublicKey = "
                                + PeerKeys.of(scene.run, 0).publicKey().toBase64()
                                + "\nAllowedIPs = 10.79.0.0/16\n");
                return file;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            Files.deleteIfExists(file);
            Path directory = file.getParent();
            if (directory != null) {
                Files.deleteIfExists(directory);
            }
        }
    }
}
