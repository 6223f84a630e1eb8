package dev.culvert.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `culvert show` beside Debian's `wg show`, on the same sockets, byte for byte.
final class ShowIT {
    private static final Path SOCKETS = Path.of("/var/run/wireguard");
    private static final String CLAMPED = "00" + "0123456789abcdef".repeat(4).substring(2, 62) + "6f";
    private static final String KEY = "0123456789abcdef".repeat(4);

    private final String id =
            Integer.toString(ThreadLocalRandom.current().nextInt(36 * 36 * 36, 36 * 36 * 36 * 36), 36);
    private final String full = "cs" + id + "a";
    private final String bare = "cs" + id + "b";
    private final List<FakeUapi> servers = new ArrayList<>();

    @TempDir
    private Path directory;

    private Console console = new Console(Path.of("unset"));

    @BeforeEach
    void serve() throws Exception {
        console = new Console(directory);
        console.sockets = SOCKETS;
        console.environment.put("WG_COLOR_MODE", "never");
        // In the middle of a second, and minutes away from the handshakes: two programs ask for the time.
        console.now = Instant.now();
        long nowS = console.now.getEpochSecond();
        servers.add(new FakeUapi(SOCKETS, full, """
                private_key=%7$s
                listen_port=51820
                fwmark=51820
                public_key=01%2$s
                preshared_key=%1$s
                protocol_version=1
                endpoint=192.0.2.1:51820
                last_handshake_time_sec=0
                last_handshake_time_nsec=0
                tx_bytes=0
                rx_bytes=148
                persistent_keepalive_interval=25
                allowed_ip=10.0.0.2/32
                allowed_ip=fd00::2/128
                allowed_ip=::ffff:1.2.3.4/128
                public_key=02%2$s
                endpoint=[2001:db8::1]:1
                last_handshake_time_sec=%3$d
                last_handshake_time_nsec=7
                tx_bytes=1023
                rx_bytes=1024
                persistent_keepalive_interval=3661
                allowed_ip=0.0.0.0/0
                public_key=03%2$s
                preshared_key=%4$s
                last_handshake_time_sec=%5$d
                last_handshake_time_nsec=9
                tx_bytes=1099511627776000
                rx_bytes=5368709120
                persistent_keepalive_interval=0
                public_key=04%2$s
                last_handshake_time_sec=%6$d
                last_handshake_time_nsec=0
                tx_bytes=18446744073709551615
                rx_bytes=123456789
                errno=0

                """.formatted(
                        KEY,
                        KEY.substring(2),
                        nowS - 40_000_000 - 30,
                        "0".repeat(64),
                        nowS - 86_400 - 3_630,
                        nowS + 1_000_000,
                        CLAMPED)));
        servers.add(new FakeUapi(SOCKETS, bare, "errno=0\n\n"));
    }

    @AfterEach
    void stopServing() throws Exception {
        for (FakeUapi server : servers) {
            server.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "public-key",
                "private-key",
                "listen-port",
                "fwmark",
                "peers",
                "preshared-keys",
                "endpoints",
                "allowed-ips",
                "latest-handshakes",
                "transfer",
                "persistent-keepalive",
                "dump"
            })
    void showsEveryFieldAsWgDoes(String field) throws Exception {
        for (String name : List.of(full, bare)) {
            assertSame(List.of(), "show", name, field);
        }
    }

    @Test
    void showsADeviceAsWgDoesForPeople() throws Exception {
        assertSame(List.of(), "show", bare);
        assertSameButForSeconds(List.of(), "show", full);
        assertSameButForSeconds(List.of("WG_HIDE_KEYS=never"), "show", full);
        assertSameButForSeconds(List.of("WG_COLOR_MODE=always"), "show", full);
    }

    @Test
    void showsTheEngineOfACulvertAlone() throws Exception {
        servers.add(new FakeUapi(SOCKETS, "cvengine0", "engine=libcrypto\nerrno=0\n\n"));
        assertThat(console.run("show", "cvengine0", "engine")).isZero();
        assertThat(console.out()).isEqualTo("libcrypto\n");
        assertThat(console.run("show", bare, "engine")).isEqualTo(1);
        assertThat(console.err()).contains(bare + " is served by another program");
    }

    @Test
    void printsTheConfigurationAsWgDoes() throws Exception {
        assertSame(List.of(), "showconf", full);
        assertSame(List.of(), "showconf", bare);
    }

    @Test
    void namesWhatIsServedAndShowsAllOfIt() throws Exception {
        assertThat(console.run("show", "interfaces")).isZero();
        assertThat(console.out().strip().split(" ", -1)).contains(full, bare);
        console.run("show", "all", "listen-port");
        assertThat(console.out()).contains(full + "\t51820\n", bare + "\t0\n");
        console.run("show");
        assertThat(console.out()).contains("interface: " + full + "\n", "\ninterface: " + bare + "\n");
    }

    private void assertSame(List<String> environment, String... arguments) throws Exception {
        assertThat(ours(environment, arguments)).isEqualTo(wg(environment, arguments));
    }

    /// The two ask for the time one after the other.
    private void assertSameButForSeconds(List<String> environment, String... arguments) throws Exception {
        String pattern = "[0-9]+( (?:\u001b\\[[0-9]+m)?seconds?)";
        assertThat(ours(environment, arguments).replaceAll(pattern, "N$1").replace("seconds", "second"))
                .isEqualTo(wg(environment, arguments).replaceAll(pattern, "N$1").replace("seconds", "second"));
    }

    private String ours(List<String> environment, String... arguments) {
        Map<String, String> before = Map.copyOf(console.environment);
        environment.forEach(each -> console.environment.put(each.split("=", -1)[0], each.split("=", -1)[1]));
        assertThat(console.run(arguments)).as(console.err()).isZero();
        console.environment.clear();
        console.environment.putAll(before);
        return console.out();
    }

    private static String wg(List<String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("wg"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("WG_COLOR_MODE", "never");
        environment.forEach(each -> builder.environment().put(each.split("=", -1)[0], each.split("=", -1)[1]));
        Process wg = builder.start();
        String out = new String(wg.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(wg.waitFor()).as(out).isZero();
        return out;
    }
}
