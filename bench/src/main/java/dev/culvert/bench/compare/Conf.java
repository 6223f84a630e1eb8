package dev.culvert.bench.compare;

import dev.culvert.bench.generator.PeerKeys;
import dev.culvert.crypto.PrivateKey;
import java.util.Base64;
import java.util.SplittableRandom;

/// The text of wg(8)'s configurations, with the keys of a run by number.
final class Conf {
    static final int PORT = 51820;

    private static final int SILENT_NETWORK = 10 << 24 | 128 << 16;
    private static final int KEY_BYTES = 32;

    private final String run;
    private final StringBuilder text = new StringBuilder();

    /// @param number of the interface's own key
    Conf(String run, int number) {
        this.run = run;
        try (PrivateKey key = PeerKeys.of(run, number)) {
            text.append("[Interface]\nPrivateKey = ").append(key.toBase64()).append('\n');
        }
        text.append("ListenPort = ").append(PORT).append('\n');
    }

    static String publicKey(String run, int number) {
        try (PrivateKey key = PeerKeys.of(run, number)) {
            return key.publicKey().toBase64();
        }
    }

    Conf peer(int number, String allowedIps) {
        text.append("[Peer]\nPublicKey = ").append(publicKey(run, number));
        text.append("\nAllowedIPs = ").append(allowedIps).append('\n');
        return this;
    }

    /// Of the peer that was added last.
    Conf endpoint(String address) {
        text.append("Endpoint = ").append(address).append(':').append(PORT).append('\n');
        return this;
    }

    /// Peers that nobody ever hears of, each with a prefix in 10.128.0.0/9.
    Conf silentPeers(int count) {
        SplittableRandom random = new SplittableRandom(1);
        byte[] key = new byte[KEY_BYTES];
        for (int i = 0; i < count; i++) {
            random.nextBytes(key);
            int address = SILENT_NETWORK + i;
            text.append("[Peer]\nPublicKey = ").append(Base64.getEncoder().encodeToString(key));
            text.append("\nAllowedIPs = 10.")
                    .append(address >>> 16 & 255)
                    .append('.')
                    .append(address >>> 8 & 255)
                    .append('.')
                    .append(address & 255)
                    .append("/32\n");
        }
        return this;
    }

    @Override
    public String toString() {
        return "configuration with keys";
    }

    /// With private keys: for a program's standard input only.
    String forStandardInput() {
        return text.toString();
    }
}
