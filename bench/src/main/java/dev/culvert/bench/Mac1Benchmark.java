package dev.culvert.bench;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.noise.CookieChecker;
import dev.culvert.noise.CookieTools;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.wire.HandshakeInitiation;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What does a lane pay to refuse an initiation with a wrong mac1?
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls #prepare before anything else
public class Mac1Benchmark {
    private final byte[] initiation = new byte[HandshakeInitiation.BYTES];

    private Aead aead;
    private CookieTools tools;
    private CookieChecker checker;

    @Setup
    public void prepare() {
        Random random = new Random(1);
        aead = AeadEngine.select(AeadEngine.AUTO).engine().newAead();
        tools = new CookieTools(aead, random::nextBytes);
        checker = new CookieChecker(new StaticIdentity(PrivateKey.generate(random::nextBytes)));
        HandshakeInitiation.writeType(initiation);
    }

    @TearDown
    public void free() {
        tools.close();
        aead.close();
    }

    @Benchmark
    public boolean refuse() {
        initiation[HandshakeInitiation.EPHEMERAL]++;
        return checker.mac1Valid(initiation, tools);
    }
}
