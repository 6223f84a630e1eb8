package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// The files of `deploy/examples`, as `generate` makes them: Culvert is the hub, wireguard-go under wg-quick the
/// clients.
@DisabledIfSystemProperty(
        named = "culvert.it.implementation",
        matches = "wireguard-go",
        disabledReason = "it has neither `up` nor events")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class ExamplesIT {
    private static final Duration LIMIT = Duration.ofSeconds(25);

    private final ExampleNetwork net = new ExampleNetwork();

    @AfterEach
    void close() throws IOException {
        net.close();
    }

    @Test
    void filesAreSecretMadeOnceAndWholeOrNotAtAll() throws IOException {
        Command without = Command.run(
                LIMIT,
                "",
                List.of(ExampleNetwork.EXAMPLES.resolve("generate").toString(), "hub-and-spoke", net.files.toString()));
        assertThat(without.exitCode()).isNotZero();
        assertThat(without.output()).contains("HUB=VALUE");
        assertThat(net.files.resolve("hub.conf")).doesNotExist();
        net.generate("hub-and-spoke", "HUB=203.0.113.1");
        String first = Files.readString(net.files.resolve("laptop.conf"));
        net.generate("hub-and-spoke", "HUB=203.0.113.1");
        assertThat(Files.readString(net.files.resolve("laptop.conf")))
                .isEqualTo(first)
                .doesNotContain("@");
        try (Stream<Path> all = Files.walk(net.files)) {
            assertThat(all.filter(Files::isRegularFile).toList())
                    .hasSizeGreaterThan(6)
                    .allSatisfy(each -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                            .isEqualTo("rw-------"));
        }
        try (Stream<Path> examples = Files.list(ExampleNetwork.EXAMPLES)) {
            List<Path> directories = examples.filter(Files::isDirectory).toList();
            String index = Files.readString(ExampleNetwork.EXAMPLES.resolve("README.md"));
            for (Path each : directories) {
                assertThat(index).contains("(" + each.getFileName() + ")");
                assertThat(Files.readAllLines(each.resolve("README.md"))).hasSizeLessThanOrEqualTo(60);
            }
            assertThat(directories).hasSize(7);
        }
    }

    @Test
    void hubAndSpoke() {
        net.generate("hub-and-spoke", "HUB=203.0.113.1");
        Namespace hub = net.host("h", 1);
        Namespace laptop = net.host("l", 2);
        // Behind a NAT, which lets in only what was asked for.
        Namespace router = net.host("r", 3);
        Namespace printer = net.network.namespace("p");
        net.network.bridge(router, "lan0", "192.168.1.1/24");
        net.network.plug(router, "lan0", printer, "eth0", "192.168.1.2/24");
        printer.ip("route add default via 192.168.1.1");
        net.network.forward(router);
        router.nft("table ip nat { chain post { type nat hook postrouting priority 100; oifname eth0 masquerade; }; }");

        String interfaceName = net.hub(hub, "hub");
        net.client(laptop, "laptop", Map.of());
        String printerInterface = net.client(printer, "printer", Map.of());
        ExampleNetwork.reaches(laptop, "10.10.0.1");
        ExampleNetwork.reaches(laptop, "10.10.0.3"); // its keepalive has opened the NAT
        ExampleNetwork.reaches(laptop, "fd10:10::3");
        assertThat(hub.run(Implementation.launcher(), "show", interfaceName, "--long")
                        .required())
                .contains("laptop", "printer", "latest handshake");

        // A flood of what looks like initiations, from one address; the tunnels do not notice.
        Namespace stranger = net.host("x", 66);
        try (Ping ping = Ping.start(laptop, "10.10.0.3")) {
            ping.awaitReplies(10, LIMIT);
            stranger.run(
                            "sh",
                            "-c",
                            "for i in $(seq 200); do head -c 148 /dev/zero | socat -u - UDP4-SENDTO:203.0.113.1:51820; done")
                    .required();
            ping.awaitReplies(10, LIMIT);
            ping.end().requireNoLoss();
        }
        assertThat(ExampleNetwork.counted(hub, "culvert_hub")).isPositive();

        long before = packets(hub, interfaceName);
        Process dump = Command.start(
                Map.of(), hub.inside(List.of("timeout", "20", "tcpdump", "-lnc", "3", "-i", interfaceName, "icmp")));
        try {
            Await.until(
                    "tcpdump",
                    LIMIT,
                    () -> hub.run("ping", "-c", "1", "-W", "1", "10.10.0.2").exitCode() == 0 && !dump.isAlive());
            assertThat(dump.exitValue()).isZero();
        } finally {
            dump.destroyForcibly();
        }
        assertThat(packets(hub, interfaceName)).isGreaterThan(before);
        assertThat(printer.run("wg", "show", printerInterface).required()).contains("every 25 seconds");
    }

    /// Received, in /proc/net/dev.
    private static long packets(Namespace where, String interfaceName) {
        return where.run("cat", "/proc/net/dev")
                .required()
                .lines()
                .filter(line -> line.strip().startsWith(interfaceName + ":"))
                .mapToLong(line -> Long.parseLong(line.strip().split("\\s+", -1)[2]))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void siteToSite() {
        net.generate("site-to-site", "SITE_A=203.0.113.1", "SITE_B=203.0.113.2");
        Namespace a = net.host("a", 1);
        Namespace b = net.host("b", 2);
        Namespace hostA = lan(a, "d", 10);
        Namespace hostB = lan(b, "e", 20);
        net.hub(a, "site-a");
        net.client(b, "site-b", Map.of());
        ExampleNetwork.reaches(hostA, "192.168.20.2");
        ExampleNetwork.reaches(hostB, "192.168.10.2");
        assertThat(hostB.run("ping", "-c", "1", "-W", "2", "-M", "do", "-s", "1252", "192.168.10.2")
                        .exitCode())
                .isZero();

        assertThat(announcedSegment(hostA, hostB)).isEqualTo(1240);
        a.run("nft", "delete", "table", "inet", "culvert_clamp").required();
        b.run("nft", "delete", "table", "inet", "culvert_clamp").required();
        assertThat(announcedSegment(hostA, hostB)).as("without the clamp").isEqualTo(1460);
    }

    private Namespace lan(Namespace gateway, String role, int number) {
        Namespace host = net.network.namespace(role);
        net.network.bridge(gateway, "lan0", "192.168." + number + ".1/24");
        net.network.plug(gateway, "lan0", host, "eth0", "192.168." + number + ".2/24");
        host.ip("route add default via 192.168." + number + ".1");
        return host;
    }

    /// What the first packet of a connection says at its other end.
    private static int announcedSegment(Namespace from, Namespace to) {
        Path seen;
        try {
            seen = Files.createTempFile("segment", ".txt");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        Process dump = Command.start(
                Map.of(),
                to.inside(List.of(
                        "sh",
                        "-c",
                        "exec timeout 15 tcpdump -lnc 1 -i eth0 'tcp[tcpflags] = tcp-syn' > " + seen + " 2>&1")));
        try {
            Await.until("a connection seen by tcpdump", LIMIT, () -> {
                Command refused = from.run("socat", "-u", "/dev/null", "TCP4:192.168.20.2:9,connect-timeout=1");
                assertThat(refused.exitCode()).isNotZero();
                return !dump.isAlive();
            });
            Matcher matcher = Pattern.compile("mss (\\d+)").matcher(Files.readString(seen));
            assertThat(matcher.find()).isTrue();
            return Integer.parseInt(matcher.group(1));
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            dump.destroyForcibly();
            assertThat(seen.toFile().delete()).isTrue();
        }
    }

    @Test
    void roadWarrior() throws IOException {
        net.generate("road-warrior", "HUB=203.0.113.1", "RESOLVER=203.0.113.53");
        Namespace hub = net.host("h", 1);
        Namespace laptop = net.host("l", 2);
        // Out there: a server that knows no way into the tunnel, and answers for names.
        Namespace server = net.host("s", 53);
        server.ip("addr add 198.51.100.1/32 dev lo");
        for (Namespace each : List.of(hub, laptop)) {
            each.ip("route add default via 203.0.113.53");
        }
        Process names = Command.start(
                Map.of(),
                server.inside(List.of(
                        "dnsmasq",
                        "--keep-in-foreground",
                        "--conf-file=/dev/null",
                        "--no-resolv",
                        "--no-hosts",
                        "--address=/example.test/198.51.100.1",
                        "--pid-file=")));
        countNamesThatGoAround(laptop);
        Path etc = Path.of("/etc/netns", laptop.name());
        Path resolver = etc.resolve("resolv.conf");
        Files.createDirectories(etc);
        net.leavesBehind(resolver);
        net.leavesBehind(etc);
        Files.writeString(resolver, "nameserver 203.0.113.53\n");
        Path tools = Files.createDirectories(net.network.directory().resolve("tools"));
        Path resolvconf = tools.resolve("resolvconf");
        // Its /etc is the namespace's: what is asked there is what a whole machine would ask.
        Files.writeString(resolvconf, "#!/bin/sh\n[ \"$1\" != -a ] || cat > " + resolver + "\n");
        Files.setPosixFilePermissions(resolvconf, PosixFilePermissions.fromString("rwx------"));
        Process hubNames = null;
        try {
            Await.until("names without the tunnel", LIMIT, () -> resolves(laptop));
            assertThat(ExampleNetwork.counted(laptop, "leak"))
                    .as("so the counter counts")
                    .isPositive();

            net.hub(hub, "hub");
            hubNames = Command.start(
                    Map.of(),
                    hub.inside(List.of(
                            "dnsmasq",
                            "--keep-in-foreground",
                            "--pid-file=",
                            "--conf-file=" + net.files.resolve("dnsmasq.conf"))));
            String interfaceName = net.client(laptop, "laptop", Map.of("PATH", tools + ":" + System.getenv("PATH")));
            ExampleNetwork.reaches(laptop, "10.30.0.1");
            laptop.run("nft", "delete", "table", "inet", "leak").required();
            countNamesThatGoAround(laptop);
            assertThat(Files.readString(resolver)).contains("10.30.0.1");
            Await.until("names by the tunnel", LIMIT, () -> resolves(laptop));
            assertThat(ExampleNetwork.counted(laptop, "leak"))
                    .as("nothing goes around")
                    .isZero();

            ExampleNetwork.reaches(laptop, "198.51.100.1"); // it knows no way to 10.30.0.2: the hub masquerades
            assertThat(laptop.ip("route get 198.51.100.1")).contains(interfaceName);
            assertThat(laptop.ip("-6 route get 2001:db8::1")).contains(interfaceName);
            assertThat(laptop.ip("link show dev " + interfaceName)).contains("mtu 1280");

            // Another café.
            laptop.ip("addr del 203.0.113.2/24 dev eth0");
            laptop.ip("addr add 203.0.113.77/24 dev eth0");
            laptop.ip("route add default via 203.0.113.53");
            ExampleNetwork.reaches(laptop, "198.51.100.1");
            assertThat(hub.run(Implementation.launcher(), "events", "laptop").required())
                    .contains("roamed", "from=203.0.113.2:", "to=203.0.113.77:");
        } finally {
            names.destroyForcibly();
            if (hubNames != null) {
                hubNames.destroyForcibly();
            }
        }
    }

    private static void countNamesThatGoAround(Namespace laptop) {
        laptop.nft("""
                table inet leak {
                    chain out {
                        type filter hook output priority 0;
                        oifname eth0 udp dport 53 counter
                        oifname eth0 tcp dport 53 counter
                    }
                }
                """);
    }

    private static boolean resolves(Namespace where) {
        return where.run("getent", "ahostsv4", "www.example.test").output().contains("198.51.100.1");
    }

    @Test
    void peerToPeer() {
        net.generate("peer-to-peer", "HOST_A=203.0.113.1", "HOST_B=203.0.113.2");
        Namespace a = net.host("a", 1);
        Namespace b = net.host("b", 2);
        net.hub(a, "host-a");
        net.client(b, "host-b", Map.of());
        ExampleNetwork.reaches(a, "10.40.0.2");
        ExampleNetwork.reaches(b, "10.40.0.1");
        ExampleNetwork.reaches(b, "fd10:40::1");
    }

    @Test
    void twoHubsAndAZoneForGuests() {
        net.generate("multi-hub", "HUB_EAST=203.0.113.1", "HUB_WEST=203.0.113.2");
        Namespace east = net.host("e", 1);
        Namespace west = net.host("w", 2);
        Namespace spokeEast = net.host("f", 3);
        Namespace spokeWest = net.host("g", 4);
        Namespace guest = net.host("u", 5);
        net.hub(east, "hub-east");
        net.hub(east, "guests", "--admin", "off");
        net.hub(west, "hub-west");
        net.client(spokeEast, "spoke-east", Map.of());
        net.client(spokeWest, "spoke-west", Map.of());
        net.client(guest, "guest", Map.of());
        ExampleNetwork.reaches(spokeEast, "10.50.2.2");
        ExampleNetwork.reaches(spokeWest, "10.50.1.2");
        ExampleNetwork.reaches(guest, "10.60.0.1");
        Ping.fails(guest, "10.50.1.2", 3);
        assertThat(ExampleNetwork.counted(east, "culvert_zones")).isEqualTo(3);
    }

    @Test
    void aNewKeyWithoutAGap() throws IOException {
        net.generate("hub-and-spoke", "HUB=203.0.113.1");
        Namespace hub = net.host("h", 1);
        Namespace laptop = net.host("l", 2);
        String hubInterface = net.hub(hub, "hub");
        String laptopInterface = net.client(laptop, "laptop", Map.of());
        ExampleNetwork.reaches(laptop, "10.10.0.1");
        String old =
                Command.require("wg", "show", laptopInterface, "public-key").strip();
        Identity fresh = Identity.fresh();
        Path psk = net.files.resolve("keys/hub-laptop.psk");
        Process rotation = Command.start(
                Map.of(),
                List.of(
                        ExampleNetwork.EXAMPLES
                                .resolve("key-rotation/rotate.sh")
                                .toString(),
                        hubInterface,
                        old,
                        fresh.publicKey(),
                        psk.toString()));
        try (Ping ping = Ping.start(laptop, "10.10.0.1")) {
            ping.awaitReplies(10, LIMIT);
            Await.until(
                    "the new peer", LIMIT, () -> Wg.dump(hubInterface).peers().size() == 3);
            Command.require(
                    "wg",
                    "set",
                    laptopInterface,
                    "private-key",
                    net.network.secretFile("new.key", fresh.privateKey() + "\n").toString());
            Await.until("the move", LIMIT, () -> !rotation.isAlive());
            assertThat(rotation.exitValue()).isZero();
            ping.awaitReplies(50, LIMIT);
            Ping.Report report = ping.end();
            assertThat(report.lost())
                    .as("echoes, 125 a second: less than a second's")
                    .hasSizeLessThan(125);
        } finally {
            rotation.destroyForcibly();
        }
        assertThat(Wg.dump(hubInterface).peers()).hasSize(2).anySatisfy(peer -> {
            assertThat(peer.publicKey()).isEqualTo(fresh.publicKey());
            assertThat(peer.allowedIps()).contains("10.10.0.2/32");
        });
        Ping.succeeds(laptop, "10.10.0.1", 10);
    }

    @Test
    void theCheckTellsAFaultFromAnIdleTunnel() {
        net.generate("hub-and-spoke", "HUB=203.0.113.1");
        Namespace hub = net.host("h", 1);
        Namespace laptop = net.host("l", 2);
        String hubInterface = net.hub(hub, "hub");
        net.client(laptop, "laptop", Map.of());
        ExampleNetwork.reaches(laptop, "10.10.0.1");
        String check = ExampleNetwork.EXAMPLES.resolve("monitoring/check.sh").toString();
        Command well = Command.run(check, hubInterface, "1");
        assertThat(well.output()).startsWith("OK: " + hubInterface + ": 2 peers, 1 with a session");
        assertThat(well.exitCode()).isZero();
        assertThat(Command.run(check, "nothere", "1").exitCode()).isEqualTo(3);
        // The printer never came; somebody says that it is at an address where nobody is, and sends to it.
        Wg.set(hubInterface, "peer " + printerKey(hubInterface) + " endpoint 203.0.113.99:1");
        Process sender = Command.start(Map.of(), hub.inside(List.of("ping", "-i", "0.2", "-w", "20", "10.10.0.3")));
        try {
            Command fault = Command.run(LIMIT, "", List.of(check, hubInterface, "8"));
            assertThat(fault.output())
                    .startsWith("CRITICAL: " + hubInterface + ": no answer from "
                            + printerKey(hubInterface).substring(0, 8));
            assertThat(fault.exitCode()).isEqualTo(2);
        } finally {
            sender.destroyForcibly();
        }
    }

    private static String printerKey(String hubInterface) {
        return Wg.dump(hubInterface).peers().stream()
                .filter(peer -> peer.allowedIps().contains("10.10.0.3/32"))
                .map(Wg.Peer::publicKey)
                .findFirst()
                .orElseThrow();
    }
}
