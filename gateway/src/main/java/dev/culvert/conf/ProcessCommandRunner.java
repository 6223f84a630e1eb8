package dev.culvert.conf;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Real processes. What they print goes where this program's own output goes; what they are called with is said
/// first, keys left out.
public final class ProcessCommandRunner implements CommandRunner {
    private static final String PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final int ANSWER_BYTES_MAX = 256 << 20;
    private static final long GRACE_MS = 2_000;

    private final Consumer<String> say;

    public ProcessCommandRunner(Consumer<String> say) {
        this.say = say;
    }

    @Override
    public void run(List<String> command, @Nullable String input) throws IOException, InterruptedException {
        say("[#] " + String.join(" ", command));
        int exitCode = await(start(builder(command), command, input));
        if (exitCode != 0) {
            throw new IOException("`" + Redaction.withoutKeys(String.join(" ", command)) + "` failed with exit code "
                    + exitCode + "; its own message stands above");
        }
    }

    @Override
    public Answer query(List<String> command, @Nullable String input) throws IOException, InterruptedException {
        ProcessBuilder builder = builder(command)
                .redirectOutput(ProcessBuilder.Redirect.PIPE)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = start(builder, command, input);
        byte[] answer = process.getInputStream().readNBytes(ANSWER_BYTES_MAX);
        return new Answer(await(process), new String(answer, StandardCharsets.UTF_8));
    }

    @Override
    public void hook(String script, String interfaceName, String configFile) throws IOException, InterruptedException {
        say("[#] " + script);
        List<String> command = new ArrayList<>();
        if (finds("bash")) {
            command.addAll(List.of("bash", "-e", "-o", "pipefail", "-O", "extglob", "-c", script));
        } else {
            command.addAll(List.of("sh", "-e", "-c", script));
        }
        ProcessBuilder builder = builder(command);
        Map<String, String> environment = builder.environment();
        environment.put("INTERFACE", interfaceName);
        environment.put("CONFIG_FILE", configFile);
        int exitCode = await(start(builder, List.of("bash"), null));
        if (exitCode != 0) {
            throw new IOException("the hook `" + Redaction.withoutKeys(script) + "` failed with exit code " + exitCode
                    + "; correct the command in " + configFile);
        }
    }

    @Override
    public boolean finds(String program) {
        for (String directory : path().split(File.pathSeparator, -1)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void say(String line) {
        say.accept(Redaction.withoutKeys(line));
    }

    private static String path() {
        String path = System.getenv("PATH");
        return path == null || path.isEmpty() ? PATH_DEFAULT : path;
    }

    private static ProcessBuilder builder(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("PATH", path());
        return builder;
    }

    private static Process start(ProcessBuilder builder, List<String> command, @Nullable String input)
            throws IOException {
        if (input != null) {
            builder.redirectInput(ProcessBuilder.Redirect.PIPE);
        }
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new IOException("`" + command.getFirst() + "` cannot be run; install it, or check PATH", e);
        }
        if (input != null) {
            feed(process, input);
        }
        return process;
    }

    /// A thread of its own: a program that answers while it reads would block on a full pipe otherwise.
    private static void feed(Process process, String input) {
        Thread.ofVirtual().start(() -> {
            try (OutputStream out = process.getOutputStream()) {
                out.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException _) {
                // It ended before it had read all: its exit code tells why.
            }
        });
    }

    private static int await(Process process) throws InterruptedException {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            if (!process.waitFor(GRACE_MS, TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
            throw e;
        }
    }
}
