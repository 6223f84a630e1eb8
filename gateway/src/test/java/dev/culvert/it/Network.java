package dev.culvert.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// The namespaces, daemons and files of one topology. Every name carries a random prefix of its own, so that
/// runs beside each other do not meet (`/var/run/wireguard` is one directory for all namespaces). Closing
/// deletes everything, and a hook does so when the JVM is ended before.
final class Network implements AutoCloseable {
    private static final Set<Network> OPEN = ConcurrentHashMap.newKeySet();
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> List.copyOf(OPEN).forEach(Network::close)));
    }

    private final String prefix;
    private final Path directory;
    private final List<Namespace> namespaces = new ArrayList<>();
    private final List<Daemon> daemons = new ArrayList<>();

    Network() {
        requireMeans();
        prefix = freshPrefix();
        try {
            directory = Files.createTempDirectory(
                    "culvert-it-", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        OPEN.add(this);
    }

    /// A name for an interface or namespace of this network; at most 15 characters if `role` has at most 9.
    String name(String role) {
        return prefix + role;
    }

    /// For keys and configuration files; 0700, deleted at the end.
    Path directory() {
        return directory;
    }

    Path secretFile(String name, String content) {
        Path file = directory.resolve(name);
        try {
            Files.deleteIfExists(file);
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            return Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    synchronized Namespace namespace(String role) {
        Namespace namespace = new Namespace(name(role));
        Command.require("ip", "netns", "add", namespace.name());
        namespaces.add(namespace);
        namespace.ip("link set lo up");
        namespace.sysctl("ipv6/conf/default/accept_dad", "0");
        namespace.sysctl("ipv4/conf/all/rp_filter", "0");
        namespace.sysctl("ipv4/conf/default/rp_filter", "0");
        return namespace;
    }

    void forward(Namespace namespace) {
        namespace.sysctl("ipv4/ip_forward", "1");
        namespace.sysctl("ipv6/conf/all/forwarding", "1");
    }

    void bridge(Namespace namespace, String device, String... addresses) {
        namespace.ip("link add " + device + " type bridge");
        addAddresses(namespace, device, addresses);
        namespace.ip("link set " + device + " up");
    }

    /// A cable from `spokeDevice` to a port of the bridge.
    void plug(Namespace bridged, String bridge, Namespace spoke, String spokeDevice, String... addresses) {
        String port = bridge + spoke.name().substring(prefix.length());
        Command.require(
                "ip",
                "link",
                "add",
                spokeDevice,
                "netns",
                spoke.name(),
                "type",
                "veth",
                "peer",
                "name",
                port,
                "netns",
                bridged.name());
        bridged.ip("link set " + port + " master " + bridge + " up");
        addAddresses(spoke, spokeDevice, addresses);
        spoke.ip("link set " + spokeDevice + " up");
    }

    static void addAddresses(Namespace namespace, String device, String... addresses) {
        for (String address : addresses) {
            namespace.ip("addr add " + address + " dev " + device + (address.contains(":") ? " nodad" : ""));
        }
    }

    /// Starts a daemon that will serve a new interface; [Daemon#awaitReady] waits until it does.
    synchronized Daemon daemon(Implementation implementation, int lanes, Namespace namespace, String interfaceName) {
        return daemon(namespace, interfaceName, implementation.foreground(interfaceName), implementation, lanes);
    }

    /// As the other, for a command of the caller's own.
    synchronized Daemon daemon(
            Namespace namespace, String interfaceName, List<String> command, Implementation implementation, int lanes) {
        Daemon daemon = Daemon.start(
                namespace,
                interfaceName,
                command,
                implementation.environment(lanes),
                implementation + "-lanes" + lanes);
        daemons.add(daemon);
        return daemon;
    }

    /// The ends of the logs of every daemon that the open networks have, for the report of a failed test.
    static String logTails() {
        StringBuilder tails = new StringBuilder();
        for (Network network : OPEN) {
            for (Daemon daemon : List.copyOf(network.daemons)) {
                tails.append(daemon.logTail()).append('\n');
            }
        }
        return tails.toString();
    }

    @Override
    public synchronized void close() {
        if (!OPEN.remove(this)) {
            return;
        }
        daemons.forEach(Daemon::kill);
        for (Namespace namespace : namespaces) {
            killAllIn(namespace);
            Command.run("ip", "netns", "del", namespace.name());
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void killAllIn(Namespace namespace) {
        Command pids = Command.run("ip", "netns", "pids", namespace.name());
        if (pids.exitCode() == 0) {
            pids.output()
                    .lines()
                    .map(String::strip)
                    .filter(pid -> pid.matches("\\d+"))
                    .forEach(pid -> ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly));
        }
    }

    private static String freshPrefix() {
        for (int attempt = 0; attempt < 100; attempt++) {
            StringBuilder prefix = new StringBuilder("cv");
            RANDOM.ints(4, 0, LETTERS.length()).forEach(index -> prefix.append(LETTERS.charAt(index)));
            boolean taken =
                    Command.require("ip", "netns", "list").lines().anyMatch(line -> line.startsWith(prefix.toString()));
            if (!taken) {
                return prefix.toString();
            }
        }
        throw new AssertionError("no free name for network namespaces: delete old ones (`ip netns list`).");
    }

    /// What cannot be tested is a failure here and never skipped: a build that is green has run these tests.
    private static void requireMeans() {
        if (!"0".equals(Command.require("id", "-u").strip())) {
            throw new AssertionError("The integration tests make network namespaces and so must run as root:"
                    + " use deploy/verify, or leave them out with -DskipITs.");
        }
        if (!Files.exists(Path.of("/dev/net/tun"))) {
            throw new AssertionError(
                    "The integration tests need /dev/net/tun: load the kernel module tun, or pass the device into the container.");
        }
        for (String tool : List.of("ip", "ping", "nft", "wg", "wireguard-go")) {
            if (Command.run("sh", "-c", "command -v " + tool).exitCode() != 0) {
                throw new AssertionError("The integration tests need the program " + tool + ": on Debian"
                        + " `apt-get install iproute2 iputils-ping nftables wireguard-tools wireguard-go`.");
            }
        }
    }
}
