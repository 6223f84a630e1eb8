package dev.culvert.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// An external program that was run to its end, with what it printed. The whole harness starts short-lived
/// programs through here, so that none can outlive its limit.
///
/// @param output standard output and standard error, as they came
record Command(List<String> words, int exitCode, String output) {
    static final Duration LIMIT = Duration.ofSeconds(20);

    static Command run(String... words) {
        return run(LIMIT, "", List.of(words));
    }

    static Command run(Duration limit, String input, List<String> words) {
        return run(limit, input, Map.of(), words);
    }

    static Command run(Duration limit, String input, Map<String, String> environment, List<String> words) {
        Process process = start(environment, words);
        CompletableFuture<String> output = outputOf(process);
        try (OutputStream standardInput = process.getOutputStream()) {
            standardInput.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException closedEarly) {
            // The program ended without reading: its exit code tells.
        }
        return finish(process, output, limit, words);
    }

    /// As [#run(String...)], but an exit code other than 0 fails the test with what the program printed.
    static String require(String... words) {
        return run(words).required();
    }

    String required() {
        if (exitCode != 0) {
            throw new AssertionError(
                    "`" + String.join(" ", words) + "` ended with " + exitCode + ": " + output.strip());
        }
        return output;
    }

    static Process start(Map<String, String> environment, List<String> words) {
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new AssertionError("`" + words.getFirst() + "` cannot be started: " + e.getMessage(), e);
        }
    }

    /// Reads all the program prints on a thread of its own, so that a full pipe never stops it.
    static CompletableFuture<String> outputOf(Process process) {
        CompletableFuture<String> output = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (InputStream stream = process.getInputStream()) {
                output.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException | UncheckedIOException e) {
                output.completeExceptionally(e);
            }
        });
        return output;
    }

    static Command finish(Process process, CompletableFuture<String> output, Duration limit, List<String> words) {
        try {
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) {
                process.destroyForcibly();
            }
            String printed = output.get(5, TimeUnit.SECONDS);
            if (!ended) {
                throw new AssertionError("`" + String.join(" ", words) + "` was still running after " + limit
                        + " and was killed: " + printed.strip());
            }
            return new Command(words, process.exitValue(), printed);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the output of `" + String.join(" ", words) + "` could not be read", e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while `" + String.join(" ", words) + "` ran", e);
        }
    }
}
