package dev.culvert.bench.compare;

/// One figure of one repetition, in the metric's unit.
record Measurement(Row row, String implementation, int repetition, Metric metric, double value) {}
