package dev.culvert.bench.compare;

import dev.culvert.bench.lab.Belongings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/// Main class of `bench/compare`.
public final class Compare {
    private static final int MISUSED = 2;
    private static final int FAILED = 1;

    private Compare() {}

    public static void main(String[] arguments) throws IOException {
        System.setProperty("java.awt.headless", "true");
        Path repository = Path.of(System.getProperty("culvert.repository", ".")).toAbsolutePath();
        CompareOptions options = new CompareOptions();
        CommandLine commandLine = new CommandLine(options);
        try {
            commandLine.parseArgs(arguments);
            if (commandLine.isUsageHelpRequested()) {
                commandLine.usage(System.out);
                return;
            }
            options.check();
            if (options.list) {
                Arrays.stream(Row.values()).forEach(row -> System.out.printf("%-14s %s%n", row.id, row.title));
                return;
            }
            Runtime.getRuntime().addShutdownHook(new Thread(Belongings::closeAll));
            System.exit(run(options, Machine.here(arguments), repository) ? 0 : FAILED);
        } catch (ParameterException | IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(MISUSED);
        }
    }

    private static boolean run(CompareOptions options, Machine machine, Path repository) throws IOException {
        ResultFiles files = new ResultFiles(options.resultsIn(repository));
        Measurements measurements = new Measurements();
        if (options.add) {
            files.readInto(measurements);
        }
        Survey survey = Survey.of(options, repository);
        survey.absences().forEach(measurements::absent);
        List<Implementation> chosen = survey.chosen();
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing to measure: " + measurements.absences().getFirst().sentence());
        }
        System.out.println(machine.sentence());
        chosen.forEach(each -> System.out.println("  " + each.name() + "  " + each.version()));
        measurements.absences().forEach(absence -> System.out.println("  not measured: " + absence.sentence()));
        Path logs = repository.resolve("bench/target/compare-logs");
        new Matrix(options, survey, measurements, logs).run(() -> {
            try {
                files.write(measurements, survey.baseline(), machine, chosen);
                files.writePicture(Chart.of(measurements, survey.baseline())); // why not is told at the end
            } catch (IOException e) {
                throw new UncheckedIOException("the results cannot be written", e);
            }
        });
        String noPicture = files.writePicture(Chart.of(measurements, survey.baseline()));
        System.out.println();
        System.out.print(new Table(measurements, survey.baseline()).text());
        if (!noPicture.isEmpty()) {
            System.out.println(noPicture);
        }
        System.out.println("\nAlso in " + files.directory() + ": compare.json, compare.md, compare.svg, compare.png");
        return !measurements.anyFailed();
    }
}
