package dev.culvert.bench.generator;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.RandomSource;
import java.security.SecureRandom;
import java.util.SplittableRandom;

/// The ciphers and generators of one thread.
final class Crypto implements AutoCloseable {
    final Aead aead;
    final HandshakeCipher handshakes;
    final RandomSource random = new SecureRandom()::nextBytes;
    final SplittableRandom dice = new SplittableRandom();

    Crypto() {
        AeadEngine engine = AeadEngine.select(AeadEngine.AUTO).engine();
        aead = engine.newAead();
        handshakes = new HandshakeCipher(engine.newAead());
    }

    @Override
    public void close() {
        aead.close();
        handshakes.close();
    }
}
