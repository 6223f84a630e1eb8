package dev.culvert.bench;

import dev.culvert.noise.ReplayWindow;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What does the replay check cost a packet, both halves of it: in order without a gap, in order after one loss, and
/// with packets that come in pairs the wrong way round?
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ReplayWindowBenchmark {
    /// How packets arrive; `first` and `mask` turn a running number into a counter.
    public enum Arrival {
        NO_GAP(0, 0),
        AFTER_A_LOSS(1, 0),
        SWAPPED_PAIRS(2, 1);

        private final long first;
        private final long mask;

        Arrival(long first, long mask) {
            this.first = first;
            this.mask = mask;
        }
    }

    @Param
    @SuppressWarnings("NullAway.Init") // JMH sets parameters first
    public Arrival arrival;

    private final ReplayWindow window = new ReplayWindow();
    private long received;

    @Benchmark
    public boolean check() {
        long counter = arrival.first + (received++ ^ arrival.mask);
        return window.mayAccept(counter) && window.accept(counter);
    }
}
