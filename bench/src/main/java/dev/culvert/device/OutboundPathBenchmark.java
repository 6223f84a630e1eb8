package dev.culvert.device;

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

/// What does a packet cost on its way out, from the TUN to what sendmmsg is given, without the kernel? All of a
/// lane is real: routing, cipher, send queue, timers. A round is 64 packets to one peer.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls #connect before anything else
public class OutboundPathBenchmark {
    private static final int PACKETS = 64;

    @Param({"228", "1420"})
    public int bytes;

    private PathDevice hub;
    private PathDevice spoke;

    @Setup(Level.Trial)
    public void connect() {
        hub = new PathDevice(1);
        spoke = new PathDevice(2);
        PathDevice.connect(spoke, hub);
        spoke.tunGives(hub, bytes, 0);
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void send() {
        spoke.tunGives(PACKETS);
        spoke.lane.ingress.readable();
    }

    @TearDown(Level.Trial)
    public void close() {
        spoke.close();
        hub.close();
    }
}
