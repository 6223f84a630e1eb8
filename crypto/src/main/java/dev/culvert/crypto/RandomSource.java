package dev.culvert.crypto;

/// Cryptographically strong randomness, handed in so that tests and simulations can seed it.
@FunctionalInterface
public interface RandomSource {
    /// Fills `target` with random bytes.
    void fill(byte[] target);
}
