package dev.culvert.bench.lab;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A running tunnel program, Culvert or another, in the foreground so that its process id is known.
public final class Tunnel extends Background {
    private static final Duration START_LIMIT = Duration.ofSeconds(20);

    public final Namespace namespace;
    public final String interfaceName;

    private Tunnel(Namespace namespace, String interfaceName, Path log, List<String> words, Map<String, String> more) {
        super(
                interfaceName,
                log,
                words,
                more,
                Redirect.from(Path.of("/dev/null").toFile()));
        this.namespace = namespace;
        this.interfaceName = interfaceName;
    }

    /// Starts `command -f interfaceName` and waits until its interface and its socket are there.
    public static Tunnel start(
            Owner owner, Namespace namespace, String interfaceName, List<String> command, Map<String, String> more) {
        Tunnel tunnel = launch(owner, namespace, interfaceName, command, more);
        tunnel.awaitReady();
        return tunnel;
    }

    public static Tunnel launch(
            Owner owner, Namespace namespace, String interfaceName, List<String> command, Map<String, String> more) {
        // A run may have been started with signals ignored (nohup), and a JVM then installs no handler for them.
        List<String> words = new ArrayList<>(List.of("env", "--default-signal=HUP,INT,TERM"));
        words.addAll(command);
        words.add("-f");
        words.add(interfaceName);
        Path log = owner.log(interfaceName + "-" + System.nanoTime() % 100_000);
        return owner.add(new Tunnel(namespace, interfaceName, log, namespace.inside(words), more));
    }

    public void awaitReady() {
        Waiting.until(interfaceName + " and its socket: " + log, START_LIMIT, () -> {
            if (!process.isAlive()) {
                throw new TrialFailure(interfaceName + " ended with " + process.exitValue() + ":\n" + tail());
            }
            return Files.exists(Uapi.socketOf(interfaceName))
                    && namespace.hasLink(interfaceName)
                    && Uapi.answers(interfaceName);
        });
    }

    public long pid() {
        return process.pid();
    }

    public double cpuSeconds() {
        return Figures.cpuSeconds(pid());
    }

    @Override
    public void close() {
        super.close();
        try {
            Files.deleteIfExists(Uapi.socketOf(interfaceName));
        } catch (IOException e) {
            throw new TrialFailure("a socket is left behind: " + e.getMessage(), e);
        }
    }
}
