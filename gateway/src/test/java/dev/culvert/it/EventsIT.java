package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// A real wireguard-go comes, moves, has the wrong key and goes; the hub tells it on the terminal, to a file and to a
/// webhook that fails at first. (wireguard-go has nothing like it.)
@DisabledIfSystemProperty(
        named = "culvert.it.implementation",
        matches = "wireguard-go",
        disabledReason = "it has neither `up` nor events")
@ExtendWith(LogsOnFailure.class)
@Timeout(120)
final class EventsIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int OTHER_PORT = 40_123;
    private static final int HOOK_PORT = 8089;

    private final Network network = new Network();
    private final Namespace hubSpace = network.namespace("h");
    private final Path taken = network.directory().resolve("taken");
    private final Path file = network.directory().resolve("events/hub.jsonl");
    private final Node hub;
    private final Node spoke;
    private final Node stranger;
    private final Process hook;

    EventsIT() {
        network.bridge(hubSpace, "br0", "172.30.0.1/24", "fd30::1/64");
        hubSpace.ip("link set lo up");
        hook = hook();
        hub = new Node(network, hubSpace, Implementation.CULVERT, 2, 1, 51_820, """
                events:
                  stdout: on
                  file: %s
                  webhook: http://127.0.0.1:%d/hook
                """.formatted(file, HOOK_PORT));
        hub.up();
        spoke = spoke("s0", 10);
        stranger = spoke("s1", 11);
        hub.setconf(hub.interfaceSection()
                + Topology.peerSection(spoke.identity().publicKey(), null, spoke.innerPrefixes(), null));
        for (Node each : List.of(spoke, stranger)) {
            each.setconf(each.interfaceSection()
                    + Topology.peerSection(
                            hub.identity().publicKey(),
                            null,
                            Node.TUNNEL_PREFIX_4 + "," + Node.TUNNEL_PREFIX_6,
                            "172.30.0.1:51820"));
        }
    }

    private Node spoke(String role, int number) {
        Namespace namespace = network.namespace(role);
        network.plug(hubSpace, "br0", namespace, "eth0", "172.30.0." + number + "/24", "fd30::" + number + "/64");
        Node node = new Node(network, namespace, Implementation.WIREGUARD_GO, 1, number, Topology.SPOKE_PORT);
        node.up();
        return node;
    }

    /// Answers the first post with 500 and keeps what the later ones bring.
    private Process hook() {
        Path script = network.secretFile("hook", """
                n=$(cat %1$s.posts 2>/dev/null || echo 0)
                echo $((n + 1)) > %1$s.posts
                while read -r line; do
                    line=$(printf %%s "$line" | tr -d '\\r')
                    [ -z "$line" ] && break
                    case $line in [Cc]ontent-[Ll]ength:*) length=${line#*: } ;; esac
                done
                body=$(head -c "$length")
                if [ "$n" = 0 ]; then
                    printf 'HTTP/1.1 500 no\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n'
                else
                    printf '%%s\\n' "$body" >> %1$s
                    printf 'HTTP/1.1 200 yes\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n'
                fi
                """.formatted(taken));
        return Command.start(
                Map.of(),
                hubSpace.inside(
                        List.of("socat", "TCP-LISTEN:" + HOOK_PORT + ",reuseaddr,fork", "SYSTEM:sh " + script)));
    }

    @AfterEach
    void close() {
        hook.destroy();
        network.close();
    }

    private String events(String... more) {
        List<String> words =
                new ArrayList<>(List.of(Implementation.launcher(), "events", "-i", hub.interfaceName(), "--json"));
        words.addAll(List.of(more));
        return Command.run(LIMIT, "", words).required();
    }

    private static void told(Supplier<String> where, String event, String... also) {
        Await.until(
                () -> event + " " + List.of(also) + " in\n" + where.get(),
                LIMIT,
                () -> where.get()
                        .lines()
                        .anyMatch(line -> line.contains("\"event\":\"" + event + '"')
                                && List.of(also).stream().allMatch(line::contains)));
    }

    private static String text(Path path) {
        try {
            return Files.exists(path) ? Files.readString(path) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void tellsWhatHappensWhereItIsAsked() {
        String key = spoke.identity().publicKey();
        Ping.succeeds(spoke.namespace(), "10.77.0.1", 3);
        told(this::events, "connected", key, "172.30.0.10:" + Topology.SPOKE_PORT);

        Command.require("wg", "set", spoke.interfaceName(), "listen-port", Integer.toString(OTHER_PORT));
        Ping.succeeds(spoke.namespace(), "10.77.0.1", 3);
        told(
                this::events,
                "roamed",
                key,
                "\"from\":\"172.30.0.10:" + Topology.SPOKE_PORT + '"',
                "\"to\":\"172.30.0.10:" + OTHER_PORT + '"');

        Command none = stranger.namespace().run("ping", "-c", "1", "-W", "1", "10.77.0.1");
        assertThat(none.exitCode()).isNotZero();
        told(
                this::events,
                "refused",
                "\"cause\":\"unknown_key\"",
                stranger.identity().publicKey(),
                "172.30.0.11:");

        Command.require(
                "wg",
                "set",
                hub.interfaceName(),
                "peer",
                stranger.identity().publicKey(),
                "allowed-ips",
                spoke.inner(Family.IPV4) + "/32");
        told(this::events, "peer_added", stranger.identity().publicKey());
        told(this::events, "prefix_moved", "\"prefix\":\"10.77.0.10/32\"", "\"from_key\":\"" + key);
        Command.require("wg", "set", hub.interfaceName(), "peer", key, "remove");
        told(this::events, "peer_removed", key);

        assertThat(events(key.substring(0, 12)).lines())
                .as("of one peer")
                .isNotEmpty()
                .allMatch(line -> line.contains(key));
        String last = events().lines().reduce((_, line) -> line).orElseThrow();
        for (Supplier<String> sink : List.<Supplier<String>>of(
                () -> text(file), () -> text(hub.daemon().log()), () -> text(taken))) {
            told(sink, "connected", key);
            told(sink, "peer_removed", key);
        }
        assertThat(text(file).lines().toList()).contains(last).doesNotHaveDuplicates();
        assertThat(Integer.parseInt(text(Path.of(taken + ".posts")).strip()))
                .as("the first post was refused")
                .isGreaterThan(1);
        assertThat(text(taken)).containsOnlyOnce("\"event\":\"peer_removed\"");
        for (String secret :
                List.of(hub.identity().privateKey(), spoke.identity().privateKey())) {
            assertThat(text(file) + text(taken) + events()).doesNotContain(secret);
        }
    }

    @Test
    void followsUntilItIsInterrupted() throws InterruptedException {
        Path output = network.directory().resolve("followed");
        Process follower = Command.start(
                Map.of(),
                List.of(
                        "sh",
                        "-c",
                        "exec " + Implementation.launcher() + " events -f -i " + hub.interfaceName() + " > " + output));
        try {
            told(() -> text(output).replaceAll("(?m)^\\S+ \\S+ \\S+ (\\w+)", "\"event\":\"$1\""), "peer_added");
            Ping.succeeds(spoke.namespace(), "10.77.0.1", 2);
            Await.until(
                    () -> text(output),
                    LIMIT,
                    () -> text(output)
                            .contains(" connected " + spoke.identity().publicKey() + " endpoint=172.30.0.10:"));
            follower.destroy(); // SIGTERM
            assertThat(follower.waitFor(LIMIT)).isTrue();
        } finally {
            follower.destroyForcibly();
        }
    }
}
