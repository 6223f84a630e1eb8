package dev.culvert.bench.compare;

import dev.culvert.bench.lab.Belongings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// How many mebibytes a second does one TCP stream carry through a tunnel with the same implementation at both
/// ends? Needs root, and a checkout that is built: network namespaces, real programs, iperf3. An implementation
/// that is not here fails with the reason. `bench/compare` has the other questions.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 2)
@SuppressWarnings("NullAway.Init") // JMH calls #connect before anything else
public class TunnelBenchmark {
    private static final int MEBIBYTES = 128;

    @Param({"culvert", "wireguard-go", "kernel"})
    public String implementation;

    private Belongings belongings;
    private Pair pair;

    @Setup(Level.Trial)
    public void connect() throws IOException {
        CompareOptions options = new CompareOptions();
        options.implementations = List.of(implementation);
        options.newer = System.getenv("WIREGUARD_GO_NEW");
        Survey survey = Survey.of(options, Path.of("").toAbsolutePath());
        if (survey.chosen().isEmpty()) {
            throw new IllegalStateException(survey.absences().getFirst().sentence());
        }
        Implementation both = survey.chosen().getFirst();
        belongings = new Belongings(Files.createTempDirectory("culvert-tunnel"), implementation);
        pair = new Pair(belongings, both, both, 0);
    }

    @Benchmark
    @OperationsPerInvocation(MEBIBYTES)
    public double transfer() {
        return pair.transfer(MEBIBYTES).gbit();
    }

    @TearDown(Level.Trial)
    public void close() {
        if (belongings != null) {
            belongings.close();
        }
    }
}
