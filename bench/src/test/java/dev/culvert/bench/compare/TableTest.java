package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class TableTest {
    private final Measurements measurements = new Measurements();
    private final Table table = new Table(measurements, "go");

    @BeforeEach
    void measure() {
        measurements.add(new Measurement(Row.TCP_UP, "ours", 1, Metric.GBIT, 6));
        measurements.add(new Measurement(Row.TCP_UP, "go", 1, Metric.GBIT, 4));
        measurements.add(new Measurement(Row.TCP_UP, "ours", 1, Metric.GBIT_PER_CPU, 7.5));
        measurements.add(new Measurement(Row.RX_500, "go", 1, Metric.LOSS, 0.5));
        measurements.add(new Measurement(Row.RX_500, "ours", 1, Metric.LOSS, 0.25));
        measurements.absent(new Absence("kernel", Absence.ALL_ROWS, "not available\non this kernel", false));
        measurements.absent(new Absence("go", "udp-200", "it ended", true));
    }

    @Test
    void givesMediansWithRatiosToTheBaseline() {
        assertThat(table.head()).containsExactly("row", "metric", "ours", "go");
        assertThat(table.lines())
                .containsExactly(
                        List.of("tcp-up", "Gbit/s", "6.00 (1.50×)", "4.00"),
                        List.of("tcp-up", "Gbit per hub-CPU-s", "7.50", "–"),
                        List.of("rx-500", "% lost", "0.25", "0.50"));
    }

    @Test
    void columnsStandBelowEachOther() {
        List<String> lines = table.text().lines().limit(4).toList();
        int column = lines.getFirst().indexOf("ours");
        assertThat(lines)
                .allSatisfy(
                        line -> assertThat(line.substring(column - 2, column)).isBlank());
        assertThat(lines.get(1)).startsWith("tcp-up  Gbit/s").contains("6.00 (1.50×)");
    }

    @Test
    void saysWhatWasNotMeasuredInOneLineEach() {
        assertThat(table.text())
                .contains("not measured: kernel: not available / on this kernel\n")
                .contains("not measured: go, udp-200: FAILED: it ended\n");
    }

    @Test
    void markdownHasAsManyCellsInEachLine() {
        Machine machine = new Machine("a processor", 2, "6.18", "25", "2026-11-23T00:00:00Z", "bench/compare --quick");
        Implementation go = new Implementation("go", Implementation.Kind.USERSPACE, List.of("go"), "version 1");

        String markdown = table.markdown(machine, List.of(go));

        assertThat(markdown.lines().filter(line -> line.startsWith("|")))
                .hasSize(5)
                .allSatisfy(
                        line -> assertThat(line.chars().filter(c -> c == '|')).hasSize(5));
        assertThat(markdown)
                .contains("2 cores of a processor, Linux 6.18")
                .contains("\nCommand: `bench/compare --quick`\n")
                .contains("- go: version 1\n")
                .contains("- kernel: not available / on this kernel\n")
                .contains("(compare.svg)");
    }
}
