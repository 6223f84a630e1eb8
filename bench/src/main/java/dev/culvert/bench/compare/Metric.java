package dev.culvert.bench.compare;

/// One figure of a row. "Per hub-CPU-second" divides by the processor time of the hub's program (user and
/// system, all threads), so that figures from few shared cores can be compared.
enum Metric {
    GBIT("Gbit/s", 2, true),
    GBIT_PER_CPU("Gbit per hub-CPU-s", 2, true),
    KPPS("kpackets/s delivered", 1, true),
    KPKT_PER_CPU("kpackets per hub-CPU-s", 1, true),
    LOSS("% lost", 2, false),
    P50("p50 µs", 0, false),
    P99("p99 µs", 0, false);

    final String unit;
    final int decimals;
    final boolean higherIsBetter;

    Metric(String unit, int decimals, boolean higherIsBetter) {
        this.unit = unit;
        this.decimals = decimals;
        this.higherIsBetter = higherIsBetter;
    }
}
