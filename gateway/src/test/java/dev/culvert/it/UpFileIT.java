package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// `culvert up FILE` with a file as for wg-quick, and the commands around it. (wireguard-go has nothing like
/// it.)
@DisabledIfSystemProperty(named = "culvert.it.implementation", matches = "wireguard-go")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class UpFileIT {
    private static final Duration LIMIT = Duration.ofSeconds(15);
    /// A name is looked up again after 30 s.
    private static final Duration RETRY_LIMIT = Duration.ofSeconds(50);
    private static final int LANES = 2;
    private static final int MTU = 1380;

    private final Network network = new Network();
    private final Namespace hub;
    private final String hubInterface = network.name("up");
    private final Identity identity = Identity.fresh();
    private final Path marks = network.directory().resolve("marks");
    private final Node spoke;

    UpFileIT() {
        hub = network.namespace("h");
        network.bridge(hub, "br0", "172.30.0.1/24", "fd30::1/64");
        Namespace spokeNamespace = network.namespace("s0");
        network.plug(hub, "br0", spokeNamespace, "eth0", "172.30.0.10/24", "fd30::10/64");
        spoke = new Node(network, spokeNamespace, Implementation.WIREGUARD_GO, 1, 10, Topology.SPOKE_PORT);
        spoke.up();
        spoke.setconf(spoke.interfaceSection()
                + Topology.peerSection(
                        identity.publicKey(),
                        null,
                        Node.TUNNEL_PREFIX_4 + "," + Node.TUNNEL_PREFIX_6,
                        "172.30.0.1:51820"));
    }

    @AfterEach
    void close() {
        network.close();
    }

    @Test
    void doesAllThatTheFileSaysAndUndoesIt() throws IOException {
        Path file = writeFile("SaveConfig = true\n", "");
        Daemon daemon = up(file);

        assertThat(hub.ip("addr show dev " + hubInterface))
                .contains("10.77.0.1/24", "fd77::1/64")
                .contains("mtu " + MTU);
        assertThat(hub.ip("route show dev " + hubInterface)).contains("10.88.0.0/16", "10.77.0.0/24");
        assertThat(hub.ip("-6 route show dev " + hubInterface)).contains("fd88::/48");
        assertThat(marks()).containsExactly("preup " + hubInterface, "postup " + hubInterface);
        Ping.succeeds(spoke.namespace(), "10.77.0.1", 20);
        Ping.succeeds(spoke.namespace(), "fd77::1", 20);

        Command shownByCulvert = culvert("show", hubInterface, "dump");
        assertThat(shownByCulvert.required()).isEqualTo(Command.require("wg", "show", hubInterface, "dump"));
        assertThat(withoutTimes(culvert("show", hubInterface).required()))
                .isEqualTo(withoutTimes(Command.require("wg", "show", hubInterface)));

        String added = Identity.fresh().publicKey();
        Wg.set(hubInterface, "peer " + added + " allowed-ips 10.99.0.0/16");
        culvert("down", file.toString()).required();
        assertThat(daemon.awaitEnd(Duration.ofSeconds(2))).isZero();
        requireGone();
        assertThat(marks())
                .containsExactly(
                        "preup " + hubInterface,
                        "postup " + hubInterface,
                        "predown " + hubInterface,
                        "postdown " + hubInterface);
        assertThat(Files.readString(file)).contains(added, "10.99.0.0/16", "PostUp", "MTU", "SaveConfig");

        // What was saved is a file to start with.
        Files.delete(marks);
        Daemon again = up(file);
        assertThat(Wg.dump(hubInterface).peers()).hasSize(2);
        again.terminate();
        assertThat(again.awaitEnd(Duration.ofSeconds(3))).isZero();
        requireGone();
    }

    @Test
    void readsTheFileAgainWithoutDroppingSessions() {
        Path file = writeFile("", "");
        Daemon daemon = up(file);
        try (Ping ping = Ping.start(spoke.namespace(), "10.77.0.1")) {
            ping.awaitReplies(20, LIMIT);
            String added = Identity.fresh().publicKey();
            writeFile("", Topology.peerSection(added, null, "10.99.0.0/16", null));
            daemon.signal("HUP");
            Await.until(
                    "the added peer", LIMIT, () -> Wg.dump(hubInterface).peers().size() == 2);
            Await.until(
                    "its route",
                    LIMIT,
                    () -> hub.ip("route show dev " + hubInterface).contains("10.99.0.0/16"));
            // A file that is refused changes nothing.
            writeFile("", "[Peer]\nAllowedIPs = 10.98.0.0/16\n");
            daemon.signal("HUP");
            Await.until("the refusal in the log", LIMIT, () -> daemon.logTail().contains("refused"));
            ping.awaitReplies(20, LIMIT);
            assertThat(Wg.dump(hubInterface).peers()).hasSize(2);
            ping.end().requireNoLoss();
        }
        daemon.terminate();
        assertThat(daemon.awaitEnd(Duration.ofSeconds(3))).isZero();
        requireGone();
    }

    @Test
    void refusesABadFileWholeAndWithoutQuotingKeys() {
        String secret = Identity.fresh().privateKey();
        String spoilt = secret.substring(0, 40) + "===\n";
        Path file = network.secretFile(
                hubInterface + ".conf", "[Interface]\nPrivateKey = " + spoilt + "Adress = 10.77.0.1/24\n");
        Command refused = culvert("up", file.toString());
        assertThat(refused.exitCode()).isNotZero();
        assertThat(refused.output())
                .contains(hubInterface + ".conf:2", hubInterface + ".conf:3", "Address")
                .doesNotContain(secret.substring(0, 40));
        requireGone();
    }

    /// The name first leads where nobody is.
    @Test
    void looksANameUpAgainWhenItsPeerDoesNotAnswer() throws IOException {
        Path hosts = Path.of("/etc/netns", hub.name(), "hosts");
        Files.createDirectories(hosts.getParent());
        try {
            Files.writeString(hosts, "172.30.0.77 spoke.test\n");
            String text = Files.readString(writeFile("", ""));
            Path file = network.secretFile(
                    hubInterface + ".conf",
                    text.replace("172.30.0.10:", "spoke.test:").replace("Keepalive = 25", "Keepalive = 1"));
            Path settings = network.secretFile(hubInterface + ".yaml", "dead-peer-after-s: 2\n");
            Daemon daemon = up(file, "--settings", settings.toString());
            Await.until(
                    "the trouble, shown",
                    LIMIT,
                    () -> culvert("show", hubInterface)
                            .required()
                            .contains(
                                    "endpoint trouble: the peer does not answer, and its name spoke.test still is 172.30.0.77"));
            // Written in place: it is mounted over /etc/hosts.
            Files.writeString(hosts, "172.30.0.10 spoke.test\n");
            Await.until(
                    "a session with the new address",
                    RETRY_LIMIT,
                    () -> Wg.dump(hubInterface).peers().getFirst().latestHandshakeSeconds() != 0);
            Ping.succeeds(spoke.namespace(), "10.77.0.1", 5);
            assertThat(culvert("show", hubInterface).required()).doesNotContain("endpoint trouble");
            assertThat(daemon.logTail()).contains("spoke.test is tried at 172.30.0.10:" + Topology.SPOKE_PORT + " now");
        } finally {
            Files.deleteIfExists(hosts);
            Files.deleteIfExists(hosts.getParent());
        }
    }

    private Path writeFile(String moreOfInterface, String morePeers) {
        return network.secretFile(hubInterface + ".conf", """
                [Interface]
                PrivateKey = %1$s
                ListenPort = 51820
                Address = 10.77.0.1/24, fd77::1/64
                MTU = %2$d
                PreUp = echo preup %%i >> %3$s
                PostUp = echo postup %%i >> %3$s
                PreDown = echo predown %%i >> %3$s
                PostDown = echo postdown %%i >> %3$s
                %4$s
                [Peer]
                PublicKey = %5$s
                AllowedIPs = 10.77.0.10/32, fd77::10/128
                AllowedIPs = 10.88.0.0/16, fd88::/48
                PersistentKeepalive = 25
                Endpoint = 172.30.0.10:%6$d

                %7$s
                """.formatted(
                        identity.privateKey(),
                        MTU,
                        marks,
                        moreOfInterface,
                        spoke.identity().publicKey(),
                        Topology.SPOKE_PORT,
                        morePeers));
    }

    private Daemon up(Path file, String... options) {
        List<String> command = new ArrayList<>(List.of(Implementation.launcher(), "up", "--journal", file + ".peers"));
        command.addAll(List.of(options));
        command.add(file.toString());
        Daemon daemon = network.daemon(hub, hubInterface, command, Implementation.CULVERT, LANES);
        daemon.awaitReady();
        Await.until("PostUp\n" + daemon.logTail(), LIMIT, () -> marks().contains("postup " + hubInterface));
        return daemon;
    }

    private Command culvert(String... words) {
        String[] command = new String[words.length + 1];
        command[0] = Implementation.launcher();
        System.arraycopy(words, 0, command, 1, words.length);
        return hub.run(command);
    }

    private List<String> marks() {
        try {
            return Files.exists(marks) ? Files.readAllLines(marks) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void requireGone() {
        assertThat(hub.hasLink(hubInterface)).isFalse();
        assertThat(Files.exists(Daemon.socketOf(hubInterface))).isFalse();
    }

    private static List<String> withoutTimes(String shown) {
        return shown.lines()
                .filter(line -> !line.contains("latest handshake:") && !line.contains("transfer:"))
                .toList();
    }
}
