package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static dev.culvert.conf.ConfFiles.PRIVATE_KEY;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Debian's `wg` and `wg-quick` as the measure: they accept and refuse the same lines.
final class WgToolsIT {
    private static final String NO_SUCH_LINK = "cvnolink0";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ListenPort = 51820",
                "ListenPort=5 1820",
                "listenport = domain",
                "ListenPort = nosuchservice",
                "ListenPort =",
                "ListenPort",
                "FwMark = off",
                "FWMARK = OFF",
                "FwMark = 0xca6c",
                "FwMark = 0Xca6c",
                "FwMark = 4294967295",
                "FwMark = 4294967296",
                "FwMark = x",
                "FwMark = +1",
                "FwMark = -1",
                "FwMark = 010",
                "PrivateKey = " + PRIVATE_KEY,
                "PrivateKey = abc",
                "PrivateKey =",
                "PrivateKey = QAfAXUKQvVTUqsEqjg9lOQvzyvi15hNzTXSZnrP2v2N=",
                "PrivateKey = QAfAXUKQvVTUqsEqjg9lOQvzyvi15hNzTXSZnrP2v2MM",
                "Address = 10.0.0.1/24",
                "MTU = 1420",
                "PostUp = true",
                "Foo = 1",
                "# only a comment",
                "[Interface]",
                "[ interface ]",
                "[Interface] x",
                "[Peer",
                "[Foo]",
                "[Peer]",
                "PublicKey = " + PEER_A
            })
    void takesTheSameLinesOfAnInterfaceAsWg(String line) throws Exception {
        assertSameVerdict("[Interface]\n" + line + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AllowedIPs = 10.0.0.2/32",
                "AllowedIPs = 10.0.0.2",
                "AllowedIPs = 10.0.0.2/24, fd00::/64",
                "Allowed IPs = 10.0.0.2 / 32",
                "AllowedIPs = 10.0.0.2/33",
                "AllowedIPs = 10.0.0.2/32,",
                "AllowedIPs = ,10.0.0.2/32",
                "AllowedIPs = 10.0.0/24",
                "AllowedIPs = 010.0.0.2",
                "AllowedIPs = 10.0.0.2/",
                "AllowedIPs = 10.0.0.2/032",
                "AllowedIPs = ::/0",
                "AllowedIPs = fd00::/129",
                "AllowedIPs = 1::2::3",
                "AllowedIPs = ::ffff:1.2.3.4/128",
                "AllowedIPs =",
                "Endpoint = 192.0.2.1:51820",
                "Endpoint = 192.0.2.1",
                "Endpoint = 192.0.2.1:",
                "Endpoint = [2001:db8::1]:51820",
                "Endpoint = 2001:db8::1:51820",
                "Endpoint = [2001:db8::1]51820",
                "Endpoint = [2001:db8::1",
                "Endpoint = [192.0.2.1]:51820",
                "Endpoint = 192.0.2.1:domain",
                "Endpoint = [fe80::1%lo]:51820",
                "PersistentKeepalive = 25",
                "PersistentKeepalive = off",
                "PersistentKeepalive = OFF",
                "PersistentKeepalive = 65535",
                "PersistentKeepalive = 65536",
                "PersistentKeepalive = -1",
                "PersistentKeepalive = 2 5",
                "PresharedKey = " + PEER_A,
                "PresharedKey = x",
                "PublicKey = " + PEER_A,
                "ListenPort = 1",
                "Endpoint",
                "persistentkeepalive = 0x10",
                "Address = 10.0.0.1"
            })
    void takesTheSameLinesOfAPeerAsWg(String line) throws Exception {
        assertSameVerdict("[Peer]\nPublicKey = " + PEER_A + "\n" + line + "\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "ListenPort = 1\n", "[Peer]\n", "[Peer]\nAllowedIPs = ::/0\n", "\r\n[Peer]\r\n"})
    void givesTheSameVerdictOnWholeFilesAsWg(String text) throws Exception {
        assertSameVerdict(text);
    }

    @Test
    void stripsAsWgQuickDoes() throws Exception {
        String text = """
                # a comment
                [Interface]
                Address = 10.0.0.1/24 # inside
                  ListenPort = 51820
                PrivateKey = %s # mine
                postup = echo x
                MTU=1280
                SaveConfig = true
                DNS = 1.1.1.1
                Table = off

                [Peer]
                PublicKey = %s
                \tAllowedIPs = 10.0.0.2/32
                #Address = 10.0.0.9
                """.formatted(PRIVATE_KEY, PEER_A);
        Path file = Files.writeString(directory.resolve("cvstrip0.conf"), text);
        CommandRunner commands = new ProcessCommandRunner(_ -> {});
        CommandRunner.Answer stripped = commands.query(List.of("wg-quick", "strip", file.toString()), null);
        assertThat(stripped.isSuccess()).isTrue();
        assertThat(ConfText.stripped(text)).isEqualTo(stripped.text());
    }

    /// `wg` reads the file before it looks for the link, and says of a bad one that the configuration is.
    private void assertSameVerdict(String text) throws Exception {
        Path file = Files.writeString(directory.resolve("cvwg0.conf"), text);
        Process wg = new ProcessBuilder("wg", "setconf", NO_SUCH_LINK, file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(wg.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        wg.waitFor();
        boolean wgAccepts = said.contains("Unable to modify interface");
        boolean accepts;
        try {
            WgQuickParser.parseStripped("cvwg0.conf", text.getBytes(StandardCharsets.UTF_8));
            accepts = true;
        } catch (ConfException e) {
            accepts = false;
        }
        assertThat(accepts).as("wg says: %s", said).isEqualTo(wgAccepts);
    }
}
