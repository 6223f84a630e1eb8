package dev.culvert.bench.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The rows' results on disk, a file a row, so that a long table can be made in several runs; and the table of all of
/// them as text and as JSON.
final class Results {
    private static final String SUFFIX = ".tsv";
    private static final int WHAT_MAX = 72;

    private final Path directory;

    Results(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(logs());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path directory() {
        return directory;
    }

    Path logs() {
        return directory.resolve("logs");
    }

    boolean has(String row) {
        return Files.exists(directory.resolve(row + SUFFIX));
    }

    synchronized void store(String row, List<Check> checks) {
        try {
            Files.write(
                    directory.resolve(row + SUFFIX),
                    checks.stream().map(Check::toTabs).toList());
            Files.writeString(directory.resolve("table.txt"), table());
            Files.writeString(directory.resolve("table.json"), json());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Check> all() {
        List<Check> checks = new ArrayList<>();
        for (FaultRow row : FaultRow.all()) {
            if (has(row.id())) {
                try {
                    Files.readAllLines(directory.resolve(row.id() + SUFFIX))
                            .forEach(line -> checks.add(Check.ofTabs(line)));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return checks;
    }

    /// Row, what, target, measured, verdict; a reason on a line of its own.
    String table() {
        List<Check> checks = all();
        int what = width(checks.stream().map(Check::what).toList());
        int target = width(checks.stream().map(Check::target).toList());
        int measured = width(checks.stream().map(Check::measured).toList());
        StringBuilder text = new StringBuilder();
        line(
                text,
                what,
                target,
                measured,
                new Check("row", "what", "target", "measured", Check.Verdict.STATED, ""),
                "verdict");
        for (Check check : checks) {
            line(text, what, target, measured, check, check.verdict().toString());
            if (!check.note().isEmpty()) {
                text.append("     └ ").append(check.note()).append('\n');
            }
        }
        return text.toString();
    }

    private static void line(StringBuilder text, int what, int target, int measured, Check check, String verdict) {
        text.append(pad(check.row(), 4))
                .append(' ')
                .append(pad(check.what(), what))
                .append("  ")
                .append(pad(check.target(), target))
                .append("  ")
                .append(pad(check.measured(), measured))
                .append("  ")
                .append(verdict)
                .append('\n');
    }

    private static int width(List<String> texts) {
        return texts.stream()
                .mapToInt(String::length)
                .filter(length -> length <= WHAT_MAX)
                .max()
                .orElse(8);
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private String json() {
        StringBuilder text = new StringBuilder("[\n");
        String separator = "";
        for (Check check : all()) {
            text.append(separator)
                    .append("  {\"row\": ")
                    .append(quoted(check.row()))
                    .append(", \"what\": ")
                    .append(quoted(check.what()))
                    .append(", \"target\": ")
                    .append(quoted(check.target()))
                    .append(", \"measured\": ")
                    .append(quoted(check.measured()))
                    .append(", \"verdict\": ")
                    .append(quoted(check.verdict().toString()))
                    .append(", \"note\": ")
                    .append(quoted(check.note()))
                    .append('}');
            separator = ",\n";
        }
        return text.append("\n]\n").toString();
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
