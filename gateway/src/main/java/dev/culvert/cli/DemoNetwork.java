package dev.culvert.cli;

import dev.culvert.conf.CommandRunner;
import dev.culvert.conf.ProcessCommandRunner;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The demo's three machines, as network namespaces, each with a `culvert up` of its own:
///
/// ```
///   spoke a 10.77.0.2            hub 10.77.0.1             spoke b 10.77.0.3
///   192.0.2.2 ───── veth ───── 192.0.2.1  192.0.2.5 ───── veth ───── 192.0.2.6
/// ```
///
/// All names carry four random letters; everything that was made is removed by [#close], which may be called
/// twice.
final class DemoNetwork implements AutoCloseable {
    private static final Duration START_PATIENCE = Duration.ofSeconds(20);
    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final int END_PATIENCE_S = 5;
    private static final int PORT = 51820;
    private static final int TRANSFER_PORT = 7777;
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz";
    private static final List<String> MACHINES = List.of("h", "a", "b");

    private final Host host;
    private final List<String> self;
    private final PrintWriter out;
    private final CommandRunner commands;
    private final String id;
    private final Map<String, Process> gateways = new LinkedHashMap<>();
    private @Nullable Process receiver;
    private @Nullable Path directory;
    private boolean closed;

    DemoNetwork(Host host, List<String> self, PrintWriter out) {
        this.host = host;
        this.self = self;
        this.out = out;
        commands = new ProcessCommandRunner(_ -> {});
        byte[] random = new byte[4];
        host.random().fill(random);
        StringBuilder letters = new StringBuilder();
        for (byte each : random) {
            letters.append(LETTERS.charAt((each & 0xff) % LETTERS.length()));
        }
        id = letters.toString();
    }

    /// How this very program is started: by its launcher script, else by the JVM's own command line.
    static List<String> selfCommand(Host host, List<String> ownArguments) throws CliFailure {
        String launcher = host.variable("CULVERT_LAUNCHER", "");
        if (!launcher.isEmpty()) {
            return List.of(launcher);
        }
        ProcessHandle.Info info = ProcessHandle.current().info();
        String[] arguments = info.arguments().orElse(new String[0]);
        int own = arguments.length - ownArguments.size();
        if (info.command().isEmpty() || own < 1) {
            throw new CliFailure("this JVM does not tell how it was started; run deploy/bin/culvert demo instead");
        }
        List<String> command = new ArrayList<>();
        command.add(info.command().get());
        command.addAll(Arrays.asList(arguments).subList(0, own));
        return command;
    }

    void run(int lanes, int megabytes) throws CliFailure, IOException, InterruptedException {
        requireRoot();
        step("building three machines: cvdemo" + id + "-h (hub), -a and -b (spokes)");
        makeNamespaces();
        step("starting Culvert in each of them");
        writeFiles();
        for (String machine : MACHINES) {
            start(machine, lanes);
        }
        for (String machine : MACHINES) {
            awaitReady(machine);
        }
        ping("a", "10.77.0.1", "spoke a pings the hub through the tunnel");
        ping("b", "10.77.0.1", "spoke b pings the hub, which learns where it is");
        ping("a", "10.77.0.3", "spoke a pings spoke b through the hub");
        if (commands.finds("ping")) {
            ping("b", "fd77::2", "spoke b pings spoke a, IPv6 inside");
        }
        transfer(megabytes);
        step("the hub's counters (culvert show " + tunnel("h") + ")");
        out.println();
        out.print(ShowCommand.text(host).pretty(tunnel("h"), new UapiClient(host.sockets()).get(tunnel("h"))));
        out.println();
        out.flush();
    }

    void explainNext() {
        out.println("What to try next:");
        out.println("  culvert demo --keep            # leaves it running, to look around in");
        out.println("  culvert genkey                 # the first line of a file of your own");
        out.println("  culvert up /etc/wireguard/wg0.conf");
        out.flush();
    }

    void explainKept() {
        out.println("It keeps running. What to try:");
        out.println("  culvert show                                     # or `wg show`");
        out.println("  ip netns exec " + namespace("a") + " ping 10.77.0.3");
        out.println("  ip netns exec " + namespace("h") + " tcpdump -ni any udp port " + PORT);
        out.println("  ls " + directory + "                             # the three files, and the logs");
        out.println("Remove it with:");
        out.println("  for x in h a b; do culvert down cv" + id + "$x; ip netns delete cvdemo" + id
                + "-$x; done; rm -r " + directory);
        out.flush();
    }

    private void requireRoot() throws CliFailure {
        if (!commands.finds("ip")) {
            throw new CliFailure("the demo needs the `ip` program; install iproute2");
        }
        if (!Files.exists(Path.of("/dev/net/tun"))) {
            throw new CliFailure("there is no /dev/net/tun; `modprobe tun` makes it, a container needs"
                    + " `--device /dev/net/tun`");
        }
        if (!Files.isWritable(Path.of("/run"))) {
            throw new CliFailure("the demo makes network namespaces and interfaces; run it as root");
        }
    }

    private void makeNamespaces() throws CliFailure, IOException, InterruptedException {
        for (String machine : MACHINES) {
            ip("netns", "add", namespace(machine));
            ip("-n", namespace(machine), "link", "set", "lo", "up");
        }
        cable("a", "192.0.2.1/30", "192.0.2.2/30");
        cable("b", "192.0.2.5/30", "192.0.2.6/30");
        // A sysctl of the namespace, not of this machine.
        inside("h", List.of("tee", "/proc/sys/net/ipv4/ip_forward"), "1\n");
        commands.query(in("h", List.of("tee", "/proc/sys/net/ipv6/conf/all/forwarding")), "1\n");
    }

    private void cable(String spoke, String hubAddress, String spokeAddress) throws IOException, InterruptedException {
        String hubEnd = "cv" + id + "h" + spoke;
        String spokeEnd = "cv" + id + spoke + "0";
        ip(
                "-n",
                namespace("h"),
                "link",
                "add",
                hubEnd,
                "type",
                "veth",
                "peer",
                "name",
                spokeEnd,
                "netns",
                namespace(spoke));
        ip("-n", namespace("h"), "address", "add", hubAddress, "dev", hubEnd);
        ip("-n", namespace(spoke), "address", "add", spokeAddress, "dev", spokeEnd);
        ip("-n", namespace("h"), "link", "set", hubEnd, "up");
        ip("-n", namespace(spoke), "link", "set", spokeEnd, "up");
    }

    private void writeFiles() throws IOException {
        Path made = Files.createTempDirectory(
                "cvdemo" + id, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        directory = made;
        try (PrivateKey hub = PrivateKey.generate(host.random());
                PrivateKey a = PrivateKey.generate(host.random());
                PrivateKey b = PrivateKey.generate(host.random());
                PresharedKey psk = PresharedKey.generate(host.random())) {
            write(made, "h", """
                    # the hub of `culvert demo`
                    [Interface]
                    Address = 10.77.0.1/24, fd77::1/64
                    ListenPort = %d
                    PrivateKey = %s

                    # spoke a
                    [Peer]
                    PublicKey = %s
                    AllowedIPs = 10.77.0.2/32, fd77::2/128

                    # spoke b, with a preshared key
                    [Peer]
                    PublicKey = %s
                    PresharedKey = %s
                    AllowedIPs = 10.77.0.3/32, fd77::3/128
                    """.formatted(PORT, hub.toBase64(), a.publicKey(), b.publicKey(), psk.toBase64()));
            String toHub = """

                    [Peer]
                    PublicKey = %s
                    Endpoint = %s:%d
                    AllowedIPs = 10.77.0.0/24, fd77::/64
                    PersistentKeepalive = 25
                    """;
            String spoke = """
                    [Interface]
                    Address = %s
                    PrivateKey = %s
                    """;
            write(
                    made,
                    "a",
                    spoke.formatted("10.77.0.2/32, fd77::2/128", a.toBase64())
                            + toHub.formatted(hub.publicKey(), "192.0.2.1", PORT));
            write(
                    made,
                    "b",
                    spoke.formatted("10.77.0.3/32, fd77::3/128", b.toBase64())
                            + toHub.formatted(hub.publicKey(), "192.0.2.5", PORT)
                            + "PresharedKey = " + psk.toBase64() + '\n');
        }
    }

    private void write(Path made, String machine, String text) throws IOException {
        Path file = made.resolve(tunnel(machine) + ".conf");
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text);
        Files.createFile(made.resolve(machine + ".ready"));
    }

    private void start(String machine, int lanes) throws IOException {
        List<String> command = new ArrayList<>();
        if (commands.finds("setsid")) {
            command.add("setsid"); // Ctrl-C is for the demo, which then ends its gateways in order
        }
        command.addAll(in(machine, self));
        command.addAll(
                List.of("up", "--lanes", String.valueOf(lanes), conf(machine).toString()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(log(machine).toFile());
        builder.environment().put("CULVERT_READY", ready(machine).toString());
        builder.environment().remove("LOG_LEVEL");
        gateways.put(machine, builder.start());
    }

    private void awaitReady(String machine) throws CliFailure, IOException, InterruptedException {
        Process gateway = gateways.get(machine);
        Instant deadline = host.clock().instant().plus(START_PATIENCE);
        while (!Files.readString(ready(machine)).startsWith("ready")) {
            boolean ended = gateway == null || !gateway.isAlive();
            if (ended || host.clock().instant().isAfter(deadline)) {
                out.print(Files.readString(log(machine), StandardCharsets.UTF_8));
                throw new CliFailure("Culvert in " + namespace(machine)
                        + (ended ? " ended" : " was not ready after " + START_PATIENCE.toSeconds() + " seconds")
                        + "; its log stands above");
            }
            Thread.sleep(PAUSE);
        }
    }

    private void ping(String machine, String address, String what)
            throws CliFailure, IOException, InterruptedException {
        if (!commands.finds("ping")) {
            step(what + ": left out, there is no ping program (install iputils-ping)");
            return;
        }
        step(what);
        CommandRunner.Answer answer =
                commands.query(in(machine, List.of("ping", "-n", "-c", "3", "-i", "0.2", "-W", "5", address)), null);
        answer.text()
                .lines()
                .filter(line -> line.contains("time=") || line.contains("loss"))
                .forEach(out::println);
        if (!answer.isSuccess()) {
            throw new CliFailure("no answer from " + address + "; `culvert demo --keep` leaves things as they are,"
                    + " and `culvert show` tells whether there was a handshake");
        }
    }

    private void transfer(int megabytes) throws CliFailure, IOException, InterruptedException {
        step("spoke a sends " + megabytes + " MB to spoke b through the hub, and the checksum comes back");
        List<String> listen = new ArrayList<>(in("b", self));
        listen.addAll(List.of("demo-transfer", "--listen", "10.77.0.3", String.valueOf(TRANSFER_PORT)));
        Process listening = new ProcessBuilder(listen)
                .redirectError(log("transfer").toFile())
                .start();
        receiver = listening;
        if (listening.getInputStream().read() < 0) { // the first letter of "listening"
            throw new CliFailure("the receiver did not start: "
                    + Files.readString(log("transfer")).strip());
        }
        List<String> send = new ArrayList<>(in("a", self));
        send.addAll(List.of(
                "demo-transfer", "--megabytes", String.valueOf(megabytes), "10.77.0.3", String.valueOf(TRANSFER_PORT)));
        CommandRunner.Answer answer = commands.query(send, null);
        if (!answer.isSuccess()) {
            throw new CliFailure("the transfer failed, or its checksum differs");
        }
        out.println(megabytes + " MB, checksum matches, " + answer.text().strip()
                + " Mbit/s (both spokes, the hub and both ends of the transfer share this machine's cores)");
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        step("cleaning up");
        Process transfer = receiver;
        if (transfer != null) {
            transfer.destroy();
        }
        gateways.values().forEach(Process::destroy);
        gateways.values().forEach(DemoNetwork::awaitEnd);
        for (String machine : MACHINES) {
            try {
                commands.query(List.of("ip", "netns", "delete", namespace(machine)), null);
            } catch (IOException e) {
                out.println("culvert: " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        removeFiles();
        out.flush();
    }

    private static void awaitEnd(Process process) {
        try {
            if (!process.waitFor(END_PATIENCE_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void removeFiles() {
        Path made = directory;
        if (made == null) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(made)) {
            for (Path file : files) {
                Files.delete(file);
            }
            Files.delete(made);
        } catch (IOException e) {
            out.println("culvert: " + made + " holds the demo's keys and could not be deleted: " + e.getMessage());
        }
    }

    private void step(String what) {
        out.println("==> " + what);
        out.flush();
    }

    private void ip(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(Arrays.asList(arguments));
        commands.run(command, null);
    }

    private void inside(String machine, List<String> command, @Nullable String input)
            throws CliFailure, IOException, InterruptedException {
        if (!commands.query(in(machine, command), input).isSuccess()) {
            throw new CliFailure("`" + String.join(" ", command) + "` failed in " + namespace(machine));
        }
    }

    private List<String> in(String machine, List<String> command) {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace(machine)));
        whole.addAll(command);
        return whole;
    }

    private String namespace(String machine) {
        return "cvdemo" + id + '-' + machine;
    }

    private String tunnel(String machine) {
        return "cv" + id + machine;
    }

    private Path conf(String machine) {
        return file(tunnel(machine) + ".conf");
    }

    private Path ready(String machine) {
        return file(machine + ".ready");
    }

    private Path log(String machine) {
        return file(machine + ".log");
    }

    private Path file(String name) {
        if (directory == null) {
            throw new IllegalStateException("no directory yet");
        }
        return directory.resolve(name);
    }
}
