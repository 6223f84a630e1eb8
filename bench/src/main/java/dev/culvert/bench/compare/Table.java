package dev.culvert.bench.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The medians as text: one line a metric of a row, one column an implementation, and how many times as good as
/// the baseline each one is.
///
/// @param baseline may be missing; then there are no ratios
record Table(Measurements measurements, String baseline) {
    private static final String NONE = "–";

    List<String> head() {
        List<String> cells = new ArrayList<>(List.of("row", "metric"));
        cells.addAll(measurements.implementations());
        return cells;
    }

    /// Cells of each line, as many as [#head] has.
    List<List<String>> lines() {
        List<List<String>> lines = new ArrayList<>();
        for (Row row : Row.values()) {
            for (Metric metric : row.metrics) {
                if (measurements.has(row, metric)) {
                    List<String> cells = new ArrayList<>(List.of(row.id, metric.unit));
                    measurements.implementations().forEach(name -> cells.add(cell(row, metric, name)));
                    lines.add(cells);
                }
            }
        }
        return lines;
    }

    private String cell(Row row, Metric metric, String implementation) {
        double median = measurements.median(row, metric, implementation);
        if (Double.isNaN(median)) {
            return NONE;
        }
        String figure = String.format(Locale.ROOT, "%." + metric.decimals + "f", median);
        double ratio = measurements.ratio(row, metric, implementation, baseline);
        boolean shown = Double.isFinite(ratio) && !implementation.equals(baseline) && metric != Metric.LOSS;
        return shown ? figure + String.format(Locale.ROOT, " (%.2f×)", ratio) : figure;
    }

    String text() {
        List<List<String>> all = new ArrayList<>(List.of(head()));
        all.addAll(lines());
        int columns = head().size();
        int[] widths = new int[columns];
        for (List<String> cells : all) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], cells.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> cells : all) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                line.append(cells.get(i))
                        .append(" ".repeat(widths[i] - cells.get(i).length() + 2));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.append(notes()).toString();
    }

    private String notes() {
        StringBuilder text = new StringBuilder();
        for (Absence absence : measurements.absences()) {
            text.append("not measured: ").append(oneLine(absence.sentence())).append('\n');
        }
        return text.toString();
    }

    String markdown(Machine machine, List<Implementation> implementations) {
        StringBuilder text = new StringBuilder("# Culvert compared, end to end\n\n");
        text.append("Medians of ")
                .append(measurements.repetitions())
                .append(", interleaved, on ")
                .append(machine.sentence())
                .append(".\nIn brackets how many times as good as ")
                .append(baseline)
                .append(": more is better.\n\nCommand: `")
                .append(machine.command())
                .append("`\n\n![Ratios](compare.svg)\n\n");
        markdownLine(text, head());
        text.append("|---|---").append("|---:".repeat(head().size() - 2)).append("|\n");
        lines().forEach(cells -> markdownLine(text, cells));
        text.append("\nRows:\n\n");
        for (Row row : Row.values()) {
            text.append("- `").append(row.id).append("`: ").append(row.title).append('\n');
        }
        text.append("\nImplementations:\n\n");
        implementations.forEach(each -> text.append("- ")
                .append(each.name())
                .append(each.version().isEmpty() ? "" : ": " + each.version())
                .append('\n'));
        if (!measurements.absences().isEmpty()) {
            text.append("\nNot measured:\n\n");
            measurements
                    .absences()
                    .forEach(absence -> text.append("- ")
                            .append(oneLine(absence.sentence()))
                            .append('\n'));
        }
        return text.toString();
    }

    private static void markdownLine(StringBuilder text, List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\n\\s*", " / ");
    }
}
