package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.device.EventKind;
import dev.culvert.device.Forwarding;
import dev.culvert.device.HandshakeLimits;
import dev.culvert.device.Offloads;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HubSettingsTest {
    @Test
    void readsEverySetting() throws Exception {
        HubSettings settings = HubSettings.parse("f", """
                # of the hub
                lanes: 3
                handshake-workers: 2
                staged-bytes-max: 2097152
                journal: off
                dead-peer-after-s: 5
                handshakes:
                  queue: 1000
                  under-load-at: 10
                  under-load-for-ms: 2500
                  per-source-per-second: 100
                  per-source-burst: 50
                  sources-max: 9
                  cookie-replies-per-second: 70
                offloads:
                  udp-gro: off
                  udp-gso: on
                  tun-udp: off
                steering: ebpf
                forwarding: direct
                cpus: 2,0-1
                busy-poll-us: 50
                admin:
                  listen: "[::1]:9000"
                  tls-certificate: /etc/culvert/c.pem
                  tls-key: /etc/culvert/k.pem
                  token-file: /etc/culvert/token
                  peers: 100
                  compat: mindflavor
                events:
                  stdout: on
                  journal: off
                  file: /var/log/culvert/e.jsonl
                  webhook: https://ops.example.com/wg?a=b
                  webhook-token-file: /etc/culvert/t
                  kinds: [connected, under_load]
                """);
        assertThat(settings)
                .isEqualTo(new HubSettings(
                        3,
                        2,
                        2_097_152,
                        "off",
                        5,
                        new HandshakeLimits(1000, 10, 2_500_000_000L, 100, 50, 9, 70),
                        new Offloads(false, true, true, false),
                        HubSettings.Steering.EBPF,
                        Forwarding.DIRECT,
                        List.of(2, 0, 1),
                        50,
                        new AdminSettings(
                                "[::1]:9000",
                                "/etc/culvert/c.pem",
                                "/etc/culvert/k.pem",
                                "/etc/culvert/token",
                                100,
                                true),
                        new EventSettings(
                                true,
                                false,
                                "/var/log/culvert/e.jsonl",
                                "https://ops.example.com/wg?a=b",
                                "/etc/culvert/t",
                                Set.of(EventKind.CONNECTED, EventKind.UNDER_LOAD))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "# nothing\n\n"})
    void anEmptyFileGivesTheDefaults(String text) throws Exception {
        assertThat(HubSettings.parse("f", text)).isEqualTo(HubSettings.DEFAULTS);
    }

    @Test
    void whatIsNotGivenHasItsDefault() throws Exception {
        assertThat(HubSettings.parse("f", "handshakes:\n  queue: 80\n").handshakes())
                .as("under load at an eighth")
                .isEqualTo(new HandshakeLimits(80, 10, 1_000_000_000L, 20, 5, 65_536, 4_000));
        assertThat(HubSettings.parse("f", "handshakes:\n")).isEqualTo(HubSettings.DEFAULTS);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lanes: 2\\nlane: 3                      | f:2: there is no setting 'lane'; did you mean 'lanes'?
            handshakes:\\n  que: 3                  | f:2: there is no setting 'que'; did you mean 'queue'?
            offloads:\\n  tun-tcp: no          | f: tun-tcp must be on or off, not no
            events:\\n  webhook: ftp://x/y | f: webhook must be a URL as https://host/path, without user and password
            events:\\n  kinds: [comes] | f: there is no event 'comes'
            events:\\n  file: here | f: the file of events must be an absolute path, not here
            cpus: one                               | f: cpus takes numbers and ranges of CPUs as taskset(1) does, 0-3,8 for instance, not one
            forwarding: straight                    | f: forwarding must be kernel or direct, not straight
            lanes: many                             | f:1: 'lanes' takes a whole number
            handshakes:\\n  under-load-for-ms: -1 | f: under-load-for-ms must be from 0 to 3600000, not -1
            steering: bpf                           | f: steering must be auto, ebpf or kernel, not bpf
            lanes: 65                               | f: lanes must be from 0 to 64, not 65
            staged-bytes-max: 5                     | f: staged-bytes-max must be from 1048576 to 1099511627776, not 5
            handshakes:\\n  queue: 9\\n  under-load-at: 10 | f: under-load-at must be from 1 to 9, not 10
            lanes: \t3                             | f:1: this is not YAML
            - lanes                                 | f:1: takes a whole number
            """)
    void namesTheLineAndWhatWouldBeRight(String text, String message) {
        assertThatThrownBy(
                        () -> HubSettings.parse("f", text.replace("\\n", "\n").replace("\\t", "\t{") + "\n"))
                .isInstanceOf(ConfException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void aFileThatIsNotThereGivesTheDefaults(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("wg0.yaml");
        assertThat(HubSettings.read(file)).isEqualTo(HubSettings.DEFAULTS);
        Files.writeString(file, "lanes: 1\n");
        assertThat(HubSettings.read(file).lanes()).isEqualTo(1);
        assertThat(HubSettings.fileOf("wg0")).hasToString("/etc/culvert/wg0.yaml");
    }
}
