package dev.culvert.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Where and when it was measured, and by which command.
record Machine(String processor, int cores, String kernel, String java, String date, String command) {
    /// @param arguments of `bench/compare`
    static Machine here(String... arguments) {
        return new Machine(
                processorName(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.version"),
                System.getProperty("java.vm.version"),
                Instant.now().truncatedTo(ChronoUnit.MINUTES).toString(),
                Stream.concat(Stream.of("bench/compare"), Stream.of(arguments).map(Machine::quoted))
                        .collect(Collectors.joining(" ")));
    }

    private static String processorName() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }

    private static String quoted(String argument) {
        return argument.matches("[\\w./,:=-]+") ? argument : "'" + argument + "'";
    }

    String sentence() {
        return cores + " cores of " + processor + ", Linux " + kernel + ", Java " + java + ", " + date;
    }
}
