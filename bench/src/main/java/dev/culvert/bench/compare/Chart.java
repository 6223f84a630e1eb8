package dev.culvert.bench.compare;

import dev.culvert.bench.compare.Drawing.Anchor;
import dev.culvert.bench.compare.Drawing.Bar;
import dev.culvert.bench.compare.Drawing.Line;
import dev.culvert.bench.compare.Drawing.Mark;
import dev.culvert.bench.compare.Drawing.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Bars: how many times as good as the baseline each implementation is, by each row's first metric.
final class Chart {
    private static final int WIDTH = 1100;
    private static final int LEFT = 580;
    private static final int RIGHT = 70;
    private static final int HEAD = 78;
    private static final int FOOT = 24;
    private static final int BAR = 13;
    private static final int GAP = 11;
    private static final int SIZE = 12;
    private static final int TITLE_SIZE = 16;
    private static final int LEGEND_WIDTH = 150;
    private static final int GRID = 0xdddddd;
    private static final int BLACK = 0x000000;
    /// Told apart also by those who see fewer colours.
    private static final int[] COLOURS = {0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00};

    private Chart() {}

    static Drawing of(Measurements measurements, String baseline) {
        List<String> names = measurements.implementations().stream()
                .filter(name -> !name.equals(baseline))
                .toList();
        List<Row> rows = new ArrayList<>();
        double most = 1;
        for (Row row : Row.values()) {
            for (String name : names) {
                double ratio = measurements.ratio(row, row.headline(), name, baseline);
                if (Double.isFinite(ratio)) {
                    most = Math.max(most, ratio);
                    if (!rows.contains(row)) {
                        rows.add(row);
                    }
                }
            }
        }
        double perOne = (WIDTH - LEFT - RIGHT) / most;
        int group = names.size() * BAR + GAP;
        int height = HEAD + rows.size() * group + FOOT;
        List<Mark> marks = new ArrayList<>();
        marks.add(new Text(16, 26, TITLE_SIZE, Anchor.START, "Times as good as " + baseline + " (more is better)"));
        legend(marks, names);
        grid(marks, most, perOne, height);
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            double top = HEAD + i * (double) group;
            marks.add(new Text(
                    LEFT - 8,
                    top + (names.size() * BAR + SIZE) / 2.0 - 1,
                    SIZE,
                    Anchor.END,
                    row.title + ": " + row.headline().unit));
            for (int k = 0; k < names.size(); k++) {
                double ratio = measurements.ratio(row, row.headline(), names.get(k), baseline);
                if (Double.isFinite(ratio)) {
                    double y = top + k * (double) BAR;
                    marks.add(new Bar(LEFT, y, ratio * perOne, BAR - 2, colour(k)));
                    marks.add(new Text(
                            LEFT + ratio * perOne + 4,
                            y + BAR - 3,
                            SIZE - 1,
                            Anchor.START,
                            String.format(Locale.ROOT, "%.2f", ratio)));
                }
            }
        }
        marks.add(new Line(LEFT + perOne, HEAD - 6, LEFT + perOne, height - FOOT, BLACK));
        return new Drawing(WIDTH, height, List.copyOf(marks));
    }

    private static void legend(List<Mark> marks, List<String> names) {
        for (int k = 0; k < names.size(); k++) {
            marks.add(new Bar(16 + k * (double) LEGEND_WIDTH, 40, BAR, BAR, colour(k)));
            marks.add(new Text(34 + k * (double) LEGEND_WIDTH, 51, SIZE, Anchor.START, names.get(k)));
        }
    }

    private static void grid(List<Mark> marks, double most, double perOne, int height) {
        double step = most > 10 ? 5 : most > 4 ? 1 : 0.5;
        for (int i = 0; i * step <= most; i++) {
            double x = LEFT + i * step * perOne;
            marks.add(new Line(x, HEAD - 6, x, height - FOOT, GRID));
            marks.add(new Text(x + 8, height - 8, SIZE - 1, Anchor.END, String.format(Locale.ROOT, "%.1f", i * step)));
        }
    }

    private static int colour(int place) {
        return COLOURS[place % COLOURS.length];
    }
}
