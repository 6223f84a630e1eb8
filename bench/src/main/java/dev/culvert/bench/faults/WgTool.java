package dev.culvert.bench.faults;

import dev.culvert.bench.lab.TrialFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The real wg(8), timed from its start to its end as its caller waits for it.
final class WgTool implements AutoCloseable {
    private final Path output;

    WgTool() {
        try {
            output = Files.createTempFile("culvert-wg", ".out");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @return milliseconds
    double ms(String... words) {
        List<String> command = new ArrayList<>(List.of("wg"));
        command.addAll(List.of(words));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        long startNs = System.nanoTime();
        try {
            int exitCode = builder.start().waitFor();
            double ms = (System.nanoTime() - startNs) / 1e6;
            if (exitCode != 0) {
                throw new TrialFailure(
                        "`" + String.join(" ", command) + "` ended with " + exitCode + ": " + lastLine());
            }
            return ms;
        } catch (IOException e) {
            throw new TrialFailure("wg(8) could not be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrialFailure("interrupted while wg(8) ran", e);
        }
    }

    private String lastLine() {
        try (Stream<String> lines = Files.lines(output)) {
            return lines.reduce("", (_, next) -> next);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What the last one printed, as its words.
    long words() {
        try (Stream<String> lines = Files.lines(output)) {
            return lines.mapToLong(line -> line.split("[\t, ]", -1).length).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(output);
    }
}
