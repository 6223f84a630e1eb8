package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PrivateKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// Where the keys of a hub are not (conformance 4.25, R22): never in its log at the finest level, its command
/// line or its environment; and when the peer and the hub's own key have been removed, in no live object of the
/// JVM and nowhere in its native memory, neither as bytes nor as text.
@ExtendWith(LogsOnFailure.class)
@DisabledIfSystemProperty(
        named = "culvert.it.implementation",
        matches = "wireguard-go",
        disabledReason = "it is no JVM, whose heap could be dumped")
@Timeout(120)
final class SecretsIT {
    private static final int PORT = 51820;

    @Test
    void leavesNoKeyOfARemovedPeerInMemoryAndNoneInLogs() throws IOException {
        try (Network network = new Network()) {
            Namespace namespace = network.namespace("n");
            String link = network.name("t");
            Daemon daemon = network.daemon(Implementation.underTest(), 2, namespace, link);
            daemon.awaitReady();
            namespace.ip("link set " + link + " up");

            Identity hub = Identity.fresh();
            Identity spoke = Identity.fresh();
            String psk = Identity.freshPresharedKey();
            Path keyFile = network.secretFile("hub.key", hub.privateKey() + "\n");
            Path pskFile = network.secretFile("psk.key", psk + "\n");
            Wg.set(
                    link,
                    "listen-port " + PORT + " private-key " + keyFile + " peer " + spoke.publicKey() + " preshared-key "
                            + pskFile + " allowed-ips 10.77.0.2/32");
            Map<String, byte[]> secrets = new LinkedHashMap<>();
            byte[] clamped;
            try (PrivateKey key = PrivateKey.fromBase64(hub.privateKey())) {
                clamped = HexFormat.of().parseHex(key.toHex());
            }
            add(secrets, "private", clamped);
            add(secrets, "preshared", Base64.getDecoder().decode(psk));
            handshake(namespace, hub, spoke, psk).forEach((name, secret) -> add(secrets, name, secret));
            Await.until("the session", Duration.ofSeconds(5), () -> Uapi.rxBytes(link) == 148 + 32);
            Command.require("wg", "show", link, "dump"); // the keys go out once
            Command.require("wg", "showconf", link);

            ProcessMemory memory = new ProcessMemory(daemon.pid());
            assertThat(memory.inLiveObjects(secrets, network.directory()))
                    .as("the search finds what must be there")
                    .contains("private first half", "preshared last half", "static-static first half");
            assertThat(memory.outsideTheHeap(secrets)).contains("hub-sends first half", "hub-receives last half");
            requireNotTold(daemon, secrets);

            Wg.set(link, "private-key /dev/null peer " + spoke.publicKey() + " remove");
            Wg.set(link, "peer " + Identity.fresh().publicKey() + " allowed-ips 10.77.0.3/32");
            assertThat(memory.inLiveObjects(secrets, network.directory()))
                    .as("live objects")
                    .isEmpty();
            assertThat(memory.outsideTheHeap(secrets)).as("native memory").isEmpty();
            requireNotTold(daemon, secrets);
        }
    }

    /// The halves as bytes, since a copy may have been overwritten in part, and the whole as text.
    private static void add(Map<String, byte[]> secrets, String name, byte[] secret) {
        secrets.put(name + " first half", Arrays.copyOf(secret, 16));
        secrets.put(name + " last half", Arrays.copyOfRange(secret, 16, 32));
        String hex = HexFormat.of().formatHex(secret);
        secrets.put(name + " in hexadecimal", hex.getBytes(StandardCharsets.US_ASCII));
        String base64 = Base64.getEncoder().encodeToString(secret).substring(0, 40);
        secrets.put(name + " in base64", base64.getBytes(StandardCharsets.US_ASCII));
    }

    private static Map<String, byte[]> handshake(Namespace namespace, Identity hub, Identity spoke, String psk) {
        Map<String, byte[]> told = new LinkedHashMap<>();
        ScriptedSpoke.run(namespace, PORT, hub, spoke, psk, 0).lines().forEach(line -> {
            int space = line.indexOf(' ');
            if (space > 0 && line.length() - space == 65) {
                told.put(line.substring(0, space), HexFormat.of().parseHex(line.substring(space + 1)));
            }
        });
        assertThat(told).containsOnlyKeys("static-static", "hub-receives", "hub-sends");
        return told;
    }

    private static void requireNotTold(Daemon daemon, Map<String, byte[]> secrets) throws IOException {
        Path process = Path.of("/proc", Long.toString(daemon.pid()));
        assertThat(Files.readString(process.resolve("limits"))).containsPattern("Max core file size +0 +0 ");
        for (Path file : List.of(daemon.log(), process.resolve("cmdline"), process.resolve("environ"))) {
            String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
            String lower = text.toLowerCase(Locale.ROOT);
            secrets.forEach((name, secret) -> {
                String wanted = new String(secret, StandardCharsets.ISO_8859_1);
                boolean isHex = name.endsWith("hexadecimal");
                assertThat(isHex ? lower.contains(wanted) : text.contains(wanted))
                        .as("%s holds %s", file, name)
                        .isFalse();
            });
        }
    }
}
