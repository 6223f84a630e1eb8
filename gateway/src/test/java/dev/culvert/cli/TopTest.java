package dev.culvert.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.PeerStatus;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Rates, the picture of `culvert top`, and what `show` and `top` print as JSON.
final class TopTest {
    private static final long S = 1_000_000_000L;
    private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);
    private static final String PRIVATE = "40" + "11".repeat(30) + "41";
    private static final String ANSWER =
            """
            private_key=%s
            listen_port=51820
            public_key=%s
            preshared_key=%s
            endpoint=192.0.2.1:51820
            last_handshake_time_sec=1699999990
            last_handshake_time_nsec=0
            tx_bytes=2048
            rx_bytes=1024
            allowed_ip=10.0.0.2/32
            peer_name=%s Büro Nord
            peer_drop=%s spoofed_source 5
            peer_drop=%s no_endpoint 2
            bad_mac1=7
            errno=0

            """.formatted(PRIVATE, "02".repeat(32), "03".repeat(32), "02".repeat(32), "02".repeat(32), "02".repeat(32));

    @TempDir
    private Path directory = Path.of("unset");

    private static PeerStatus peer(int number, long rx, long tx, long handshakeS) {
        PublicKey key = PublicKey.fromHex(String.format("%02x", number).repeat(32));
        return new PeerStatus(key, PresharedKey.NONE, null, handshakeS * S, tx, rx, 0, List.of());
    }

    private static PeerRate.Look look(long dropsOfFirst, PeerStatus... peers) {
        UapiAnswer.Remarks remarks = new UapiAnswer.Remarks(
                false,
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(peers[0].publicKey(), Map.of("forged", 1L, "replayed", dropsOfFirst - 1)));
        return new PeerRate.Look(new DeviceStatus(null, 0, 0, List.of(peers)), remarks);
    }

    @Test
    void ratesAreOfTheTimeBetweenAndTheBusiestIsFirst() {
        long recentS = NOW.getEpochSecond() - 5;
        List<PeerRate> rates = PeerRate.between(
                look(10, peer(1, 1000, 1000, 5), peer(2, 0, 0, 5), peer(3, 5000, 0, 7)),
                look(16, peer(1, 3000, 1500, 5), peer(2, 0, 90_000, recentS), peer(3, 100, 0, 7), peer(4, 0, 0, 9)),
                2 * S);
        assertThat(rates).extracting(rate -> rate.peer().rxBytes()).containsExactly(0L, 3000L, 100L, 0L);
        assertThat(rates).extracting(PeerRate::rxPerSecond).containsExactly(0.0, 1000.0, 50.0, 0.0);
        assertThat(rates).extracting(PeerRate::txPerSecond).containsExactly(45_000.0, 250.0, 0.0, 0.0);
        assertThat(rates).extracting(PeerRate::drops).containsExactly(0L, 16L, 0L, 0L);
        assertThat(rates).extracting(PeerRate::dropsPerSecond).containsExactly(0.0, 3.0, 0.0, 0.0);

        List<String> lines = TopText.of("wg0", rates, peer -> "", NOW, new Terminal.Size(5, 60));
        assertThat(lines).hasSize(4).allMatch(line -> line.length() <= 60);
        assertThat(lines.getFirst()).startsWith("wg0  ").contains("4 peers, 1 with a session");
        assertThat(lines.get(2)).contains("43.9 KiB");
        List<String> wide = TopText.of("wg0", rates, peer -> "Büro", NOW, new Terminal.Size(50, 200));
        assertThat(wide).hasSize(6);
        assertThat(wide.get(2)).startsWith("Büro ").contains("5 s");
    }

    @Test
    void showPrintsJsonWithoutSecretsAndNamesWhenAsked() throws Exception {
        Console console = new Console(directory);
        try (FakeUapi _ = new FakeUapi(console.sockets, "cvtop0", ANSWER)) {
            assertThat(console.run("show", "cvtop0", "--json"))
                    .as(console.err())
                    .isZero();
            JsonNode device = new JsonMapper().readTree(console.out()).get("cvtop0");
            JsonNode peer = device.get("peers").get(0);
            assertThat(device.get("drops").get("bad_mac1").asLong()).isEqualTo(7);
            assertThat(peer.get("name").asString()).isEqualTo("Büro Nord");
            assertThat(peer.get("latest_handshake").asString()).isEqualTo("2023-11-14T22:13:10Z");
            assertThat(peer.get("received_bytes").asLong()).isEqualTo(1024);
            assertThat(peer.get("drops").get("spoofed_source").asLong()).isEqualTo(5);
            assertThat(peer.get("has_preshared_key").asBoolean()).isTrue();
            try (PrivateKey key = PrivateKey.fromHex(PRIVATE)) {
                assertThat(device.get("public_key").asString())
                        .isEqualTo(key.publicKey().toBase64());
                assertThat(console.out()).doesNotContain(key.toBase64(), PRIVATE);
            }
            assertThat(console.out())
                    .doesNotContain(PresharedKey.fromHex("03".repeat(32)).toBase64(), "03".repeat(32));

            console.run("show", "cvtop0");
            assertThat(console.out()).doesNotContain("Büro", "bad_mac1", "no_endpoint");
            console.run("show", "cvtop0", "--long");
            assertThat(console.out())
                    .contains(
                            "  name: Büro Nord\n",
                            "  dropped: 2 no_endpoint, 5 spoofed_source\n",
                            "  dropped, bad_mac1: 7\n");
            assertThat(console.run("show", "cvtop0", "peers", "--json")).isEqualTo(Cli.MISUSED);
        }
    }

    @Test
    void topPrintsOnePictureOrALineOfJson() throws Exception {
        Console console = new Console(directory);
        try (FakeUapi _ = new FakeUapi(console.sockets, "cvtop1", ANSWER)) {
            assertThat(console.run("top", "--once", "--interval", "1"))
                    .as(console.err())
                    .isZero();
            assertThat(console.out())
                    .contains("cvtop1", "1 peers, 1 with a session", "Büro Nord", "192.0.2.1:51820", "10 s");
            assertThat(console.run("top", "cvtop1", "--once", "--json", "--interval", "1"))
                    .isZero();
            JsonNode line = new JsonMapper().readTree(console.out());
            assertThat(line.get("peers").get(0).get("sent_bytes").asLong()).isEqualTo(2048);
            assertThat(line.get("peers").get(0).get("drops").asLong()).isEqualTo(7);
            assertThat(line.get("peers").get(0).get("sent_bytes_per_second").asLong())
                    .isZero();
            assertThat(console.run("top", "--interval", "0")).isEqualTo(Cli.MISUSED);
        }
    }
}
