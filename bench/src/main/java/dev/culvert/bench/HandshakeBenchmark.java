package dev.culvert.bench;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.X25519;
import dev.culvert.noise.ReceivedInitiation;
import dev.culvert.noise.ResponseDraft;
import dev.culvert.noise.SentInitiation;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.noise.Tai64n;
import java.security.SecureRandom;
import java.util.Objects;
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

/// How many handshakes does one core answer in a second, and how many would one key generation and three X25519
/// allow? As a hub that knows its peer does it, with the static-static secret at hand.
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls #prepare before anything else
public class HandshakeBenchmark {
    private final SecureRandom random = new SecureRandom();
    private final byte[] staticStatic = new byte[PublicKey.BYTES];
    private final byte[] shared = new byte[PublicKey.BYTES];

    private HandshakeCipher cipher;
    private StaticIdentity hub;
    private PublicKey spoke;
    private PresharedKey psk;
    private byte[] initiation;

    @Setup
    public void prepare() {
        cipher = new HandshakeCipher(AeadEngine.select(AeadEngine.AUTO).engine().newAead());
        hub = new StaticIdentity(PrivateKey.generate(random::nextBytes));
        StaticIdentity initiator = new StaticIdentity(PrivateKey.generate(random::nextBytes));
        spoke = initiator.publicKey();
        psk = PresharedKey.generate(random::nextBytes);
        X25519.sharedSecret(hub.privateKey(), spoke, staticStatic);
        try (SentInitiation sent = Objects.requireNonNull(SentInitiation.create(
                initiator,
                hub.publicKey(),
                staticStatic,
                Tai64n.of(System.currentTimeMillis() * 1_000_000),
                PrivateKey.generate(random::nextBytes),
                cipher))) {
            initiation = sent.message().clone();
        }
    }

    @TearDown
    public void free() {
        cipher.close();
    }

    @Benchmark
    public ResponseDraft respond() {
        try (ReceivedInitiation received = Objects.requireNonNull(ReceivedInitiation.open(hub, initiation, cipher))) {
            Objects.requireNonNull(received.openTimestamp(staticStatic, cipher));
            return Objects.requireNonNull(received.respond(psk, PrivateKey.generate(random::nextBytes), cipher));
        }
    }

    @Benchmark
    public byte[] fourMultiplications() {
        try (PrivateKey ephemeral = PrivateKey.generate(random::nextBytes)) {
            PublicKey publicKey = ephemeral.publicKey();
            X25519.sharedSecret(ephemeral, spoke, shared);
            X25519.sharedSecret(hub.privateKey(), publicKey, shared);
            X25519.sharedSecret(ephemeral, publicKey, shared);
        }
        return shared;
    }
}
