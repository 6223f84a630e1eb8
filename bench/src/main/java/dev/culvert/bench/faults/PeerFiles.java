package dev.culvert.bench.faults;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;

/// Configuration files for wg(8) with long lists, deleted at the end. Peer number N has the same random key in
/// each, `10.x.y.z/32` and an address in `fd00::/64`.
final class PeerFiles implements AutoCloseable {
    private static final Base64.Encoder BASE64 = Base64.getEncoder();

    private final Scene scene;
    private final List<Path> files = new ArrayList<>();

    PeerFiles(Scene scene) {
        this.scene = scene;
    }

    /// @param changed the number of a peer that gets another IPv4 address, or -1
    Path peers(int count, int changed) {
        return write(out -> {
            for (int number = 0; number < count; number++) {
                out.write("[Peer]\nPublicKey = " + key(number) + "\nAllowedIPs = "
                        + address(number == changed ? count + number : number) + "/32, fd00::"
                        + Integer.toHexString(number >>> 16) + ":" + Integer.toHexString(number & 0xffff) + "/128\n");
            }
        });
    }

    /// One peer with many prefixes.
    Path prefixes(int peer, int count) {
        return write(out -> {
            out.write("[Peer]\nPublicKey = " + key(peer) + "\nAllowedIPs = ");
            for (int number = 0; number < count; number++) {
                out.write((number == 0 ? "" : ", ") + address(number) + "/32");
            }
            out.write("\n");
        });
    }

    private interface Body {
        void write(BufferedWriter out) throws IOException;
    }

    private Path write(Body body) {
        try {
            Path file = Files.createTempFile("culvert-peers", ".conf");
            files.add(file);
            try (BufferedWriter out = Files.newBufferedWriter(file)) {
                out.write(
                        "[Interface]\nPrivateKey = " + scene.hubKey.toBase64() + "\nListenPort = " + Scene.PORT + "\n");
                body.write(out);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String address(int number) {
        return "10." + (number >>> 16) + "." + (number >>> 8 & 255) + "." + (number & 255);
    }

    static String key(int number) {
        byte[] key = new byte[32];
        new SplittableRandom(number).nextBytes(key);
        return BASE64.encodeToString(key);
    }

    @Override
    public void close() throws IOException {
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
