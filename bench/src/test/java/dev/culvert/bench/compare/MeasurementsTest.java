package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MeasurementsTest {
    private final Measurements measurements = new Measurements();

    private void measured(Row row, String implementation, Metric metric, double... values) {
        for (int i = 0; i < values.length; i++) {
            measurements.add(new Measurement(row, implementation, i + 1, metric, values[i]));
        }
    }

    @Test
    void theMedianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle() {
        assertThat(Measurements.median(3, 1, 200)).isEqualTo(3);
        assertThat(Measurements.median(4, 1, 2, 100)).isEqualTo(3);
        assertThat(Measurements.median(7)).isEqualTo(7);
        assertThat(Measurements.median()).isNaN();
    }

    @Test
    void takingTheMedianLeavesTheFiguresInTheirOrder() {
        double[] values = {3, 1, 2};
        assertThat(Measurements.median(values)).isEqualTo(2);
        assertThat(values).containsExactly(3, 1, 2);
    }

    @Test
    void aRatioIsOfMediansAndMoreIsBetterAlsoForTimes() {
        measured(Row.TCP_UP, "a", Metric.GBIT, 6, 1, 100);
        measured(Row.TCP_UP, "b", Metric.GBIT, 3, 3, 3);
        measured(Row.PING_IDLE, "a", Metric.P50, 50);
        measured(Row.PING_IDLE, "b", Metric.P50, 100);

        assertThat(measurements.ratio(Row.TCP_UP, Metric.GBIT, "a", "b")).isEqualTo(2);
        assertThat(measurements.ratio(Row.TCP_UP, Metric.GBIT, "b", "a")).isEqualTo(0.5);
        assertThat(measurements.ratio(Row.PING_IDLE, Metric.P50, "a", "b")).isEqualTo(2);
    }

    @Test
    void thereIsNoRatioToWhatWasNotMeasuredOrIsNothing() {
        measured(Row.TCP_UP, "a", Metric.GBIT, 6);
        measured(Row.TCP_UP, "none", Metric.GBIT, 0);

        assertThat(measurements.ratio(Row.TCP_UP, Metric.GBIT, "a", "missing")).isNaN();
        assertThat(measurements.ratio(Row.TCP_UP, Metric.GBIT, "missing", "a")).isNaN();
        assertThat(measurements.ratio(Row.TCP_UP, Metric.GBIT, "a", "none")).isNaN();
        assertThat(measurements.ratio(Row.TCP_UP, Metric.GBIT, "none", "a")).isNaN();
    }

    /// As the kernel's own, which has no process whose time could be taken.
    @Test
    void aFigureThatIsNoNumberIsNone() {
        measured(Row.TCP_UP, "kernel", Metric.GBIT_PER_CPU, Double.NaN, Double.POSITIVE_INFINITY);

        assertThat(measurements.all()).isEmpty();
        assertThat(measurements.median(Row.TCP_UP, Metric.GBIT_PER_CPU, "kernel"))
                .isNaN();
    }

    @Test
    void onlyWhatShouldHaveWorkedIsAFailure() {
        measurements.absent(new Absence("kernel", Absence.ALL_ROWS, "not available on this kernel", false));
        assertThat(measurements.anyFailed()).isFalse();
        measurements.absent(new Absence("a", "tcp-up", "it ended", true));
        assertThat(measurements.anyFailed()).isTrue();
    }

    @Test
    void aReasonThatComesWithEachRepetitionIsToldOnce() {
        measurements.absent(new Absence("a", "spokes-direct", "has none", false));
        measurements.absent(new Absence("a", "spokes-direct", "has none", false));
        assertThat(measurements.absences()).hasSize(1);
    }
}
