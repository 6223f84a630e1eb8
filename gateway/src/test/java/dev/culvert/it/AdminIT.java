package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The admin server of `culvert up`, beside a real peer: promtool and a real Prometheus read it, a load balancer
/// asks
/// for its health. (wireguard-go has nothing like it.)
@DisabledIfSystemProperty(named = "culvert.it.implementation", matches = "wireguard-go")
@ExtendWith(LogsOnFailure.class)
@Timeout(120)
final class AdminIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String ADMIN = "127.0.0.1:9586";

    private final Network network = new Network();
    private final Namespace hub = network.namespace("h");
    private final String hubInterface = network.name("adm");
    private final Identity identity = Identity.fresh();
    private final Node spoke;
    private final Node late;

    AdminIT() {
        network.bridge(hub, "br0", "172.31.0.1/24", "fd31::1/64");
        spoke = spoke("s0", 10);
        late = spoke("s1", 11);
    }

    private Node spoke(String role, int number) {
        Namespace namespace = network.namespace(role);
        network.plug(hub, "br0", namespace, "eth0", "172.31.0." + number + "/24", "fd31::" + number + "/64");
        Node node = new Node(network, namespace, Implementation.WIREGUARD_GO, 1, number, Topology.SPOKE_PORT);
        node.up();
        node.setconf(node.interfaceSection()
                + Topology.peerSection(
                        identity.publicKey(),
                        null,
                        Node.TUNNEL_PREFIX_4 + "," + Node.TUNNEL_PREFIX_6,
                        "172.31.0.1:51820"));
        return node;
    }

    @AfterEach
    void close() {
        network.close();
    }

    @Test
    void prometheusReadsItAndEveryQueryOfTheDashboardAnswers() {
        Daemon daemon = up();
        Ping.succeeds(spoke.namespace(), "10.77.0.1", 20);

        String metrics = curl("http://" + ADMIN + "/metrics").required();
        Command checked = Command.run(LIMIT, metrics, List.of("promtool", "check", "metrics"));
        assertThat(checked.exitCode()).as("%s", checked.output()).isZero();
        String key = spoke.identity().publicKey();
        assertThat(metrics)
                .contains("culvert_up{device=\"" + hubInterface + "\"} 1.0")
                .contains("culvert_peers{device=\"" + hubInterface + "\",state=\"configured\"} 2")
                .contains("culvert_peers{device=\"" + hubInterface + "\",state=\"connected\"} 1")
                .contains("culvert_tag_peers{device=\"" + hubInterface + "\",tag=\"staff\",state=\"connected\"} 1")
                .contains("public_key=\"" + key + "\",endpoint=\"172.31.0.10:" + Topology.SPOKE_PORT
                        + "\",name=\"first spoke\"} 1")
                .contains("jvm_memory_used_bytes");
        assertThat(metrics.lines().filter(line -> line.startsWith("wireguard_peer_info{")))
                .as("the probe's peer is in no list")
                .hasSize(2);
        everyNameIsDocumented(metrics);
        double received = metrics.lines()
                .filter(line -> line.startsWith("wireguard_peer_receive_bytes_total{") && line.contains(key))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .findFirst()
                .orElse(0);
        assertThat(received).isGreaterThan(20 * 100);
        prometheus();
        daemon.terminate();
        assertThat(daemon.awaitEnd(Duration.ofSeconds(3))).isZero();
    }

    private static void everyNameIsDocumented(String metrics) {
        String page;
        try {
            page = Files.readString(Repository.root().resolve("deploy/METRICS.md"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(metrics.lines()
                        .filter(line -> line.startsWith("# TYPE culvert_") || line.startsWith("# TYPE wireguard_"))
                        .map(line -> "`" + line.split(" ", -1)[2] + "`")
                        .filter(name -> !page.contains(name)))
                .isEmpty();
    }

    /// A real server, with the rules and the dashboard that are shipped.
    private void prometheus() {
        Path directory = network.directory().resolve("prometheus");
        Path config = network.secretFile("prometheus.yml", """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: [%s]
                scrape_configs:
                  - job_name: culvert
                    static_configs: [{targets: ['%s']}]
                """.formatted(
                        Repository.root().resolve("deploy/prometheus/culvert.rules.yml"), ADMIN));
        Path log = network.directory().resolve("prometheus.log");
        String command = "exec prometheus --config.file=" + config + " --storage.tsdb.path=" + directory
                + " --web.listen-address=127.0.0.1:9090 > " + log + " 2>&1";
        Process server = Command.start(Map.of(), hub.inside(List.of("sh", "-c", command)));
        Ping ping = Ping.start(spoke.namespace(), "10.77.0.1");
        try {
            // A rate needs two scrapes, a quantile of handshakes one in between.
            Await.until("three scrapes", LIMIT, () -> rows("count_over_time(up{job=\"culvert\"}[1m]) > 3") == 1);
            handshake();
            Await.until(
                    "the handshake in a scrape",
                    LIMIT,
                    () -> rows("sum(increase(culvert_handshakes_total{" + "kind=\"answered\"}[20s])) > 0") == 1);
            JsonNode panels = dashboard().get("panels");
            assertThat(panels.size()).isGreaterThan(10);
            for (JsonNode panel : panels) {
                for (JsonNode target : panel.get("targets")) {
                    String query = target.get("expr")
                            .asString()
                            .replace("$device", hubInterface)
                            .replace("$__rate_interval", "20s");
                    Await.until(panel.get("title").asString() + ": " + query, LIMIT, () -> rows(query) > 0);
                }
            }
            assertThat(curl("http://127.0.0.1:9090/api/v1/rules").required())
                    .contains("CulvertPeerDoesNotAnswer")
                    .doesNotContain("\"health\":\"err\"");
            assertThat(rows("ALERTS{alertstate=\"firing\"}")).isZero();
        } finally {
            ping.close();
            server.destroy();
        }
    }

    /// The other spoke comes in.
    private void handshake() {
        Ping.succeeds(late.namespace(), "10.77.0.1", 3);
    }

    private static JsonNode dashboard() {
        try {
            return new JsonMapper()
                    .readTree(Files.readString(Repository.root().resolve("deploy/grafana/culvert.json")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// How many series a query gives; -1 without an answer.
    private int rows(String query) {
        Command asked = hub.run(
                "curl", "-fsS", "-G", "--data-urlencode", "query=" + query, "http://127.0.0.1:9090/api/v1/query");
        if (asked.exitCode() != 0) {
            return -1;
        }
        JsonNode answer = new JsonMapper().readTree(asked.output());
        assertThat(answer.get("status").asString())
                .as("%s: %s", query, asked.output())
                .isEqualTo("success");
        return answer.get("data").get("result").size();
    }

    @Test
    void theRulesKeepTheirTests() {
        Path rules = Repository.root().resolve("deploy/prometheus");
        Command tested = Command.run(
                "promtool",
                "test",
                "rules",
                rules.resolve("culvert.rules.test.yml").toString());
        assertThat(tested.exitCode()).as("%s", tested.output()).isZero();
        Command config = Command.run(
                "promtool", "check", "config", rules.resolve("prometheus.yml").toString());
        assertThat(config.exitCode()).as("%s", config.output()).isZero();
    }

    @Test
    void isReadyByAHandshakeWithItselfAndDrains() {
        up();
        assertThat(status("/livez")).isEqualTo(200);
        assertThat(status("/readyz")).isEqualTo(200);
        assertThat(Wg.dump(hubInterface).peers())
                .as("the probe's peer is in no list")
                .hasSize(2);
        assertThat(curl("http://" + ADMIN + "/api/status").required()).contains("\"draining\":false", "\"peers\":2");
        assertThat(curl("http://" + ADMIN + "/api/why?q=10.77.0.10").required()).contains("\"cause\":\"never_seen\"");
        assertThat(status("/nothing")).isEqualTo(404);
        assertThat(curl("-X", "POST", "http://" + ADMIN + "/metrics").required())
                .contains("Only GET");

        Ping.succeeds(spoke.namespace(), "10.77.0.1", 3);
        assertThat(curl("http://" + ADMIN + "/api/why?q=10.77.0.10").required())
                .contains("\"cause\":\"connected\"", "\"advice\"");
        String events = "http://" + ADMIN + "/api/events";
        assertThat(curl(events).required())
                .contains("\"event\":\"connected\"", spoke.identity().publicKey(), "\"newest\":", "\"last\":");
        assertThat(curl(events + "?peer=nobody").required()).contains("\"events\":[]");
        assertThat(status("/api/events?after=x")).isEqualTo(400);
        culvert("drain", hubInterface).required();
        assertThat(status("/readyz")).isEqualTo(503);
        assertThat(status("/livez")).isEqualTo(200);
        assertThat(culvert("show", hubInterface).required()).contains("draining: yes");
        Ping.succeeds(spoke.namespace(), "10.77.0.1", 3);
        Command refused = late.namespace().run("ping", "-c", "2", "-W", "1", "10.77.0.1");
        assertThat(refused.exitCode()).as("%s", refused.output()).isNotZero();
        assertThat(metric("culvert_drops_total{device=\"" + hubInterface + "\",reason=\"draining\"}"))
                .isPositive();

        culvert("drain", "--undo", hubInterface).required();
        assertThat(status("/readyz")).isEqualTo(200);
        Await.until(
                "the late spoke",
                LIMIT,
                () -> late.namespace()
                                .run("ping", "-c", "1", "-W", "1", "10.77.0.1")
                                .exitCode()
                        == 0);
        hub.ip("link set " + hubInterface + " down");
        Await.until("not ready without a link", LIMIT, () -> status("/readyz") == 503);
    }

    @Test
    void asksForATokenOverTls() throws IOException {
        Path directory = network.directory();
        Command.require(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=hub.test",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                directory.resolve("key.pem").toString(),
                "-out",
                directory.resolve("cert.pem").toString());
        Path token = network.secretFile("token", "sesame\n");
        Path settings = network.secretFile(hubInterface + ".yaml", """
                admin:
                  listen: 127.0.0.1:9600
                  tls-certificate: %1$s/cert.pem
                  tls-key: %1$s/key.pem
                  token-file: %1$s/token
                  compat: mindflavor
                  peers: 1
                """.formatted(directory));
        Daemon daemon = up("--settings", settings.toString());
        String certificate = directory.resolve("cert.pem").toString();
        String address = "https://127.0.0.1:9600";
        assertThat(curl("--cacert", certificate, address + "/metrics").required())
                .contains("Authorization: Bearer");
        assertThat(curl("--cacert", certificate, "-H", "Authorization: Bearer sesamE", address + "/metrics")
                        .required())
                .doesNotContain("culvert_up");
        assertThat(curl("--cacert", certificate, address + "/readyz").required())
                .contains("\"ok\":true");
        assertThat(curl("--cacert", certificate, "-H", "Authorization: Bearer sesame", address + "/metrics")
                        .required())
                .contains("culvert_up", "wireguard_sent_bytes_total{interface=\"" + hubInterface + "\"")
                .satisfies(text -> assertThat(text.lines().filter(line -> line.startsWith("wireguard_peer_info{")))
                        .hasSize(1));
        assertThat(curl("http://127.0.0.1:9600/metrics").exitCode()).isNotZero();
        daemon.terminate();
        assertThat(daemon.awaitEnd(Duration.ofSeconds(3))).isZero();

        Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-r--r--"));
        Command refused = culvert("up", "--settings", settings.toString(), file().toString());
        assertThat(refused.exitCode()).isNotZero();
        assertThat(refused.output()).contains("others may read the admin server's token: chmod 600");
        assertThat(hub.hasLink(hubInterface)).isFalse();
    }

    private Path file() {
        return network.secretFile(hubInterface + ".conf", """
                [Interface]
                PrivateKey = %s
                ListenPort = 51820
                Address = 10.77.0.1/24
                [Peer]
                # first spoke
                # tags = staff
                PublicKey = %s
                AllowedIPs = 10.77.0.10/32
                [Peer]
                PublicKey = %s
                AllowedIPs = 10.77.0.11/32
                """.formatted(
                        identity.privateKey(),
                        spoke.identity().publicKey(),
                        late.identity().publicKey()));
    }

    private Daemon up(String... options) {
        Path file = file();
        List<String> command = new ArrayList<>(List.of(Implementation.launcher(), "up", "--journal", "off"));
        command.addAll(List.of(options));
        command.add(file.toString());
        Daemon daemon = network.daemon(hub, hubInterface, command, Implementation.CULVERT, 2);
        daemon.awaitReady();
        Await.until("all that the file says", LIMIT, () -> daemon.logTail().contains(" is up; "));
        return daemon;
    }

    private Command curl(String... words) {
        List<String> command = new ArrayList<>(List.of("curl", "-sS", "--max-time", "10"));
        command.addAll(List.of(words));
        return hub.run(command.toArray(String[]::new));
    }

    private int status(String path) {
        return Integer.parseInt(curl("-o", "/dev/null", "-w", "%{http_code}", "http://" + ADMIN + path)
                .required()
                .strip());
    }

    private double metric(String series) {
        return curl("http://" + ADMIN + "/metrics")
                .required()
                .lines()
                .filter(line -> line.startsWith(series))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .findFirst()
                .orElse(0);
    }

    private Command culvert(String... words) {
        String[] command = new String[words.length + 1];
        command[0] = Implementation.launcher();
        System.arraycopy(words, 0, command, 1, words.length);
        return hub.run(command);
    }
}
