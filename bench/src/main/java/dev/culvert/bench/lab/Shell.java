package dev.culvert.bench.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Short external programs, run to their end within a limit.
public final class Shell {
    public static final Duration LIMIT = Duration.ofSeconds(30);

    /// @param output standard output and standard error, as they came
    public record Result(List<String> words, int exitCode, String output) {
        public String required() {
            if (exitCode != 0) {
                throw new TrialFailure(
                        "`" + String.join(" ", words) + "` ended with " + exitCode + ": " + output.strip());
            }
            return output;
        }
    }

    private Shell() {}

    /// A command without quoting, by its line; must succeed.
    public static String require(String line) {
        return run(line).required();
    }

    public static Result run(String line) {
        return run(LIMIT, "", List.of(line.split(" ", -1)));
    }

    public static Result run(Duration limit, String input, List<String> words) {
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        try {
            Process process = builder.start();
            CompletableFuture<String> output = outputOf(process.getInputStream());
            try (OutputStream standardInput = process.getOutputStream()) {
                standardInput.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException closedEarly) {
                // It ended without reading: its exit code tells.
            }
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new TrialFailure("`" + String.join(" ", words) + "` was still running after " + limit.toSeconds()
                        + " s and was killed");
            }
            return new Result(words, process.exitValue(), output.get(5, TimeUnit.SECONDS));
        } catch (IOException | ExecutionException | TimeoutException e) {
            throw new TrialFailure("`" + words.getFirst() + "` could not be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrialFailure("interrupted while `" + words.getFirst() + "` ran", e);
        }
    }

    private static CompletableFuture<String> outputOf(InputStream stream) {
        CompletableFuture<String> output = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (stream) {
                output.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                output.completeExceptionally(e);
            }
        });
        return output;
    }
}
