package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Belongings;
import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Waiting;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Main class: runs rows and prints the table. See [Options#USAGE].
public final class FaultTable {
    private static final int MISUSED = 2;
    private static final int FAILED = 1;

    private FaultTable() {}

    public static void main(String[] arguments) {
        Path repository = Path.of(System.getProperty("culvert.repository", ".")).toAbsolutePath();
        for (String argument : arguments) {
            if (argument.equals("--help") || argument.equals("-h")) {
                System.out.print(Options.USAGE);
                return;
            }
            if (argument.equals("--list")) {
                FaultRow.all().forEach(row -> System.out.printf("%-4s %s%n", row.id(), row.title()));
                return;
            }
        }
        Options options;
        try {
            options = Options.parse(arguments, repository);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(MISUSED);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(Belongings::closeAll));
        System.exit(run(options) ? 0 : FAILED);
    }

    private static boolean run(Options options) {
        Results results = new Results(options.results());
        Queue<FaultRow> rows = new ConcurrentLinkedQueue<>();
        for (FaultRow row : FaultRow.all()) {
            if (options.wants(row) && !(options.resume() && results.has(row.id()))) {
                rows.add(row);
            }
        }
        boolean good = options.quick() ? runInPairs(rows, options, results) : runEach(rows, options, results);
        System.out.println();
        System.out.print(results.table());
        System.out.println("\nAlso in " + results.directory());
        return good;
    }

    private static boolean runEach(Queue<FaultRow> rows, Options options, Results results) {
        boolean good = true;
        for (FaultRow row = rows.poll(); row != null; row = rows.poll()) {
            good &= run(row, options, results);
        }
        return good;
    }

    /// A quick row mostly waits, and its figures of speed are not judged.
    private static boolean runInPairs(Queue<FaultRow> rows, Options options, Results results) {
        CompletableFuture<Boolean> other = CompletableFuture.supplyAsync(() -> runEach(rows, options, results));
        boolean good = runEach(rows, options, results);
        return other.join() && good;
    }

    private static boolean run(FaultRow row, Options options, Results results) {
        System.out.printf(Locale.ROOT, "%s %s (about %d s)%n", row.id(), row.title(), row.seconds(options));
        long startNs = System.nanoTime();
        Report report;
        try (Trial trial = new Trial(row, options, results)) {
            report = trial.report;
            report.state("cores busy before the row, of " + Runtime.getRuntime().availableProcessors(), busyCores());
            try {
                row.run(trial);
            } catch (TrialFailure e) {
                report.function("the row itself", "can be carried through", String.valueOf(e.getMessage()), false);
            }
        }
        report.state("duration", String.format(Locale.ROOT, "%.0f s", (System.nanoTime() - startNs) / 1e9));
        results.store(row.id(), report.checks());
        return !report.functionMissed();
    }

    /// Over one second: what the figures of speed had to share with.
    private static String busyCores() {
        double before = Figures.machineCpuSeconds();
        long startNs = System.nanoTime();
        Waiting.seconds(1);
        return String.format(
                Locale.ROOT, "%.2f", (Figures.machineCpuSeconds() - before) * 1e9 / (System.nanoTime() - startNs));
    }
}
