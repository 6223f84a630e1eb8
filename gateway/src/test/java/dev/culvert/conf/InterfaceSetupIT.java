package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static dev.culvert.conf.ConfFiles.PRIVATE_KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.device.DeviceChange;
import dev.culvert.device.DeviceControl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real `ip`, `nft` and `sysctl`, on a TUN in a namespace of the test's own.
final class InterfaceSetupIT {
    private final String id =
            Integer.toString(ThreadLocalRandom.current().nextInt(36 * 36 * 36, 36 * 36 * 36 * 36), 36);
    private final String namespace = "cvconf" + id;
    private final String link = "cf" + id;
    private final List<String> said = new ArrayList<>();
    private final InNamespace commands = new InNamespace();
    private final FakeDevice device = new FakeDevice();

    @TempDir
    private Path directory;

    private Path path = Path.of("unset");

    @BeforeEach
    void makeNamespace() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        path = directory.resolve(link + ".conf");
        commands.host.run(List.of("ip", "netns", "add", namespace), null);
        commands.run(List.of("ip", "link", "set", "lo", "up"), null);
    }

    @AfterEach
    void deleteNamespace() throws Exception {
        commands.host.run(List.of("ip", "netns", "delete", namespace), null);
    }

    @Test
    void setsALinkUpWithDefaultRoutesAndTakesItDownWithoutATrace() throws Exception {
        String before = state();
        InterfaceSetup setup = setup("""
                PostUp = echo post-up %i >> LOG
                PostDown = echo post-down %i >> LOG
                PreUp = echo pre-up $INTERFACE >> LOG
                PreDown = echo pre-down >> LOG
                """);
        setup.up();
        assertThat(ask("ip", "-4", "address", "show", "dev", link)).contains("inet 10.7.0.2/24", "mtu 1420");
        assertThat(ask("ip", "-6", "address", "show", "dev", link)).contains("inet6 fd07::2/64");
        assertThat(ask("ip", "-4", "rule", "show"))
                .contains("not from all fwmark 0xca6c lookup 51820", "lookup main suppress_prefixlength 0");
        assertThat(ask("ip", "-4", "route", "show", "table", "51820")).contains("default dev " + link);
        assertThat(ask("ip", "-6", "route", "show", "table", "51820")).contains("default dev " + link);
        assertThat(ask("ip", "-4", "route", "show", "dev", link)).contains("192.168.7.0/24");
        assertThat(ask("nft", "list", "ruleset"))
                .contains("table ip wg-quick-" + link, "table ip6 wg-quick-" + link, "ip daddr 10.7.0.2", "0x0000ca6c");
        assertThat(ask("sysctl", "-n", "net.ipv4.conf.all.src_valid_mark")).isEqualTo("1\n");
        assertThat(device.status().fwmark()).isEqualTo(51820);
        assertThat(said).contains("[#] ip -4 address add 10.7.0.2/24 dev " + link);

        assertThat(setup.down()).isTrue();
        assertThat(state()).isEqualTo(before);
        assertThat(directory.resolve("log"))
                .hasContent("pre-up " + link + "\npost-up " + link + "\npre-down\npost-down " + link + "\n");
    }

    @Test
    void leavesNoTraceIfTheLastHookFails() throws Exception {
        String before = state();
        InterfaceSetup setup = setup("PostUp = true; false | cat; true\n");
        assertThatThrownBy(setup::up)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(
                        "the hook `true; false | cat; true` failed with exit code 1; correct the command");
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void replacesWhatAKilledProcessLeft() throws Exception {
        String before = state();
        setup("").up();
        commands.run(List.of("ip", "link", "delete", link), null); // and nothing is undone, as after kill -9
        String left = state();
        assertThat(left).isNotEqualTo(before);
        InterfaceSetup second = setup("");
        device.apply(new DeviceChange(null, false, null, 0, false, List.of()));
        second.up();
        assertThat(ask("ip", "-4", "rule", "show").split("lookup 51820", -1)).hasSize(2);
        assertThat(second.down()).isTrue();
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void makesThousandsOfRoutesInOneGo() throws Exception {
        StringBuilder peers = new StringBuilder();
        for (int i = 0; i < 5000; i++) {
            peers.append("AllowedIPs = 10.9.")
                    .append(i >> 8)
                    .append('.')
                    .append(i & 255)
                    .append("/32\n");
        }
        InterfaceSetup setup = setup("Table = 999\n", peers.toString());
        setup.up();
        assertThat(ask("ip", "-4", "route", "show", "table", "999").lines().count())
                .isEqualTo(5002);
        setup.down();
    }

    private InterfaceSetup setup(String interfaceLines) throws Exception {
        return setup(interfaceLines, "");
    }

    private InterfaceSetup setup(String interfaceLines, String peerLines) throws Exception {
        String text = "[Interface]\nAddress = 10.7.0.2/24, fd07::2/64\nPrivateKey = " + PRIVATE_KEY + "\n"
                + interfaceLines.replace("LOG", directory.resolve("log").toString()) + "[Peer]\nPublicKey = " + PEER_A
                + "\nEndpoint = 127.0.0.1:5\n"
                + (peerLines.isEmpty() ? "AllowedIPs = 0.0.0.0/0, ::/0, 192.168.7.0/24\n" : peerLines)
                + (peerLines.isEmpty() ? "" : "AllowedIPs = 0.0.0.0/0, 10.0.0.0/8\n");
        Files.writeString(path, "[Interface]\nMTU = 1420\n" + text);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        return new InterfaceSetup(
                commands,
                EndpointResolver.ofSystem(said::add),
                path,
                WgQuickParser.read(path),
                link,
                0,
                new InterfaceSetup.Link() {
                    @Override
                    public DeviceControl create() throws IOException, InterruptedException {
                        commands.run(List.of("ip", "tuntap", "add", link, "mode", "tun"), null);
                        return device;
                    }

                    @Override
                    public void remove() {
                        try {
                            commands.run(List.of("ip", "link", "delete", link), null);
                        } catch (IOException | InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                });
    }

    private String state() throws Exception {
        return ask("ip", "-brief", "address")
                + ask("ip", "-4", "rule")
                + ask("ip", "-6", "rule")
                + ask("nft", "list", "ruleset")
                + ask("ip", "route", "show", "table", "all");
    }

    private String ask(String... command) throws Exception {
        return commands.query(List.of(command), null).text();
    }

    /// The real thing, each command inside the namespace.
    private final class InNamespace implements CommandRunner {
        final ProcessCommandRunner host = new ProcessCommandRunner(_ -> {});

        @Override
        public void run(List<String> command, @Nullable String input) throws IOException, InterruptedException {
            said.add("[#] " + String.join(" ", command));
            host.run(inside(command), input);
        }

        @Override
        public Answer query(List<String> command, @Nullable String input) throws IOException, InterruptedException {
            return host.query(inside(command), input);
        }

        @Override
        public void hook(String script, String interfaceName, String configFile)
                throws IOException, InterruptedException {
            host.hook(script, interfaceName, configFile);
        }

        @Override
        public boolean finds(String program) {
            return host.finds(program);
        }

        @Override
        public void say(String line) {
            said.add(line);
        }

        private List<String> inside(List<String> command) {
            List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
            whole.addAll(command);
            return whole;
        }
    }
}
