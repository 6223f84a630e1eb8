package dev.culvert.bench.compare;

import dev.culvert.bench.lab.Owner;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// One stage with one implementation, once; says each figure as it comes.
final class Visit {
    final Owner owner;
    final Implementation implementation;
    /// The other end, where it is not the implementation itself.
    final Implementation client;
    final CompareOptions options;
    private final Measurements measurements;
    private final int repetition;
    private final Set<Row> settled = EnumSet.noneOf(Row.class);

    Visit(
            Owner owner,
            Implementation implementation,
            Implementation client,
            CompareOptions options,
            Measurements measurements,
            int repetition) {
        this.owner = owner;
        this.implementation = implementation;
        this.client = client;
        this.options = options;
        this.measurements = measurements;
        this.repetition = repetition;
    }

    /// Whether a row is still to be measured.
    boolean wants(Row row) {
        return options.wants(row) && !settled.contains(row);
    }

    void measured(Row row, Map<Metric, Double> figures) {
        settled.add(row);
        figures.forEach((metric, value) ->
                measurements.add(new Measurement(row, implementation.name(), repetition, metric, value)));
        say(
                row,
                row.metrics.stream()
                        .filter(metric -> Double.isFinite(figures.getOrDefault(metric, Double.NaN)))
                        .map(metric -> String.format(
                                Locale.ROOT, "%." + metric.decimals + "f %s", figures.get(metric), metric.unit))
                        .collect(Collectors.joining(", ")));
    }

    void absent(Row row, String reason) {
        absent(row, reason, false);
    }

    void failed(Row row, String reason) {
        absent(row, reason, true);
    }

    private void absent(Row row, String reason, boolean failed) {
        settled.add(row);
        measurements.absent(new Absence(implementation.name(), row.id, reason, failed));
        say(row, (failed ? "FAILED: " : "not measured: ") + reason);
    }

    private static void say(Row row, String what) {
        System.out.printf(Locale.ROOT, "      %-14s %s%n", row.id, what);
    }
}
