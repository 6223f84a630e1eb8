package dev.culvert.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.conf.HubSettings;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CliTest {
    // RFC 7748, section 6.1: Alice's keys
    private static final String ALICE_PRIVATE = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=";
    private static final String ALICE_PUBLIC = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";

    @TempDir
    private Path directory;

    private Console console = new Console(Path.of("unset"));

    @BeforeEach
    void startOver() {
        console = new Console(directory);
    }

    @Test
    void makesAPublicKeyOfAPrivateOneFromStandardInput() {
        console.input = ALICE_PRIVATE + " \n";
        assertThat(console.run("pubkey")).isZero();
        assertThat(console.out()).isEqualTo(ALICE_PUBLIC + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "x", "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCp=", "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkq"})
    void refusesWhatIsNoPrivateKeyWithoutRepeatingIt(String input) {
        console.input = input;
        assertThat(console.run("pubkey")).isEqualTo(1);
        assertThat(console.out()).isEmpty();
        assertThat(console.err()).startsWith("culvert: standard input is not a private key: ");
        assertThat(console.err().substring(25)).doesNotContain(input.isEmpty() ? "\0" : "dwdtC");
    }

    @Test
    void makesKeys() {
        assertThat(console.run("genkey")).isZero();
        String key = console.out().strip();
        assertThat(PrivateKey.fromBase64(key).toBase64()).isEqualTo(key);
        assertThat(console.run("genpsk")).isZero();
        assertThat(PresharedKey.fromBase64(console.out().strip()).isNone()).isFalse();
        assertThat(console.err()).isEmpty();
    }

    @Test
    void warnsIfAKeyGoesToAFileThatOthersCanRead() throws IOException {
        Path file = Files.createFile(directory.resolve("key"));
        console.standardOutput = file;
        for (String command : List.of("genkey", "genpsk")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
            console.run(command);
            assertThat(console.err()).isEqualTo("""
                            Warning: writing to world accessible file.
                            Consider setting the umask to 077 and trying again.
                            """);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
            console.run(command);
            assertThat(console.err()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "up",
                "down",
                "show wg0 nosuchfield",
                "show interfaces peers",
                "up a b",
                "up --lanes x wg0",
                "up --lanes -1 wg0",
                "up --lanes 65 wg0",
                "up --engine openssl wg0",
                "--nosuchoption",
                "genkey now",
                "wg0 wg1"
            })
    void answersMisuseWithTwoAndASentence(String arguments) throws IOException {
        Files.createDirectories(directory.resolve("etc"));
        Files.writeString(directory.resolve("etc/wg0.conf"), "[Interface]\n");
        assertThat(console.run(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1)))
                .isEqualTo(2);
        assertThat(console.err()).startsWith(arguments.isEmpty() ? "Usage: culvert" : "culvert: ");
        assertThat(console.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"shwo, show", "genke, genkey", "dow, down", "dwon, down", "ups, up"})
    void doesNotTakeAMistypedCommandForAnInterface(String typed, String meant) {
        assertThat(console.run(typed)).isEqualTo(2);
        assertThat(console.err())
                .startsWith(
                        "culvert: there is no command `" + typed + "`; did you mean `" + meant + "`? An interface of");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a-name-that-is-too-long", "wg/0", "..", ".", "wg 0", "wg0;x"})
    void refusesNamesThatNoInterfaceMayHave(String name) {
        assertThat(console.run("-f", name)).isEqualTo(1);
        assertThat(console.err()).startsWith("culvert: an interface's name has 1 to 15 characters");
    }

    @Test
    void saysWhichFileIsMissing() {
        assertThat(console.run("up", "wg0")).isEqualTo(1);
        assertThat(console.err())
                .isEqualTo("culvert: there is no file " + directory.resolve("etc/wg0.conf")
                        + "; write it, or name another\n");
        assertThat(console.run("up", "/nosuch/wg0.txt")).isEqualTo(1);
        assertThat(console.err()).contains("the file must be called after the interface");
    }

    @Test
    void printsEveryProblemOfABadFile() throws IOException {
        Path file = Files.writeString(directory.resolve("wg0.conf"), "[Interface]\nMTU = x\nFoo = 1\n");
        assertThat(console.run("up", file.toString())).isEqualTo(1);
        assertThat(console.err().lines())
                .hasSize(3)
                .first()
                .asString()
                .isEqualTo(
                        "culvert: " + file + ":2: MTU is `x`; a number from 68 to 65535 would be right, 1420 is usual");
    }

    @Test
    void saysThatNothingRuns() {
        assertThat(console.run("down", "wg0")).isEqualTo(1);
        assertThat(console.err())
                .isEqualTo("culvert: nothing runs wg0; `culvert show interfaces` names what does run\n");
        assertThat(console.run("show", "wg0")).isEqualTo(1);
        assertThat(console.err()).startsWith("culvert: no device wg0 is served here");
        assertThat(console.run("show")).isZero();
        assertThat(console.out()).isEmpty();
    }

    @Test
    void passesTheLaunchersSentenceOn() {
        console.launcher = _ -> {
            throw new IOException("/dev/net/tun may not be opened; run this as root");
        };
        assertThat(console.run("-f", "wg0")).isEqualTo(1);
        assertThat(console.err()).isEqualTo("culvert: /dev/net/tun may not be opened; run this as root\n");
    }

    @Test
    void remembersPeersWhereItIsTold() {
        GatewayOptions[] seen = new GatewayOptions[1];
        console.launcher = options -> {
            seen[0] = options;
            throw new IOException("enough");
        };
        console.run("-f", "--journal", "on", "wg0");
        assertThat(seen[0].journal()).hasToString("/var/lib/culvert/wg0.peers");
        console.run("-f", "--journal", "off", "wg0");
        assertThat(seen[0].journal()).isNull();
        console.run("-f", "--journal", "/srv/x", "wg0");
        assertThat(seen[0].journal()).hasToString("/srv/x");
        assertThat(console.run("-f", "--journal", "true", "wg0")).isEqualTo(Cli.MISUSED);
        assertThat(console.err()).contains("the journal is on, off or the path of a file, not `true`");
    }

    @Test
    void handsOptionsAndEnvironmentToTheLauncher() {
        console.environment.put("WG_TUN_FD", "3");
        console.environment.put("WG_UAPI_FD", "4");
        GatewayOptions[] seen = new GatewayOptions[1];
        console.launcher = options -> {
            seen[0] = options;
            throw new IOException("enough");
        };
        console.run("-f", "--lanes", "3", "--engine", "jdk", "--handshake-workers", "2", "wg0");
        assertThat(seen[0])
                .isEqualTo(new GatewayOptions(
                        "wg0",
                        3,
                        List.of(),
                        GatewayOptions.Engine.JDK,
                        2,
                        HubSettings.DEFAULTS,
                        null,
                        null,
                        null,
                        3,
                        4));
        console.environment.put("WG_UAPI_FD", "x");
        assertThat(console.run("-f", "wg0")).isEqualTo(1);
        assertThat(console.err()).startsWith("culvert: WG_UAPI_FD is not the number of an open descriptor");
    }

    @Test
    void tellsTheLauncherScriptHowTheStartWent() throws IOException {
        Path note = Files.createFile(directory.resolve("note"));
        console.environment.put("CULVERT_READY", note.toString());
        console.launcher = _ -> {
            throw new IOException("no such\ndevice");
        };
        console.run("-f", "wg0");
        assertThat(note).hasContent("error no such device");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "up",
                "down",
                "show",
                "showconf",
                "save",
                "strip",
                "plan",
                "drain",
                "why",
                "events",
                "top",
                "genkey",
                "pubkey",
                "genpsk",
                "demo",
                "completion"
            })
    void helpsWithEveryCommand(String command) {
        assertThat(command.isEmpty() ? console.run("--help") : console.run(command, "--help"))
                .isZero();
        assertThat(console.out()).startsWith("Usage: culvert " + command);
        assertThat(console.out()).doesNotContain("demo-transfer");
    }

    @Test
    void knowsAllItsCommandsByName() {
        assertThat(Cli.commandLine(console.launcher, console.host())
                        .getSubcommands()
                        .keySet())
                .isEqualTo(Cli.COMMANDS);
    }

    @Test
    void readsTheVariablesWithAndWithoutOptions() {
        GatewayOptions[] seen = new GatewayOptions[1];
        console.launcher = options -> {
            seen[0] = options;
            throw new IOException("enough");
        };
        console.environment.put("CULVERT_LANES", "5");
        console.environment.put("CULVERT_CPUS", "4-6:2,1");
        console.environment.put("CULVERT_HANDSHAKE_WORKERS", "6");
        console.environment.put("CULVERT_ENGINE", "bouncycastle");
        console.environment.put("CULVERT_JOURNAL", "/srv/x");
        console.run("-f", "wg0");
        GatewayOptions plain = seen[0];
        assertThat(plain)
                .isEqualTo(new GatewayOptions(
                        "wg0",
                        5,
                        List.of(4, 6, 1),
                        GatewayOptions.Engine.BOUNCYCASTLE,
                        6,
                        HubSettings.DEFAULTS,
                        Path.of("/srv/x"),
                        null,
                        null,
                        null,
                        null));
        console.run("--foreground", "wg0"); // through picocli
        assertThat(seen[0]).isEqualTo(plain);
        console.run("-f", "--lanes", "2", "wg0");
        assertThat(seen[0].lanes()).isEqualTo(2);
        console.run("-f", "--cpus", "7", "wg0");
        assertThat(seen[0].cpus()).containsExactly(7);
        assertThat(console.run("-f", "--cpus", "3-1", "wg0")).isEqualTo(Cli.MISUSED);
        assertThat(console.err()).contains("cpus takes numbers and ranges of CPUs as taskset(1) does");
        console.environment.put("CULVERT_LANES", "65");
        assertThat(console.run("-f", "wg0")).isEqualTo(Cli.MISUSED);
        assertThat(console.err()).startsWith("culvert: CULVERT_LANES takes a number from 0 to 64\n");
    }

    @Test
    void printsAVersionAndACompletion() {
        assertThat(console.run("--version")).isZero();
        assertThat(console.out()).startsWith("culvert ");
        assertThat(console.run("completion")).isZero();
        assertThat(console.out()).startsWith("#!/usr/bin/env bash").contains("complete -F _complete_culvert");
    }

    @Test
    void stripsAFileThatIsGood() throws IOException {
        Path file = Files.writeString(directory.resolve("wg0.conf"), "[Interface]\nMTU = 1400\nListenPort = 1\n");
        assertThat(console.run("strip", file.toString())).isZero();
        assertThat(console.out()).isEqualTo("[Interface]\nListenPort = 1\n\n");
    }

    @Test
    void plansAgainstWhatRunsAndEndsWith3IfAskedTo() throws IOException {
        String key = "a".repeat(64);
        Path file = Files.writeString(
                directory.resolve("wg0.conf"),
                "[Interface]\nListenPort = 2\n[Peer]\nPublicKey = "
                        + PublicKey.fromHex(key).toBase64() + "\nAllowedIPs = 10.0.0.2/32\n");
        try (FakeUapi uapi =
                new FakeUapi(console.sockets, "wg0", "listen_port=2\npublic_key=" + key + "\nerrno=0\n\n")) {
            assertThat(uapi).isNotNull();
            assertThat(console.run("plan", file.toString())).isZero();
            assertThat(console.out())
                    .contains("~ peer " + PublicKey.fromHex(key).toBase64() + " (line 3)\n")
                    .contains("    allowed ips: + 10.0.0.2/32\n")
                    .endsWith("0 peers added, 0 removed, 1 changed; 0 prefixes move\n");
            assertThat(console.run("plan", "--exit-code", file.toString())).isEqualTo(3);
            assertThat(console.run("plan", "--json", "--interface", "wg0", file.toString()))
                    .isZero();
            assertThat(console.out()).contains("\"running\" : true", "\"kind\" : \"CHANGED\"");
        }
        assertThat(console.run("plan", file.toString())).isZero();
        assertThat(console.out()).startsWith("wg0 does not run here").contains("+ peer ");
        Files.writeString(file, "[Interface]\nListenPort = x\n");
        assertThat(console.run("plan", file.toString())).isEqualTo(1);
        assertThat(console.err()).contains("wg0.conf:2: ListenPort");
    }

    /// `mvn -pl gateway -am test -Dtest=CliTest -Dculvert.writeReference=true` writes it anew.
    @Test
    void theReferenceHasEveryCommandAsItsHelpShowsIt() throws IOException {
        Path reference = Path.of("..", "deploy", "REFERENCE.md");
        StringBuilder help = new StringBuilder();
        List<String> commands = new ArrayList<>(Cli.COMMANDS);
        commands.removeAll(List.of("demo-transfer", "rehearse"));
        Collections.sort(commands);
        commands.addFirst("");
        for (String command : commands) {
            assertThat(command.isEmpty() ? console.run("--help") : console.run(command, "--help"))
                    .isZero();
            String title = "culvert " + (command.isEmpty() ? "IFNAME" : command);
            help.append("\n## ")
                    .append(title)
                    .append("\n\n```\n")
                    .append(console.out())
                    .append("```\n");
        }
        String text = Files.readString(reference);
        int begin = text.indexOf("\n## culvert IFNAME\n");
        if (Boolean.getBoolean("culvert.writeReference")) {
            Files.writeString(reference, text.substring(0, begin < 0 ? text.length() : begin) + help);
        } else {
            assertThat(text.substring(Math.max(0, begin))).isEqualTo(help.toString());
        }
    }
}
