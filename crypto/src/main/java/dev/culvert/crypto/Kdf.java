package dev.culvert.crypto;

/// KDF1, KDF2 and KDF3 of the WireGuard paper, section 5.4: HKDF (RFC 5869) over HMAC-BLAKE2s.
///
/// Called by the handshake, from any thread. Leaves no copy of what it derived but the outputs.
public final class Kdf {
    public static final int OUTPUT_BYTES = 32;

    private static final int MAX_OUTPUTS = 3;

    private Kdf() {}

    /// Derives as many outputs as are given and writes 32 bytes to each, at 0.
    ///
    /// @param outputs 1 to 3 different arrays; any may be the array of the key or of the input, so `kdf(c, x, c)`
    /// moves a chaining key on in place
    public static void kdf(byte[] key, byte[] input, byte[]... outputs) {
        if (outputs.length == 0 || outputs.length > MAX_OUTPUTS) {
            throw new IllegalArgumentException("a derivation has 1 to 3 outputs, not " + outputs.length);
        }
        byte[] extracted = new byte[OUTPUT_BYTES];
        byte[] previous = new byte[0];
        byte[] number = new byte[1];
        Blake2s.hmac(key, extracted, input);
        for (byte[] output : outputs) {
            number[0]++;
            Blake2s.hmac(extracted, output, previous, number);
            previous = output;
        }
        Wipe.zero(extracted);
    }
}
