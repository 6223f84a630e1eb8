package dev.culvert.bench.compare;

import dev.culvert.bench.lab.Background;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Owner;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.TrialFailure;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// OpenVPN point to point with AES-GCM and certificates of its own, tuned as its manual advises for speed.
final class OpenVpn implements AutoCloseable {
    private static final String COMMON =
            " --dev-type tun --proto udp --port 1194 --data-ciphers AES-256-GCM --tun-mtu 1420"
                    + " --txqueuelen 1000 --sndbuf 0 --rcvbuf 0 --fast-io --disable-dco --auth-nocache --verb 1";

    private final Path keys;

    private OpenVpn(Path keys) {
        this.keys = keys;
    }

    /// Starts both ends; the tunnel is there when a ping gets through.
    static Node start(
            Owner owner, Namespace hub, Namespace client, String run, String hubOuter, String hubInner, String inner) {
        try {
            OpenVpn made = owner.add(new OpenVpn(Files.createTempDirectory("culvert-openvpn")));
            String ofHub = made.certificate("hub");
            String ofClient = made.certificate("client");
            Background server = owner.add(hub.start(
                    "openvpn",
                    owner.log("openvpn-hub"),
                    "openvpn --dev " + run + "h" + COMMON + " --tls-server --dh none" + made.identity("hub")
                            + " --peer-fingerprint " + ofClient + " --ifconfig " + hubInner + " " + inner));
            owner.add(client.start(
                    "openvpn",
                    owner.log("openvpn-client"),
                    "openvpn --dev " + run + "c" + COMMON + " --tls-client --remote " + hubOuter
                            + made.identity("client") + " --peer-fingerprint " + ofHub + " --ifconfig " + inner + " "
                            + hubInner));
            return new Node(hub, run + "h", server);
        } catch (IOException e) {
            throw new TrialFailure("no directory for OpenVPN's certificates: " + e.getMessage(), e);
        }
    }

    private String identity(String name) {
        return " --cert " + keys.resolve(name + ".crt") + " --key " + keys.resolve(name + ".pem");
    }

    /// @return its fingerprint
    private String certificate(String name) {
        Path certificate = keys.resolve(name + ".crt");
        Shell.require("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -days 30 -subj /CN="
                + name + " -keyout " + keys.resolve(name + ".pem") + " -out " + certificate);
        String line = Shell.run(
                        Shell.LIMIT,
                        "",
                        List.of("openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", certificate.toString()))
                .required();
        return line.substring(line.indexOf('=') + 1).strip();
    }

    @Override
    public void close() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(keys)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(keys);
    }
}
