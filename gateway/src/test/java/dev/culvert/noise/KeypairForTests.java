package dev.culvert.noise;

/// Lets tests of other packages stand close to a keypair's limit of messages.
public final class KeypairForTests {
    private KeypairForTests() {}

    /// The counter of the next packet.
    public static void sendCounter(Keypair keypair, long counter) {
        keypair.sendCounter(counter);
    }
}
