package dev.culvert.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Hosts around one provider's network, and the files of an example on them: Culvert as the hub, wireguard-go under
/// wg-quick as the clients.
final class ExampleNetwork implements AutoCloseable {
    static final Path EXAMPLES = Repository.root().resolve("deploy/examples");
    private static final Duration LIMIT = Duration.ofSeconds(25);
    private static final Pattern COUNTER = Pattern.compile("counter packets (\\d+)");

    final Network network = new Network();
    /// The provider's: everybody is plugged into it.
    private final Namespace internet = network.namespace("i");
    /// Where the example's files are.
    final Path files = network.directory().resolve("files");
    private final List<Path> leftovers = new ArrayList<>();

    ExampleNetwork() {
        network.bridge(internet, "br0", "203.0.113.254/24", "fd31::fe/64");
    }

    /// @param path outside the network's own directory, to be deleted at the end
    void leavesBehind(Path path) {
        leftovers.add(path);
    }

    @Override
    public void close() throws IOException {
        network.close();
        for (Path each : leftovers) {
            Files.deleteIfExists(each);
        }
    }

    void generate(String example, String... values) {
        List<String> words =
                new ArrayList<>(List.of(EXAMPLES.resolve("generate").toString(), example, files.toString()));
        words.addAll(List.of(values));
        Command.run(LIMIT, "", words).required();
    }

    Namespace host(String role, int number) {
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
    String hub(Namespace where, String file, String... more) {
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
    String client(Namespace where, String file, Map<String, String> environment) {
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

    static void reaches(Namespace from, String address) {
        Await.until(
                from.name() + " reaches " + address,
                LIMIT,
                () -> from.run("ping", "-c", "1", "-W", "1", address).exitCode() == 0);
        Ping.succeeds(from, address, 5);
    }

    static long counted(Namespace where, String table) {
        Matcher matcher =
                COUNTER.matcher(where.run("nft", "list", "table", "inet", table).required());
        long sum = 0;
        while (matcher.find()) {
            sum += Long.parseLong(matcher.group(1));
        }
        return sum;
    }
}
