package dev.culvert.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// One running tunnel program, its log in `target/it-logs`. Ready means: the interface is there and the socket
/// answers.
final class Daemon {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final int TAIL_LINES = 25;

    private final Namespace namespace;
    private final String interfaceName;
    private final Process process;
    private final Path log;

    private Daemon(Namespace namespace, String interfaceName, Process process, Path log) {
        this.namespace = namespace;
        this.interfaceName = interfaceName;
        this.process = process;
        this.log = log;
    }

    static Daemon start(
            Namespace namespace,
            String interfaceName,
            List<String> command,
            Map<String, String> environment,
            String label) {
        try {
            Files.createDirectories(Repository.logDirectory());
            Path log = Repository.logDirectory().resolve(interfaceName + "-" + label + ".log");
            ProcessBuilder builder = new ProcessBuilder(namespace.inside(withDefaultSignals(command)))
                    .redirectErrorStream(true)
                    .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(Redirect.appendTo(log.toFile()));
            builder.environment().putAll(environment);
            return new Daemon(namespace, interfaceName, builder.start(), log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A test run may have been started with signals ignored (nohup), and a JVM then installs no handler for them.
    private static List<String> withDefaultSignals(List<String> command) {
        List<String> all = new ArrayList<>(List.of("env", "--default-signal=HUP,INT,TERM"));
        all.addAll(command);
        return all;
    }

    static Path socketOf(String interfaceName) {
        return Path.of("/var/run/wireguard", interfaceName + ".sock");
    }

    void awaitReady() {
        Await.until(() -> interfaceName + " and its socket\n" + logTail(), START_LIMIT, () -> {
            if (!process.isAlive()) {
                throw new AssertionError(
                        "the program ended with " + process.exitValue() + " instead of serving\n" + logTail());
            }
            return Files.exists(socketOf(interfaceName))
                    && namespace.hasLink(interfaceName)
                    && Uapi.answers(interfaceName);
        });
    }

    void terminate() {
        process.destroy();
    }

    void signal(String name) {
        Command.require("kill", "-" + name, Long.toString(process.pid()));
    }

    /// Of the program itself: whatever started it has replaced itself by it.
    long pid() {
        return process.pid();
    }

    Path log() {
        return log;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /// Waits for the end.
    ///
    /// @return the exit code
    int awaitEnd(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("still running after " + limit.toMillis() + " ms\n" + logTail());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for a daemon's end", e);
        }
    }

    /// Ends the program whatever its state and removes its socket, if it left one.
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        awaitEnd(Duration.ofSeconds(10));
        try {
            Files.deleteIfExists(socketOf(interfaceName));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String logTail() {
        try {
            List<String> lines = Files.readAllLines(log);
            return log + ":\n" + String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return log + " cannot be read: " + e.getMessage();
        }
    }
}
