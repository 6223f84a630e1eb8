package dev.culvert.bench.generator;

import java.util.Arrays;

/// A series of figures, for percentiles.
public final class Sample {
    private double[] values = new double[256];
    private int count;

    public void add(double value) {
        if (count == values.length) {
            values = Arrays.copyOf(values, 2 * count);
        }
        values[count++] = value;
    }

    public int count() {
        return count;
    }

    /// The smallest value that is not exceeded by that share of all; NaN if there is none.
    ///
    /// @param share from 0 to 1
    public double percentile(double share) {
        if (count == 0) {
            return Double.NaN;
        }
        double[] sorted = Arrays.copyOf(values, count);
        Arrays.sort(sorted);
        return sorted[Math.clamp((int) Math.ceil(share * count) - 1, 0, count - 1)];
    }

    /// How many values are at most `limit`.
    public int upTo(double limit) {
        return (int)
                Arrays.stream(values, 0, count).filter(value -> value <= limit).count();
    }

    public double max() {
        return percentile(1);
    }

    public double mean() {
        return count == 0 ? Double.NaN : Arrays.stream(values, 0, count).sum() / count;
    }
}
