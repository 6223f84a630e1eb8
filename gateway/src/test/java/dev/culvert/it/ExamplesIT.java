package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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
@DisabledIfSystemProperty(named = "culvert.it.implementation", matches = "wireguard-go")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class ExamplesIT {
    private static final Duration LIMIT = Duration.ofSeconds(25);
    private static final Path EXAMPLES = Repository.root().resolve("deploy/examples");
    private static final Pattern COUNTER = Pattern.compile("counter packets (\\d+)");

    private final Network network = new Network();
    /// The provider's: everybody is plugged into it.
    private final Namespace internet = network.namespace("i");
    private final Path files = network.directory().resolve("files");
    private final List<Path> leftovers = new ArrayList<>();

    ExamplesIT() {
        network.bridge(internet, "br0", "203.0.113.254/24", "fd31::fe/64");
    }

    @AfterEach
    void close() throws IOException {
        network.close();
        for (Path each : leftovers) {
            Files.deleteIfExists(each);
        }
    }

    // The pieces.

    private void generate(String example, String... values) {
        List<String> words =
                new ArrayList<>(List.of(EXAMPLES.resolve("generate").toString(), example, files.toString()));
        words.addAll(List.of(values));
        Command.run(LIMIT, "", words).required();
    }

    private Namespace host(String role, int number) {
        Namespace host = network.namespace(role);
        network.plug(internet, "br0", host, "eth0", "203.0.113." + number + "/24", "fd31::" + number + "/64");
        return host;
    }

    /// The file under an interface's name that no other test has.
    private Path named(String file, String interfaceName) {
        try {
            return network.secretFile(interfaceName + ".conf", Files.readString(files.resolve(file + ".conf")));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// @return the interface
    private String hub(Namespace where, String file, String... more) {
        String interfaceName = network.name(file.replaceAll("[^a-z]", "").substring(0, 3)
                        + where.name().length())
                + where.name().charAt(where.name().length() - 1);
        Path named = named(file, interfaceName);
        List<String> command = new ArrayList<>(List.of(Implementation.launcher(), "up", "--journal", "off"));
        command.addAll(List.of(more));
        command.add(named.toString());
        Daemon daemon = network.daemon(where, interfaceName, command, Implementation.CULVERT, 2);
        daemon.awaitReady();
        Await.until(
                () -> interfaceName + "\n" + daemon.logTail(),
                LIMIT,
                () -> where.ip("link show dev " + interfaceName).contains("LOWER_UP"));
        return interfaceName;
    }

    /// @return the interface
    private String client(Namespace where, String file, Map<String, String> environment) {
        String interfaceName =
                network.name("c" + where.name().charAt(where.name().length() - 1));
        Path named = named(file, interfaceName);
        Map<String, String> all = new HashMap<>(environment);
        all.put("WG_QUICK_USERSPACE_IMPLEMENTATION", "wireguard-go");
        all.put("WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD", "1");
        where.run(all, "wg-quick", "up", named.toString()).required();
        leftovers.add(Daemon.socketOf(interfaceName));
        return interfaceName;
    }

    private static void reaches(Namespace from, String address) {
        Await.until(
                from.name() + " reaches " + address,
                LIMIT,
                () -> from.run("ping", "-c", "1", "-W", "1", address).exitCode() == 0);
        Ping.succeeds(from, address, 5);
    }

    private static long counted(Namespace where, String table) {
        Matcher matcher =
                COUNTER.matcher(where.run("nft", "list", "table", "inet", table).required());
        long sum = 0;
        while (matcher.find()) {
            sum += Long.parseLong(matcher.group(1));
        }
        return sum;
    }

    // The examples.

    @Test
    void filesAreSecretMadeOnceAndWholeOrNotAtAll() throws IOException {
        Command without = Command.run(
                LIMIT, "", List.of(EXAMPLES.resolve("generate").toString(), "hub-and-spoke", files.toString()));
        assertThat(without.exitCode()).isNotZero();
        assertThat(without.output()).contains("HUB=VALUE");
        assertThat(files.resolve("hub.conf")).doesNotExist();
        generate("hub-and-spoke", "HUB=203.0.113.1");
        String first = Files.readString(files.resolve("laptop.conf"));
        generate("hub-and-spoke", "HUB=203.0.113.1");
        assertThat(Files.readString(files.resolve("laptop.conf")))
                .isEqualTo(first)
                .doesNotContain("@");
        try (Stream<Path> all = Files.walk(files)) {
            assertThat(all.filter(Files::isRegularFile).toList())
                    .hasSizeGreaterThan(6)
                    .allSatisfy(each -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                            .isEqualTo("rw-------"));
        }
        try (Stream<Path> examples = Files.list(EXAMPLES)) {
            List<Path> directories = examples.filter(Files::isDirectory).toList();
            String index = Files.readString(EXAMPLES.resolve("README.md"));
            for (Path each : directories) {
                assertThat(index).contains("(" + each.getFileName() + ")");
                assertThat(Files.readAllLines(each.resolve("README.md"))).hasSizeLessThanOrEqualTo(60);
            }
            assertThat(directories).hasSize(7);
        }
    }

    @Test
    void hubAndSpoke() {
        generate("hub-and-spoke", "HUB=203.0.113.1");
        Namespace hub = host("h", 1);
        Namespace laptop = host("l", 2);
        // Behind a NAT, which lets in only what was asked for.
        Namespace router = host("r", 3);
        Namespace printer = network.namespace("p");
        network.bridge(router, "lan0", "192.168.1.1/24");
        network.plug(router, "lan0", printer, "eth0", "192.168.1.2/24");
        printer.ip("route add default via 192.168.1.1");
        network.forward(router);
        router.nft("table ip nat { chain post { type nat hook postrouting priority 100; oifname eth0 masquerade; }; }");

        String interfaceName = hub(hub, "hub");
        client(laptop, "laptop", Map.of());
        String printerInterface = client(printer, "printer", Map.of());
        reaches(laptop, "10.10.0.1");
        reaches(laptop, "10.10.0.3"); // its keepalive has opened the NAT
        reaches(laptop, "fd10:10::3");
        assertThat(hub.run(Implementation.launcher(), "show", interfaceName, "--long")
                        .required())
                .contains("laptop", "printer", "latest handshake");

        // A flood of what looks like initiations, from one address; the tunnels do not notice.
        Namespace stranger = host("x", 66);
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
        assertThat(counted(hub, "culvert_hub")).isPositive();

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
        generate("site-to-site", "SITE_A=203.0.113.1", "SITE_B=203.0.113.2");
        Namespace a = host("a", 1);
        Namespace b = host("b", 2);
        Namespace hostA = lan(a, "d", 10);
        Namespace hostB = lan(b, "e", 20);
        hub(a, "site-a");
        client(b, "site-b", Map.of());
        reaches(hostA, "192.168.20.2");
        reaches(hostB, "192.168.10.2");
        assertThat(hostB.run("ping", "-c", "1", "-W", "2", "-M", "do", "-s", "1252", "192.168.10.2")
                        .exitCode())
                .isZero();

        assertThat(announcedSegment(hostA, hostB)).isEqualTo(1240);
        a.run("nft", "delete", "table", "inet", "culvert_clamp").required();
        b.run("nft", "delete", "table", "inet", "culvert_clamp").required();
        assertThat(announcedSegment(hostA, hostB)).as("without the clamp").isEqualTo(1460);
    }

    private Namespace lan(Namespace gateway, String role, int net) {
        Namespace host = network.namespace(role);
        network.bridge(gateway, "lan0", "192.168." + net + ".1/24");
        network.plug(gateway, "lan0", host, "eth0", "192.168." + net + ".2/24");
        host.ip("route add default via 192.168." + net + ".1");
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
        generate("road-warrior", "HUB=203.0.113.1", "RESOLVER=203.0.113.53");
        Namespace hub = host("h", 1);
        Namespace laptop = host("l", 2);
        // Out there: a server that knows no way into the tunnel, and answers for names.
        Namespace server = host("s", 53);
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
        Path resolver = Path.of("/etc/netns", laptop.name(), "resolv.conf");
        Files.createDirectories(resolver.getParent());
        leftovers.add(resolver);
        leftovers.add(resolver.getParent());
        Files.writeString(resolver, "nameserver 203.0.113.53\n");
        Path tools = Files.createDirectories(network.directory().resolve("tools"));
        Path resolvconf = tools.resolve("resolvconf");
        // Its /etc is the namespace's: what is asked there is what a whole machine would ask.
        Files.writeString(resolvconf, "#!/bin/sh\n[ \"$1\" != -a ] || cat > " + resolver + "\n");
        Files.setPosixFilePermissions(resolvconf, PosixFilePermissions.fromString("rwx------"));
        Process hubNames = null;
        try {
            Await.until("names without the tunnel", LIMIT, () -> resolves(laptop));
            assertThat(counted(laptop, "leak")).as("so the counter counts").isPositive();

            hub(hub, "hub");
            hubNames = Command.start(
                    Map.of(),
                    hub.inside(List.of(
                            "dnsmasq",
                            "--keep-in-foreground",
                            "--pid-file=",
                            "--conf-file=" + files.resolve("dnsmasq.conf"))));
            String interfaceName = client(laptop, "laptop", Map.of("PATH", tools + ":" + System.getenv("PATH")));
            reaches(laptop, "10.30.0.1");
            laptop.run("nft", "delete", "table", "inet", "leak").required();
            countNamesThatGoAround(laptop);
            assertThat(Files.readString(resolver)).contains("10.30.0.1");
            Await.until("names by the tunnel", LIMIT, () -> resolves(laptop));
            assertThat(counted(laptop, "leak")).as("nothing goes around").isZero();

            reaches(laptop, "198.51.100.1"); // it knows no way to 10.30.0.2: the hub masquerades
            assertThat(laptop.ip("route get 198.51.100.1")).contains(interfaceName);
            assertThat(laptop.ip("-6 route get 2001:db8::1")).contains(interfaceName);
            assertThat(laptop.ip("link show dev " + interfaceName)).contains("mtu 1280");

            // Another café.
            laptop.ip("addr del 203.0.113.2/24 dev eth0");
            laptop.ip("addr add 203.0.113.77/24 dev eth0");
            laptop.ip("route add default via 203.0.113.53");
            reaches(laptop, "198.51.100.1");
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
        generate("peer-to-peer", "HOST_A=203.0.113.1", "HOST_B=203.0.113.2");
        Namespace a = host("a", 1);
        Namespace b = host("b", 2);
        hub(a, "host-a");
        client(b, "host-b", Map.of());
        reaches(a, "10.40.0.2");
        reaches(b, "10.40.0.1");
        reaches(b, "fd10:40::1");
    }

    @Test
    void twoHubsAndAZoneForGuests() {
        generate("multi-hub", "HUB_EAST=203.0.113.1", "HUB_WEST=203.0.113.2");
        Namespace east = host("e", 1);
        Namespace west = host("w", 2);
        Namespace spokeEast = host("f", 3);
        Namespace spokeWest = host("g", 4);
        Namespace guest = host("u", 5);
        hub(east, "hub-east");
        hub(east, "guests", "--admin", "off");
        hub(west, "hub-west");
        client(spokeEast, "spoke-east", Map.of());
        client(spokeWest, "spoke-west", Map.of());
        client(guest, "guest", Map.of());
        reaches(spokeEast, "10.50.2.2");
        reaches(spokeWest, "10.50.1.2");
        reaches(guest, "10.60.0.1");
        Ping.fails(guest, "10.50.1.2", 3);
        assertThat(counted(east, "culvert_zones")).isEqualTo(3);
    }

    @Test
    void aNewKeyWithoutAGap() throws IOException {
        generate("hub-and-spoke", "HUB=203.0.113.1");
        Namespace hub = host("h", 1);
        Namespace laptop = host("l", 2);
        String hubInterface = hub(hub, "hub");
        String laptopInterface = client(laptop, "laptop", Map.of());
        reaches(laptop, "10.10.0.1");
        String old =
                Command.require("wg", "show", laptopInterface, "public-key").strip();
        Identity fresh = Identity.fresh();
        Path psk = files.resolve("keys/hub-laptop.psk");
        Process rotation = Command.start(
                Map.of(),
                List.of(
                        EXAMPLES.resolve("key-rotation/rotate.sh").toString(),
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
                    network.secretFile("new.key", fresh.privateKey() + "\n").toString());
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
        generate("hub-and-spoke", "HUB=203.0.113.1");
        Namespace hub = host("h", 1);
        Namespace laptop = host("l", 2);
        String hubInterface = hub(hub, "hub");
        client(laptop, "laptop", Map.of());
        reaches(laptop, "10.10.0.1");
        String check = EXAMPLES.resolve("monitoring/check.sh").toString();
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
