package dev.culvert.bench.generator;

import dev.culvert.crypto.Blake2s;
import dev.culvert.crypto.PrivateKey;
import java.nio.charset.StandardCharsets;

/// The keys of simulated peers: computed from a run's name and a number, so that the controller and the generator
/// agree without sending them. Never for anything but tests.
public final class PeerKeys {
    private PeerKeys() {}

    public static PrivateKey of(String run, int number) {
        byte[] seed = ("test key of run " + run).getBytes(StandardCharsets.UTF_8);
        byte[] which = Integer.toString(number).getBytes(StandardCharsets.UTF_8);
        return PrivateKey.fromBytes(Blake2s.hash(seed, which));
    }
}
