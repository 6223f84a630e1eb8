package dev.culvert.it;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// The container without an engine: what the Dockerfile copies is laid out as it says, its last RUN and its entry point
/// run from there in a network namespace with the container's capabilities, and real clients use the files that the
/// entry point made.
@DisabledIfSystemProperty(named = "culvert.it.implementation", matches = "wireguard-go")
@ExtendWith(LogsOnFailure.class)
@Timeout(180)
final class ContainerIT {
    private static final Duration LIMIT = Duration.ofSeconds(50);
    private static final Path CONTAINER = Repository.root().resolve("deploy/container");
    private static final String HUB_ADDRESS = "10.13.13.1";

    private final Network network = new Network();
    private final String hubInterface = network.name("box");
    private final Path root = network.directory().resolve("image");
    private final Path config = network.directory().resolve("config");

    @AfterEach
    void close() {
        network.close();
    }

    @Test
    void makesFilesOnceAndClientsConnectWithThem() throws IOException {
        image();
        Namespace hub = network.namespace("h");
        network.bridge(hub, "br0", "172.31.0.1/24", "fd31::1/64");
        Namespace beyond = network.namespace("b");
        network.plug(hub, "br0", beyond, "eth0", "172.31.0.99/24", "fd31::99/64");
        // Nothing there knows the way back into the tunnel.
        beyond.ip("address add 198.51.100.1/32 dev lo");
        hub.ip("route add 198.51.100.1/32 via 172.31.0.99");
        Files.createDirectories(config);

        Daemon daemon = start(hub, "laptop,phone");
        Map<String, String> first = files();
        assertThat(first.keySet())
                .contains(
                        hubInterface + ".conf",
                        "peers/laptop.conf",
                        "peers/laptop.png",
                        "peers/phone.conf",
                        "peers/phone.png");
        Node laptop = client(hub, "laptop", 11);
        Ping.succeeds(laptop.namespace(), HUB_ADDRESS, 5);
        Ping.succeeds(laptop.namespace(), "198.51.100.1", 5);
        assertThat(healthy(hub)).isTrue();
        hub.run(culvert(), "drain", hubInterface).required();
        assertThat(healthy(hub)).isFalse();
        daemon.terminate();
        assertThat(daemon.awaitEnd(Duration.ofSeconds(5))).isIn(0, 143);
        assertThat(healthy(hub)).isFalse();

        Daemon second = start(hub, "laptop, phone,tablet");
        Map<String, String> then = files();
        assertThat(then.keySet()).contains("peers/tablet.conf", "peers/tablet.png");
        first.forEach((file, content) -> {
            if (file.equals(hubInterface + ".conf")) {
                assertThat(then.get(file)).startsWith(content);
            } else if (file.startsWith("peers/")) {
                assertThat(then).containsEntry(file, content);
            }
        });
        Node tablet = client(hub, "tablet", 12);
        Ping.succeeds(tablet.namespace(), HUB_ADDRESS, 5);
        // A client that sends notices after 15 s that the hub is another one.
        Await.until(
                "the laptop's new session",
                LIMIT,
                () -> laptop.namespace()
                                .run("ping", "-c", "1", "-W", "1", HUB_ADDRESS)
                                .exitCode()
                        == 0);
        Ping.succeeds(laptop.namespace(), HUB_ADDRESS, 3);
        addsAPeerToTheRunningHub(hub);
        second.terminate();
        assertThat(second.awaitEnd(Duration.ofSeconds(5))).isIn(0, 143);
    }

    private void addsAPeerToTheRunningHub(Namespace hub) throws IOException {
        hub.run(
                        culvert(),
                        "add-peer",
                        config.resolve(hubInterface + ".conf").toString(),
                        "late",
                        "--endpoint",
                        "172.31.0.1",
                        "--directory",
                        config.resolve("peers").toString())
                .required();
        Node late = client(hub, "late", 13);
        Ping.succeeds(late.namespace(), HUB_ADDRESS, 5);
    }

    /// The COPY and RUN lines of the image's last stage, in a directory.
    private void image() throws IOException {
        List<String> lines = Files.readAllLines(CONTAINER.resolve("Dockerfile"));
        int stage = lines.lastIndexOf("FROM eclipse-temurin:25-jre");
        assertThat(stage).isPositive();
        int copied = 0;
        for (String line : lines.subList(stage, lines.size())) {
            if (line.startsWith("COPY ")) {
                String[] words = line.split(" ", -1);
                assertThat(words[1]).isEqualTo("--from=build");
                Path target = root.resolve(words[3].substring(1));
                Files.createDirectories(requireNonNull(target.getParent()));
                String source = words[2].replaceFirst("^/src", Repository.root().toString());
                Command.require("cp", "-rpL", source, target.toString());
                copied++;
            }
        }
        assertThat(copied).isGreaterThan(3);
        assertThat(lines).contains("RUN culvert rehearse");
        Command.run(LIMIT, "", List.of(culvert(), "rehearse")).required();
    }

    private String culvert() {
        return program("culvert");
    }

    private String program(String name) {
        return root.resolve("usr/local/bin").resolve(name).toString();
    }

    private Daemon start(Namespace hub, String peers) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "env",
                "PATH=" + root.resolve("usr/local/bin") + ":" + System.getenv("PATH"),
                "CONFIG=" + config,
                "INTERFACE=" + hubInterface,
                "SERVERURL=172.31.0.1",
                "SERVERPORT=51830",
                "PEERS=" + peers,
                "PUID=1234",
                "PGID=2345",
                "TZ=Europe/Paris"));
        StringBuilder capabilities = new StringBuilder("-all");
        compose()
                .get("services")
                .get("hub")
                .get("cap_add")
                .forEach(
                        each -> capabilities.append(",+").append(each.asString().toLowerCase(Locale.ROOT)));
        command.addAll(List.of(
                "setpriv",
                "--bounding-set",
                capabilities.toString(),
                "--inh-caps",
                "-all",
                "--no-new-privs",
                program("culvert-entrypoint")));
        Daemon daemon = network.daemon(hub, hubInterface, command, Implementation.CULVERT, 2);
        Await.until("the hub is ready", LIMIT, () -> healthy(hub) || !daemon.isAlive());
        assertThat(daemon.isAlive()).isTrue();
        return daemon;
    }

    private boolean healthy(Namespace hub) {
        return hub.run(program("culvert-healthcheck")).exitCode() == 0;
    }

    /// All files under `/config` by name; those that hold keys are the user's and nobody else's.
    private Map<String, String> files() throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(config)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                String name = config.relativize(path).toString();
                all.put(name, new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1));
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                        .as("%s", name)
                        .isEqualTo("rw-------");
                if (!name.endsWith(".peers")) {
                    assertThat(Files.getAttribute(path, "unix:uid"))
                            .as("%s", name)
                            .isEqualTo(1234);
                    assertThat(Files.getAttribute(path, "unix:gid"))
                            .as("%s", name)
                            .isEqualTo(2345);
                }
            }
        }
        return all;
    }

    /// wireguard-go with the file that was made for it.
    private Node client(Namespace hub, String name, int number) throws IOException {
        Path file = config.resolve("peers").resolve(name + ".conf");
        Namespace namespace = network.namespace("c" + number);
        network.plug(hub, "br0", namespace, "eth0", "172.31.0." + number + "/24", "fd31::" + number + "/64");
        Node node = new Node(network, namespace, Implementation.WIREGUARD_GO, 1, number, Topology.SPOKE_PORT);
        node.up();
        node.setconf(Command.require(culvert(), "strip", file.toString()));
        String address = Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("Address = "))
                .findFirst()
                .orElseThrow()
                .substring("Address = ".length());
        namespace.ip("address add " + address + " dev " + node.interfaceName());
        namespace.ip("route add 10.13.13.0/24 dev " + node.interfaceName() + " src " + address.split("/", -1)[0]);
        namespace.ip("route add 198.51.100.1/32 dev " + node.interfaceName() + " src " + address.split("/", -1)[0]);
        return node;
    }

    private static JsonNode compose() throws IOException {
        return new YAMLMapper().readTree(Files.readString(CONTAINER.resolve("compose.yaml")));
    }

    @Test
    void composeNamesWhatIsThere() throws IOException {
        JsonNode compose = compose();
        JsonNode hub = compose.get("services").get("hub");
        Path context =
                CONTAINER.resolve(hub.get("build").get("context").asString()).normalize();
        assertThat(context).isEqualTo(Repository.root());
        assertThat(context.resolve(hub.get("build").get("dockerfile").asString()))
                .isRegularFile();
        assertThat(hub.get("cap_drop").get(0).asString()).isEqualTo("ALL");
        JsonNode configs = compose.get("configs");
        int used = 0;
        for (JsonNode service : compose.get("services")) {
            for (JsonNode mount : service.path("configs")) {
                JsonNode source = configs.get(mount.get("source").asString());
                assertThat(source).as("%s", mount).isNotNull();
                if (source.has("file")) {
                    assertThat(CONTAINER.resolve(source.get("file").asString())).isRegularFile();
                } else {
                    new YAMLMapper().readTree(source.get("content").asString());
                }
                used++;
            }
        }
        assertThat(used).isEqualTo(configs.size());
        Path prometheus = Files.createDirectories(network.directory().resolve("etc"));
        Files.copy(
                CONTAINER.resolve(configs.get("rules").get("file").asString()),
                prometheus.resolve("culvert.rules.yml"));
        Path file = Files.writeString(
                prometheus.resolve("prometheus.yml"),
                configs.get("prometheus").get("content").asString().replace("/etc/prometheus/", ""));
        Command checked = Command.run("promtool", "check", "config", file.toString());
        assertThat(checked.exitCode()).as("%s", checked.output()).isZero();
    }

    @Test
    void kubernetesNamesWhatIsThere() throws IOException {
        Path directory = Repository.root().resolve("deploy/kubernetes");
        JsonNode kustomization = new YAMLMapper().readTree(Files.readString(directory.resolve("kustomization.yaml")));
        Map<String, JsonNode> objects = new TreeMap<>();
        for (JsonNode resource : kustomization.get("resources")) {
            for (String text :
                    Files.readString(directory.resolve(resource.asString())).split("(?m)^---$", -1)) {
                JsonNode object = new YAMLMapper().readTree(text);
                objects.put(
                        object.get("kind").asString() + "/"
                                + object.get("metadata").get("name").asString(),
                        object);
            }
        }
        assertThat(objects.keySet())
                .containsExactly(
                        "Namespace/culvert",
                        "Service/culvert",
                        "Service/culvert-metrics",
                        "ServiceMonitor/culvert",
                        "StatefulSet/culvert-hub");
        JsonNode set = requireNonNull(objects.get("StatefulSet/culvert-hub")).get("spec");
        JsonNode labels = set.get("template").get("metadata").get("labels");
        JsonNode pod = set.get("template").get("spec");
        JsonNode hub = pod.get("containers").get(0);
        assertThat(set.get("selector").get("matchLabels")).isEqualTo(labels);
        assertThat(objects).containsKey("Service/" + set.get("serviceName").asString());
        List<String> ports = texts(hub.get("ports"), "name");
        for (String service : List.of("Service/culvert", "Service/culvert-metrics")) {
            JsonNode spec = requireNonNull(objects.get(service)).get("spec");
            assertThat(spec.get("selector")).isEqualTo(labels);
            assertThat(ports).containsAll(texts(spec.get("ports"), "targetPort"));
        }
        JsonNode monitor = requireNonNull(objects.get("ServiceMonitor/culvert")).get("spec");
        JsonNode metrics = requireNonNull(objects.get("Service/culvert-metrics"));
        assertThat(metrics.get("metadata").get("labels").properties())
                .containsAll(monitor.get("selector").get("matchLabels").properties());
        assertThat(texts(metrics.get("spec").get("ports"), "name"))
                .containsAll(texts(monitor.get("endpoints"), "port"));
        List<String> volumes = new ArrayList<>(texts(pod.get("volumes"), "name"));
        set.get("volumeClaimTemplates")
                .forEach(claim -> volumes.add(claim.get("metadata").get("name").asString()));
        assertThat(texts(hub.get("volumeMounts"), "name")).containsExactlyInAnyOrderElementsOf(volumes);
        assertThat(pod.get("volumes").get(0).get("secret").get("secretName"))
                .isEqualTo(kustomization.get("secretGenerator").get(0).get("name"));
        assertThat(hub.get("image"))
                .isEqualTo(kustomization.get("images").get(0).get("name"));
        assertThat(hub.get("securityContext").get("capabilities"))
                .hasToString("{\"drop\":[\"ALL\"],\"add\":[\"NET_ADMIN\"]}");
        assertThat(hub.get("readinessProbe").get("httpGet").get("path").asString())
                .isEqualTo("/readyz");
        runsAsTheStatefulSetSays(hub);
    }

    /// Its command with its variables, capabilities and a read-only system, until the probes answer.
    private void runsAsTheStatefulSetSays(JsonNode hub) throws IOException {
        image();
        Namespace pod = network.namespace("p");
        pod.ip("link set lo up");
        Path file = network.secretFile(
                hubInterface + ".conf", """
                [Interface]
                PrivateKey = %s
                ListenPort = 51820
                Address = 10.13.13.1/24
                """.formatted(Identity.fresh().privateKey()));
        List<String> words = new ArrayList<>(List.of("env", "PATH=" + root.resolve("usr/local/bin") + ":/usr/bin"));
        hub.get("env")
                .forEach(each -> words.add(
                        each.get("name").asString() + "=" + each.get("value").asString()));
        String script = "for place in /usr /etc; do mount --bind $place $place && mount -o remount,bind,ro $place"
                + " || exit 1; done; mount -t tmpfs none /var/lib && mkdir /var/lib/culvert &&"
                + " exec setpriv --bounding-set -all,+net_admin --inh-caps -all --no-new-privs \"$@\"";
        words.addAll(List.of("sh", "-c", script, "sh"));
        hub.get("command")
                .forEach(word -> words.add(word.asString().replace("/etc/wireguard/wg0.conf", file.toString())));
        Daemon daemon = network.daemon(pod, hubInterface, words, Implementation.CULVERT, 1);
        Await.until("the probes", LIMIT, () -> healthy(pod) || !daemon.isAlive());
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            String path = hub.get(probe).get("httpGet").get("path").asString();
            pod.run("curl", "-fsS", "http://127.0.0.1:9586" + path).required();
        }
        daemon.terminate();
        assertThat(daemon.awaitEnd(Duration.ofSeconds(5))).isIn(0, 143);
    }

    private static List<String> texts(JsonNode list, String key) {
        List<String> texts = new ArrayList<>();
        list.forEach(each -> texts.add(each.get(key).asString()));
        return texts;
    }
}
