package dev.culvert.bench.lab;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A program that runs beside the trial, its output in a file. Ends by its own process id.
public class Background implements AutoCloseable {
    private static final int TAIL_LINES = 15;

    public final Process process;
    public final Path log;
    private final String name;

    public Background(String name, Path log, List<String> words, Map<String, String> environment, Redirect input) {
        this.name = name;
        this.log = log;
        ProcessBuilder builder = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectInput(input)
                .redirectOutput(Redirect.to(log.toFile()));
        builder.environment().put("LC_ALL", "C");
        builder.environment().putAll(environment);
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new TrialFailure("`" + words.getFirst() + "` could not be started: " + e.getMessage(), e);
        }
    }

    public static Background start(String name, Path log, List<String> words) {
        return new Background(
                name, log, words, Map.of(), Redirect.from(Path.of("/dev/null").toFile()));
    }

    public String text() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new TrialFailure("the output of " + name + " cannot be read: " + e.getMessage(), e);
        }
    }

    public String tail() {
        List<String> lines = text().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    }

    public void signal(String signal) {
        Shell.require("kill -" + signal + " " + process.pid());
    }

    public boolean ended(Duration limit) {
        try {
            return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrialFailure("interrupted while waiting for " + name, e);
        }
    }

    /// Waits for the end and gives what it printed.
    public String finished(Duration limit) {
        if (!ended(limit)) {
            throw new TrialFailure(name + " was still running after " + limit.toSeconds() + " s:\n" + tail());
        }
        return text();
    }

    /// Ends it whatever its state.
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        boolean unused = ended(Duration.ofSeconds(10));
        assert unused || process.isAlive();
    }
}
