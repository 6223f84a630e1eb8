package dev.culvert.bench.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Everything that was measured, and what was not.
final class Measurements {
    private final List<Measurement> all = new ArrayList<>();
    private final Set<Absence> absences = new LinkedHashSet<>();

    /// A figure that is not a number is left out.
    void add(Measurement measurement) {
        if (Double.isFinite(measurement.value())) {
            all.add(measurement);
        }
    }

    void absent(Absence absence) {
        absences.add(absence);
    }

    List<Measurement> all() {
        return List.copyOf(all);
    }

    List<Absence> absences() {
        return List.copyOf(absences);
    }

    boolean anyFailed() {
        return absences.stream().anyMatch(Absence::failed);
    }

    /// The greatest repetition so far; 0 if there is none.
    int repetitions() {
        return all.stream().mapToInt(Measurement::repetition).max().orElse(0);
    }

    /// Names in the order in which they were first measured.
    List<String> implementations() {
        return List.copyOf(new LinkedHashSet<>(
                all.stream().map(Measurement::implementation).toList()));
    }

    double[] values(Row row, Metric metric, String implementation) {
        return all.stream()
                .filter(each -> each.row() == row
                        && each.metric() == metric
                        && each.implementation().equals(implementation))
                .mapToDouble(Measurement::value)
                .toArray();
    }

    boolean has(Row row, Metric metric) {
        return all.stream().anyMatch(each -> each.row() == row && each.metric() == metric);
    }

    /// NaN if there is no figure.
    double median(Row row, Metric metric, String implementation) {
        return median(values(row, metric, implementation));
    }

    /// Of an even number the mean of the two in the middle; NaN of none.
    static double median(double... values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// How many times as good as the baseline, so that more is always better; NaN if one of the two is missing
    /// or zero.
    double ratio(Row row, Metric metric, String implementation, String baseline) {
        double ours = median(row, metric, implementation);
        double theirs = median(row, metric, baseline);
        double ratio = metric.higherIsBetter ? ours / theirs : theirs / ours;
        return Double.isFinite(ratio) && ratio > 0 ? ratio : Double.NaN;
    }
}
