package dev.culvert.bench.generator;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/// Main class of the generator's process, started by [dev.culvert.bench.lab.GeneratorProcess] inside a namespace.
///
/// ```
/// in    key=value lines, then `prepare`   what to do: `job` is flood, fleet, load or roam
/// out   ready                             everything that takes time has been computed
/// in    go                                begin
/// in    anything else                     for the job (`stop` ends it early)
/// out   progress lines of the job
/// out   done key=value ... cpu=SECONDS    the figures; the process then ends
/// ```
///
/// The end of standard input ends the process, so that it cannot outlive its controller.
public final class Generator {
    private static final int COMMANDS_MAX = 1024;
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    private Generator() {}

    /// A thing that the generator can do.
    interface Job extends AutoCloseable {
        /// Runs until it is finished or told to stop; the figures, in order.
        Map<String, Object> run(Commands commands) throws IOException;

        @Override
        void close();
    }

    /// The controller's lines, read by a thread of their own.
    static final class Commands {
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>(COMMANDS_MAX);
        private volatile boolean stopped;

        /// The next command, or null if there is none now.
        @Nullable
        String poll() {
            return lines.poll();
        }

        boolean stopped() {
            return stopped;
        }

        private void read(BufferedReader in) {
            try {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    if (line.equals("stop")) {
                        stopped = true;
                    } else if (!lines.offer(line)) {
                        say("ignored: too many commands wait");
                    }
                }
            } catch (IOException e) {
                // The controller is gone: the same as the end of its lines.
            }
            Runtime.getRuntime().halt(3);
        }
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Map<String, String> settings = new LinkedHashMap<>();
        for (String line = in.readLine(); line != null && !line.equals("prepare"); line = in.readLine()) {
            int equals = line.indexOf('=');
            settings.put(line.substring(0, equals), line.substring(equals + 1));
        }
        Settings all = new Settings(settings);
        try (Job job = job(all)) {
            say("ready");
            String go = in.readLine();
            if (go == null) {
                return;
            }
            Commands commands = new Commands();
            Thread.ofPlatform().daemon().name("commands").start(() -> commands.read(in));
            long cpuMs = cpuMs();
            StringBuilder done = new StringBuilder("done");
            job.run(commands)
                    .forEach((key, value) ->
                            done.append(' ').append(key).append('=').append(value));
            done.append(" cpu=").append((cpuMs() - cpuMs) / 1000.0);
            say(done.toString());
        }
        System.exit(0); // the thread that reads commands may hold standard input's lock
    }

    private static Job job(Settings settings) throws IOException {
        return switch (settings.text("job")) {
            case "flood" -> Flood.prepare(settings);
            case "fleet" -> Fleet.prepare(settings);
            case "load" -> Load.prepare(settings);
            case "roam" -> Roaming.prepare(settings);
            default -> throw new IllegalArgumentException("no such job: " + settings.text("job"));
        };
    }

    private static long cpuMs() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(Duration::toMillis)
                .orElse(0L);
    }

    /// A line to the controller.
    static void say(String line) {
        OUT.println(line);
        OUT.flush();
    }
}
