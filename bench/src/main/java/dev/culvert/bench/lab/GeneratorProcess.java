package dev.culvert.bench.lab;

import dev.culvert.bench.generator.Generator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The load generator as its controller sees it: a process inside a namespace, spoken to by lines.
public final class GeneratorProcess implements AutoCloseable {
    private final Process process;
    private final Writer commands;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private volatile String progress = "";
    private double cpuAtGo;

    private GeneratorProcess(Namespace namespace, Path log) {
        List<String> words = namespace.inside(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xms256m",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                Generator.class.getName()));
        try {
            process = new ProcessBuilder(words)
                    .redirectError(Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new TrialFailure("the generator could not be started: " + e.getMessage(), e);
        }
        commands = process.outputWriter(StandardCharsets.UTF_8);
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        Thread.ofPlatform().daemon().name("generator-output").start(() -> read(out, log));
    }

    /// Starts it and has it compute what takes time; [#go] begins.
    public static GeneratorProcess prepare(Owner owner, Namespace namespace, Map<String, ?> settings) {
        GeneratorProcess generator = owner.add(new GeneratorProcess(namespace, owner.log("generator")));
        StringBuilder text = new StringBuilder();
        settings.forEach(
                (key, value) -> text.append(key).append('=').append(value).append('\n'));
        generator.send(text + "prepare");
        generator.await("ready", Duration.ofMinutes(2));
        return generator;
    }

    private void read(BufferedReader out, Path log) {
        try (out) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith("at ") || line.startsWith("sent ")) {
                    progress = line;
                } else {
                    lines.add(line);
                }
            }
        } catch (IOException e) {
            // The process is gone; whoever waits for a line will hear of it.
        }
        lines.add("ended; see " + log);
    }

    public void send(String line) {
        try {
            commands.write(line + "\n");
            commands.flush();
        } catch (IOException e) {
            throw new TrialFailure("the generator has ended", e);
        }
    }

    /// Lets it run before other programs, where this user may: then its rate does not depend on who is loaded.
    public void hurry() {
        Shell.run("renice -n -15 -p " + process.pid());
    }

    public void go() {
        cpuAtGo = Figures.cpuSeconds(process.pid());
        send("go");
    }

    public void stop() {
        send("stop");
    }

    /// The last line of progress, or nothing yet.
    public String progress() {
        return progress;
    }

    /// A figure of the last line of progress; 0 if it has none yet.
    public double progress(String name) {
        for (String word : progress.split(" ", -1)) {
            if (word.startsWith(name + "=")) {
                return Double.parseDouble(word.substring(name.length() + 1));
            }
        }
        return 0;
    }

    /// The rest of the next line that begins so.
    public String await(String start, Duration limit) {
        try {
            String line = lines.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (line == null || !line.startsWith(start)) {
                throw new TrialFailure(
                        "the generator said " + (line == null ? "nothing" : "`" + line + "`") + " within "
                                + limit.toSeconds() + " s instead of `" + start + "`; its last progress: " + progress);
            }
            return line.substring(start.length()).strip();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrialFailure("interrupted while the generator ran", e);
        }
    }

    /// Its figures, when it is done.
    public JobFigures done(Duration limit) {
        Map<String, String> figures = new LinkedHashMap<>();
        for (String word : await("done", limit).split(" ", -1)) {
            int equals = word.indexOf('=');
            figures.put(word.substring(0, equals), word.substring(equals + 1));
        }
        return new JobFigures(figures);
    }

    /// Processor time since [#go], while it runs; at the end it says so itself (`cpu`).
    public double cpuSeconds() {
        return Figures.cpuSeconds(process.pid()) - cpuAtGo;
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
