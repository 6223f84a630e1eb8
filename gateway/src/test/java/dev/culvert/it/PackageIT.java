package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// What is shipped: the tarball and the Debian package are made, unpacked and installed as dpkg does it, and a hub
/// runs from there with the unit's capabilities, a read-only system and a service manager's socket.
@DisabledIfSystemProperty(named = "culvert.it.implementation", matches = "wireguard-go")
@ExtendWith(LogsOnFailure.class)
@Timeout(300)
final class PackageIT {
    private static final Duration LIMIT = Duration.ofSeconds(110);

    /// `systemd-analyze security` of systemd 252 said 2.4; of 10, less is better.
    private static final double EXPOSURE_MAX = 2.4;

    private final Network network = new Network();
    private final Path directory = network.directory();
    private final Path root = directory.resolve("root");

    @AfterEach
    void close() {
        network.close();
    }

    @Test
    void systemdAcceptsTheUnitAndFindsItConfined() throws IOException {
        Path unit = directory.resolve("culvert@wg0.service");
        Files.writeString(unit, unit().replace("/usr/bin/culvert", Implementation.launcher()));
        Command verified = Command.run(LIMIT, "", List.of("systemd-analyze", "verify", "--man=no", unit.toString()));
        assertThat(verified.exitCode()).as("%s", verified.output()).isZero();
        assertThat(verified.output()).isEmpty();
        String judged = Command.require(
                "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=100", unit.toString());
        String exposure = judged.substring(judged.lastIndexOf("service:") + "service:".length())
                .strip();
        assertThat(Double.parseDouble(exposure.split(" ", -1)[0])).isLessThanOrEqualTo(EXPOSURE_MAX);
    }

    @Test
    void theTarballRunsWhereItIsUnpacked() throws IOException {
        Path tarball = packages("culvert-*.tar.gz");
        Files.createDirectories(root);
        Command.require("tar", "-C", root.toString(), "--strip-components=1", "-xzf", tarball.toString());
        String version = Command.require(root.resolve("bin/culvert").toString(), "--version");
        assertThat(tarball.getFileName())
                .hasToString("culvert-" + version.strip().split(" ", -1)[1] + ".tar.gz");
        assertThat(root.resolve("lib/culvert/culvert.aot")).doesNotExist();
        Command.require(root.resolve("bin/culvert").toString(), "rehearse");
        usesItsArchive(root.resolve("lib/culvert"));
    }

    @Test
    void theDebianPackageInstallsServesAndGoes() throws IOException {
        Path file = packages("culvert_*.deb");
        for (String place : List.of("info", "updates", "triggers")) {
            Files.createDirectories(root.resolve("var/lib/dpkg").resolve(place));
        }
        Files.createFile(root.resolve("var/lib/dpkg/status"));
        dpkg("--install", file.toString());
        usesItsArchive(root.resolve("usr/lib/culvert"));
        assertThat(Command.run(LIMIT, "", List.of("man", "--warnings", "-l", manual()))
                        .output())
                .contains("CULVERT(1)", "culvert up", "EXIT CODES")
                .doesNotContain("warning:");
        completesInBash();
        Files.createDirectories(root.resolve("var/lib/culvert"));
        servesAsTheUnitStartsIt();
        dpkg("--purge", "culvert");
        try (Stream<Path> rest = Files.walk(root)) {
            assertThat(rest.filter(path -> path.toString().contains("culvert"))
                            .filter(path -> !path.equals(root) && !root.startsWith(path))
                            .map(path -> root.relativize(path).toString())
                            .filter(path -> path.contains("culvert")))
                    .isEmpty();
        }
    }

    private Path packages(String pattern) throws IOException {
        Path out = directory.resolve("dist");
        Command.run(
                        LIMIT,
                        "",
                        List.of(Repository.root().resolve("deploy/package").toString(), out.toString()))
                .required();
        try (var found = Files.newDirectoryStream(out, pattern)) {
            return found.iterator().next();
        }
    }

    private void dpkg(String action, String what) {
        // Depends: is for the host's own packages, of which this root has none.
        Command done = Command.run(
                LIMIT,
                "",
                List.of(
                        "dpkg",
                        "--root=" + root,
                        "--log=/dev/null",
                        "--force-script-chrootless",
                        "--force-depends",
                        action,
                        what));
        assertThat(done.exitCode()).as("%s", done.output()).isZero();
    }

    /// The JVM would end if the archive did not fit jar, libraries and their places.
    private static void usesItsArchive(Path place) {
        String java = ProcessHandle.current().info().command().orElseThrow();
        Command run = Command.run(
                java,
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-XX:AOTMode=on",
                "-XX:AOTCache=" + place.resolve("culvert.aot"),
                "-jar",
                place.resolve("culvert.jar").toString(),
                "--version");
        assertThat(run.exitCode()).as("%s", run.output()).isZero();
        assertThat(run.output()).startsWith("culvert ").doesNotContain("[warning]", "[error]");
    }

    private String manual() {
        return root.resolve("usr/share/man/man1/culvert.1.gz").toString();
    }

    private void completesInBash() {
        String words = Command.require(
                "bash",
                "-c",
                "source " + root.resolve("usr/share/bash-completion/completions/culvert")
                        + "; COMP_WORDS=(culvert dr) COMP_CWORD=1; _complete_culvert 2> /dev/null; echo \"${COMPREPLY[@]}\"");
        assertThat(words.strip()).isEqualTo("drain");
    }

    private static String unit() throws IOException {
        return Files.readString(Repository.root().resolve("deploy/systemd/culvert@.service"));
    }

    private static String setting(String key) throws IOException {
        return unit().lines()
                .filter(line -> line.startsWith(key + "="))
                .findFirst()
                .orElseThrow()
                .substring(key.length() + 1);
    }

    private void servesAsTheUnitStartsIt() throws IOException {
        Namespace hub = network.namespace("h");
        network.bridge(hub, "br0", "172.31.0.1/24", "fd31::1/64");
        Namespace away = network.namespace("s");
        network.plug(hub, "br0", away, "eth0", "172.31.0.10/24", "fd31::10/64");
        Node spoke = new Node(network, away, Implementation.WIREGUARD_GO, 1, 10, Topology.SPOKE_PORT);
        spoke.up();
        Identity identity = Identity.fresh();
        spoke.setconf(spoke.interfaceSection()
                + Topology.peerSection(
                        identity.publicKey(),
                        null,
                        Node.TUNNEL_PREFIX_4 + "," + Node.TUNNEL_PREFIX_6,
                        "172.31.0.1:51820"));
        String name = network.name("pkg");
        Path file = network.secretFile(name + ".conf", """
                [Interface]
                PrivateKey = %s
                ListenPort = 51820
                Address = 10.77.0.1/24
                PostUp = sysctl -w net.ipv4.ip_forward=1
                PostUp = nft add table inet %%i
                PostUp = iptables -A FORWARD -i %%i -j ACCEPT
                PreDown = nft delete table inet %%i
                [Peer]
                PublicKey = %s
                AllowedIPs = 10.77.0.10/32
                """.formatted(
                        identity.privateKey(), spoke.identity().publicKey()));
        Path socket = directory.resolve("notify");
        Path told = directory.resolve("told");
        Process manager = Command.start(
                Map.of(), List.of("socat", "-u", "UNIX-RECV:" + socket, "OPEN:" + told + ",creat,append"));
        try {
            Await.until("the service manager's socket", LIMIT, () -> Files.exists(socket));
            Daemon daemon = network.daemon(hub, name, confined(file, socket), Implementation.CULVERT, 2);
            Await.until("READY=1", LIMIT, () -> text(told).contains("READY=1"));
            Ping.succeeds(away, "10.77.0.1", 5);
            assertThat(hub.run("nft", "list", "tables").required()).contains(name);
            Await.until("the watchdog is told", LIMIT, () -> text(told).contains("WATCHDOG=1"));
            daemon.signal("HUP");
            Await.until("RELOADING=1", LIMIT, () -> text(told).contains("RELOADING=1"));
            Await.until(
                    "ready again",
                    LIMIT,
                    () -> text(told).indexOf("READY=1", text(told).indexOf("RELOADING")) > 0);
            Ping.succeeds(away, "10.77.0.1", 3);
            daemon.terminate();
            assertThat(daemon.awaitEnd(Duration.ofSeconds(5))).isIn(0, 143);
            assertThat(text(told)).contains("STOPPING=1");
            assertThat(hub.hasLink(name)).isFalse();
            assertThat(hub.run("nft", "list", "tables").required()).doesNotContain(name);
        } finally {
            manager.destroy();
        }
    }

    /// As systemd would start it: a read-only system, the unit's capabilities and no others, no new privileges.
    private List<String> confined(Path file, Path socket) throws IOException {
        String capabilities = setting("CapabilityBoundingSet")
                .replace("CAP_", "+")
                .toLowerCase(Locale.ROOT)
                .replace(' ', ',');
        String start = setting("ExecStart")
                .replace("/usr/bin/culvert", root.resolve("usr/bin/culvert").toString());
        String script = "for place in /usr /etc; do mount --bind $place $place && mount -o remount,bind,ro $place"
                + " || exit 1; done; ! touch /etc/written 2> /dev/null || exit 1; umask " + setting("UMask")
                + "; exec setpriv --bounding-set -all," + capabilities
                + " --inh-caps -all --no-new-privs " + start.replace("%i", file.toString()) + " --journal "
                + root.resolve("var/lib/culvert/journal");
        return List.of("env", "NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=2000000", "sh", "-c", script);
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
