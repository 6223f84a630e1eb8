package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static dev.culvert.conf.ConfFiles.PEER_B;
import static dev.culvert.conf.ConfFiles.PRIVATE_KEY;
import static dev.culvert.conf.ConfFiles.PSK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerChange.AllowedIpChange;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class WgQuickParserTest {
    private static final String INTERFACE = "[Interface]\nPrivateKey = " + PRIVATE_KEY + "\n";
    private static final String PEER = INTERFACE + "[Peer]\nPublicKey = " + PEER_A + "\n"; // 4 lines

    @Test
    void readsEveryKeyOfTheHowTo() throws ConfException {
        WgQuickFile file = ConfFiles.parse("""
                [Interface]
                Address = 10.0.0.1/24, fd00::1/64
                Address = 10.1.0.1
                ListenPort = 51820
                PrivateKey = %s
                DNS = 1.1.1.1, 2606:4700:4700::1111 corp.example.com
                MTU = 1280
                Table = 1234
                FwMark = 0xCA6C
                SaveConfig = true
                PreUp = echo pre %%i
                PostUp = sysctl -w net.ipv4.ip_forward=1
                PostUp = iptables -A FORWARD -i %%i -j ACCEPT
                PreDown = true
                PostDown = iptables -D FORWARD -i %%i -j ACCEPT

                # Client 1
                [Peer]
                PublicKey = %s
                PresharedKey = %s
                Endpoint = server.example.com:51820
                AllowedIPs = 0.0.0.0/0, ::/0
                PersistentKeepalive = 25
                """.formatted(PRIVATE_KEY, PEER_A, PSK));
        WgQuickFile.Interface device = file.device();
        assertThat(device.addresses()).containsExactly("10.0.0.1/24", "fd00::1/64", "10.1.0.1");
        assertThat(device.listenPort()).isEqualTo(51820);
        assertThat(device.privateKey()).isEqualTo(PrivateKey.fromBase64(PRIVATE_KEY));
        assertThat(device.dns().servers()).containsExactly("1.1.1.1", "2606:4700:4700::1111");
        assertThat(device.dns().searchDomains()).containsExactly("corp.example.com");
        assertThat(device.mtu()).isEqualTo(1280);
        assertThat(device.table().text()).isEqualTo("1234");
        assertThat(device.fwmark()).isEqualTo(0xca6c);
        assertThat(device.savesConfig()).isTrue();
        assertThat(device.hooks())
                .isEqualTo(new WgQuickFile.Hooks(
                        List.of("echo pre %i"),
                        List.of("sysctl -w net.ipv4.ip_forward=1", "iptables -A FORWARD -i %i -j ACCEPT"),
                        List.of("true"),
                        List.of("iptables -D FORWARD -i %i -j ACCEPT")));
        assertThat(file.peers()).hasSize(1);
        WgQuickFile.Peer peer = file.peers().getFirst();
        assertThat(peer.publicKey().toBase64()).isEqualTo(PEER_A);
        assertThat(peer.presharedKey()).isEqualTo(PresharedKey.fromBase64(PSK));
        assertThat(peer.endpoint()).isEqualTo(new EndpointText("server.example.com", 51820));
        assertThat(prefixes(peer)).containsExactly("0.0.0.0/0", "::/0");
        assertThat(peer.persistentKeepaliveSeconds()).isEqualTo(25);
        assertThat(file.warnings()).isEmpty();
    }

    @Test
    void ignoresCaseCommentsBlanksAndTheOrderOfSections() throws ConfException {
        WgQuickFile file = ConfFiles.parse("\t[ pEER ] # first\r\n"
                + "  PUBLICKEY=" + PEER_A + "#key\r\n"
                + "allowed ips = 10.0 .0.2 / 32 , 10.0.0.3\r\n"
                + "\r\n # nothing\r\n"
                + "[interface]\r\n"
                + "private KEY = " + PRIVATE_KEY.substring(0, 20) + " \t" + PRIVATE_KEY.substring(20) + "\r\n"
                + "LISTENPORT = 5 1 8 2 0\r\n"
                + "fwMARK=OFF\r\n"
                + "[Interface]\r\n"
                + "mtu=1400");
        assertThat(file.device().listenPort()).isEqualTo(51820);
        assertThat(file.device().fwmark()).isZero();
        assertThat(file.device().mtu()).isEqualTo(1400);
        assertThat(prefixes(file.peers().getFirst())).containsExactly("10.0.0.2/32", "10.0.0.3/32");
        assertThat(file.warnings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "ListenPort, domain, 53",
        "ListenPort, 0, 0",
        "ListenPort, 65535, 65535",
        "FwMark, 4294967295, -1",
        "FwMark, 0xffffffff, -1",
        "FwMark, 010, 10",
        "MTU, 65535, 65535"
    })
    void readsNumbersOfTheInterface(String key, String value, int expected) throws ConfException {
        WgQuickFile.Interface device =
                ConfFiles.parse(INTERFACE + key + " = " + value + "\n").device();
        Integer read = switch (key) {
            case "ListenPort" -> device.listenPort();
            case "FwMark" -> device.fwmark();
            default -> device.mtu();
        };
        assertThat(read).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "vpn.example.com:51820, vpn.example.com, 51820",
        "192.0.2.1:1, 192.0.2.1, 1",
        "[2001:db8::1]:51820, 2001:db8::1, 51820",
        "2001:db8::1:51820, 2001:db8::1, 51820",
        "[fe80::1%eth0]:51820, fe80::1%eth0, 51820",
        "[vpn.example.com]:51820, vpn.example.com, 51820",
        "vpn.example.com:domain, vpn.example.com, 53",
        "vpn:0, vpn, 0"
    })
    void readsEndpoints(String value, String host, int port) throws ConfException {
        assertThat(ConfFiles.parse(PEER + "Endpoint = " + value)
                        .peers()
                        .getFirst()
                        .endpoint())
                .isEqualTo(new EndpointText(host, port));
    }

    @Test
    void prefixesWithASignChangeTheListInsteadOfReplacingIt() throws ConfException {
        WgQuickFile.Peer peer = ConfFiles.parse(PEER + "AllowedIPs = +10.0.0.2/32, -10.0.0.3/32")
                .peers()
                .getFirst();
        assertThat(peer.replacesAllowedIps()).isFalse();
        assertThat(peer.allowedIps().stream().map(AllowedIpChange::remove)).containsExactly(false, true);
    }

    @Test
    void zeroKeysTakeKeysAway() throws ConfException {
        WgQuickFile file = ConfFiles.parse("[Interface]\nPrivateKey = " + "A".repeat(43) + "=\n[Peer]\nPublicKey = "
                + PEER_A + "\nPresharedKey = " + "A".repeat(43) + "=\n");
        assertThat(file.device().privateKey()).isNull();
        assertThat(file.device().removesPrivateKey()).isTrue();
        assertThat(file.peers().getFirst().presharedKey()).isEqualTo(PresharedKey.NONE);
    }

    @Test
    void hooksKeepTheirHashesAndTheirBlanks() throws ConfException {
        WgQuickFile file = ConfFiles.parse(INTERFACE + "PostUp =  echo 'a  # b=c' \r\n");
        assertThat(file.device().hooks().postUp()).containsExactly("echo 'a  # b=c'");
        assertThat(file.warnings()).hasSize(1);
        assertThat(file.warnings().getFirst().toString()).startsWith("wg0.conf:3: PostUp has a `#`");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ListenPort = 70000|ListenPort is `70000`; a number from 0 to 65535 would be right",
                "ListenPort = -1|ListenPort is `-1`",
                "ListenPort = nosuchservice|ListenPort is `nosuchservice`",
                "ListenPort =|ListenPort has no value",
                "ListenPort|there is no `=` behind ListenPort",
                "PrivateKey =|PrivateKey has no value; put the key behind the `=` that `culvert genkey` prints",
                "PrivateKey = abc=|PrivateKey is not a key: a key is 44 characters",
                "FwMark = 4294967296|FwMark is `4294967296`; `off`, a number",
                "FwMark = 0xg|FwMark is `0xg`",
                "FwMark = 0x|FwMark is `0x`",
                "FwMark = -1|FwMark is `-1`",
                "FwMark = +1|FwMark is `+1`",
                "MTU = 67|MTU is `67`; a number from 68 to 65535",
                "MTU = 65536|MTU is `65536`",
                "MTU = big|MTU is `big`",
                "Table = 4294967296|Table is `4294967296`",
                "Table = -x|Table is `-x`",
                "Table = a;b|Table is `a;b`",
                "SaveConfig = yes|SaveConfig is `yes`; `true` or `false` would be right",
                "SaveConfig =|SaveConfig is this value; `true` or `false` would be right",
                "Address = 10.0.0.1/33|Address has `10.0.0.1/33`, which is not an IP address",
                "Address = fd00::1/64 10.0.0|Address has `10.0.0`",
                "DNS = 1.1.1|DNS has `1.1.1`, which is not an IP address",
                "DNS = ex$ample|DNS has `ex$ample`, which is neither",
                "PublicKey = x|PublicKey is not a key of [Interface]; it belongs to [Peer]",
                "AllowedIPs = 10.0.0.0/8|AllowedIPs is not a key of [Interface]; it belongs to [Peer]",
                "Adress = 10.0.0.1|`Adress` is not a key of [Interface]; did you mean Address?",
                "PostUpp = x|`PostUpp` is not a key of [Interface]; did you mean PostUp?",
                "Add ress = 10.0.0.1|`Add ress` is not a key of [Interface]; did you mean Address?",
                "Foo = x|the line does not start with a key of [Interface] and `=`; its keys are PrivateKey,",
                "= x|the line does not start with a key of [Interface]",
                "[Interfaces]|this section is not known; [Interface] or [Peer]",
                "[Interface] x|this section is not known",
                "[Peer|this section is not known",
            })
    void refusesABadLineOfTheInterface(String line, String message) {
        List<String> problems = ConfFiles.problems(INTERFACE + line + "\n");
        assertThat(problems).hasSize(1);
        assertThat(problems.getFirst()).startsWith("wg0.conf:3: " + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PresharedKey = AAAA|PresharedKey is not a key: a key is 44 characters",
                "Endpoint = vpn.example.com|Endpoint is `vpn.example.com`, without a port",
                "Endpoint = :51820|Endpoint is `:51820`, without a port; vpn.example.com with",
                "Endpoint = vpn.example.com:|Endpoint is `vpn.example.com:`, without a port",
                "Endpoint = vpn.example.com:70000|the port of Endpoint is `70000`",
                "Endpoint = [fd00::1:51820|Endpoint is `[fd00::1:51820`, without the closing bracket",
                "Endpoint = [fd00::1]51820|Endpoint is `[fd00::1]51820`, without a port",
                "Endpoint = [fd00::1]|Endpoint is `[fd00::1]`, without a port",
                "Endpoint = 2001:db8::1|Endpoint is `2001:db8::1`; a name or an address",
                "Endpoint = ex$ample:1|Endpoint is `ex$ample:1`",
                "Endpoint = -x:1|Endpoint is `-x:1`",
                "AllowedIPs = 10.0.0.0/33|AllowedIPs has `10.0.0.0/33`, which is not an IP prefix; 10.0.0.2/32",
                "AllowedIPs = 10.0.0.2/32,|AllowedIPs has a comma with nothing beside it",
                "AllowedIPs = 10.0.0.2/32 10.0.0.3/32|AllowedIPs has `10.0.0.2/3210.0.0.3/32`",
                "AllowedIPs = 10.0.0/24|AllowedIPs has `10.0.0/24`",
                "AllowedIPs =|AllowedIPs has no value",
                "AllowedIP = 10.0.0.2/32|`AllowedIP` is not a key of [Peer]; did you mean AllowedIPs?",
                "PresharedKeys = x|`PresharedKeys` is not a key of [Peer]; did you mean PresharedKey?",
                "PersistentKeepAlives = 5|`PersistentKeepAlives` is not a key of [Peer]; did you mean PersistentKeepalive?",
                "EndPiont = x|`EndPiont` is not a key of [Peer]; did you mean Endpoint?",
                "PersistentKeepalive = 65536|PersistentKeepalive is `65536`; `off` or seconds from 0 to 65535",
                "PersistentKeepalive = 2.5|PersistentKeepalive is `2.5`",
                "PersistentKeepalive = on|PersistentKeepalive is `on`",
                "Address = 10.0.0.1|Address is not a key of [Peer]; it belongs to [Interface]",
                "MTU = 1420|MTU is not a key of [Peer]; it belongs to [Interface]",
            })
    void refusesABadLineOfAPeer(String line, String message) {
        List<String> problems = ConfFiles.problems(PEER + line + "\n");
        assertThat(problems).hasSize(1);
        assertThat(problems.getFirst()).startsWith("wg0.conf:5: " + message);
    }

    @Test
    void refusesAPeerWithoutAKeyAtTheLineOfItsTitle() {
        assertThat(ConfFiles.problems(INTERFACE + "[Peer]\nAllowedIPs = 10.0.0.2/32\n" + "[Peer]\n"))
                .containsExactly(
                        "wg0.conf:3: this peer has no PublicKey; each [Peer] section needs one",
                        "wg0.conf:5: this peer has no PublicKey; each [Peer] section needs one");
    }

    /// wg joins the title, wg-quick does not, and leaves its keys in what it gives to wg, which refuses them.
    @Test
    void takesATitleWithBlanksForWgsKeysOnly() throws ConfException {
        assertThat(ConfFiles.parse("[Inter face]\nListenPort = 7\n").device().listenPort())
                .isEqualTo(7);
        assertThat(ConfFiles.problems("[Inter face]\nMTU = 1400\n"))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem).contains(":2: MTU is a key of wg-quick");
                    assertThat(problem).contains("[Interface] would be right");
                });
    }

    @Test
    void refusesLinesBeforeTheFirstSection() {
        assertThat(ConfFiles.problems("\nListenPort = 1\n[Interface]\n"))
                .containsExactly(
                        "wg0.conf:2: the line stands before any section; [Interface] or [Peer] must come first");
    }

    @Test
    void reportsAllErrorsOfAFileButNotMoreThanTwenty() {
        assertThat(ConfFiles.problems(INTERFACE + "MTU = x\nTable = *\n[Peer]\nFoo = 1\n"))
                .extracting(problem -> problem.substring(0, 11))
                .containsExactly("wg0.conf:3:", "wg0.conf:4:", "wg0.conf:6:", "wg0.conf:5:");
        assertThat(ConfFiles.problems("[Interface]\n" + "Foo = 1\n".repeat(1000)))
                .hasSize(WgQuickParser.ERRORS_MAX);
    }

    @Test
    void refusesControlCharactersAndForeignEncodings() {
        assertThat(ConfFiles.problems(INTERFACE + "MTU = 14\u000020\n"))
                .singleElement()
                .asString()
                .startsWith("wg0.conf:3: the line has a control character");
        assertThat(ConfFiles.problems(INTERFACE + "PostUp = echo a\rPostUp = evil\n"))
                .singleElement()
                .asString()
                .startsWith("wg0.conf:3: ")
                .contains("control character");
        assertThat(ConfFiles.problems(INTERFACE + "PostUp = echo a # b\u0000c\n"))
                .singleElement()
                .asString()
                .startsWith("wg0.conf:3: PostUp has a control character");
        assertThat(ConfFiles.problems("\ufeff" + INTERFACE).getFirst()).contains("byte order mark");
        assertThat(ConfFiles.problems(bytes(INTERFACE + "DNS = caf", 0xe9, "\n")))
                .containsExactly("wg0.conf:3: the line is not UTF-8; save the file as UTF-8 or plain ASCII");
        assertThat(ConfFiles.problems(bytes(INTERFACE + "PostUp = echo caf", 0xe9, "\n")))
                .singleElement()
                .asString()
                .startsWith("wg0.conf:3: ");
    }

    @Test
    void acceptsAnyEncodingInComments() throws ConfException {
        WgQuickFile file = WgQuickParser.parse("wg0.conf", bytes(INTERFACE + "MTU = 1400 # caf", 0xe9, "\n"));
        assertThat(file.device().mtu()).isEqualTo(1400);
    }

    @Test
    void refusesLongLinesButTakesLongLists() throws ConfException {
        assertThat(ConfFiles.problems(INTERFACE + "PostUp = " + "x".repeat(5000) + "\n"))
                .containsExactly("wg0.conf:3: the line has 5009 bytes; at most 4096 would be right,"
                        + " and lists may go on in a second line with the same key");
        String list = "10.0.0.1/32, ".repeat(1000) + "10.0.0.1/32";
        assertThat(ConfFiles.parse(PEER + "Allowed IPs = " + list)
                        .peers()
                        .getFirst()
                        .allowedIps())
                .hasSize(1001);
        assertThat(ConfFiles.problems(PEER + "AllowedIPs = " + " ".repeat(2 << 20) + "\n")
                        .getFirst())
                .contains("at most 1048576");
    }

    @Test
    void warnsOfWhatIsProbablyNotMeant() throws ConfException {
        String text = INTERFACE // 2 lines
                + "MTU = 1300\nMTU = 1200\nAddress = fd00::1/64\nDNS =\n" // 6
                + "[Peer]\nPublicKey = " + PEER_A + "\nAllowedIPs = 10.0.0.1/24, 10.9.0.0/16\n" // 9
                + "[Peer]\nPublicKey = " + PEER_B + "\nAllowedIPs = 10.9.0.0/16\nEndpoint = a:1\nEndpoint = b:1\n" // 14
                + "[Peer]\nPublicKey = " + PEER_A + "\n";
        assertThat(ConfFiles.warnings(text))
                .containsExactly(
                        "wg0.conf:4: MTU stands in line 3 already; this line wins",
                        "wg0.conf:6: DNS has no value and is passed over",
                        "wg0.conf:9: `10.0.0.1/24` has bits behind its length and counts as 10.0.0.0/24",
                        "wg0.conf:14: Endpoint stands in line 13 of this peer already; this line wins",
                        "wg0.conf:12: 10.9.0.0/16 is given to another peer in line 9; this line wins, the other peer goes"
                                + " without",
                        "wg0.conf:15: the peer of this section has one in line 7 already; as with wg, the AllowedIPs of this"
                                + " one win",
                        "wg0.conf:4: MTU is below 1280, which IPv6 needs");
        WgQuickFile file = ConfFiles.parse(text);
        assertThat(file.device().mtu()).isEqualTo(1200);
        assertThat(file.peers()).hasSize(3);
        assertThat(prefixes(file.peers().getFirst())).containsExactly("10.0.0.0/24", "10.9.0.0/16");
    }

    @Test
    void countsWarningsBeyondTheFirstHundred() throws ConfException {
        List<String> warnings = ConfFiles.warnings(PEER + "AllowedIPs = 10.0.0.1/24\n".repeat(150));
        assertThat(warnings).hasSize(WgQuickParser.WARNINGS_MAX + 1);
        assertThat(warnings.getLast()).isEqualTo("wg0.conf: and 50 more warnings like these");
    }

    @Test
    void warnsOfAMissingPrivateKey() throws ConfException {
        assertThat(ConfFiles.warnings("[Interface]\n"))
                .singleElement()
                .asString()
                .contains("no PrivateKey");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Address = 10.0.0.1/24", "PostUp = true", "SaveConfig = true", "MTU = 1400"})
    void refusesWgQuicksKeysInAStrippedFile(String line) {
        assertThat(stripped(INTERFACE + line)).startsWith("wg0.conf:3: ").contains("is a key of wg-quick, not of wg");
        assertThat(stripped(INTERFACE + "ListenPort = 1")).isEmpty();
    }

    @Test
    void warnsIfOthersMayReadTheFile(@TempDir Path directory) throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path file = Files.writeString(directory.resolve("wg0.conf"), PEER);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(WgQuickParser.read(file).warnings())
                .singleElement()
                .asString()
                .isEqualTo(file + ": the file is world accessible, and it holds keys; `chmod 600` it");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThat(WgQuickParser.read(file).warnings()).isEmpty();
    }

    @Test
    void readsFiftyThousandPeers() throws ConfException {
        StringBuilder text = new StringBuilder(INTERFACE);
        byte[] key = new byte[32];
        int peers = 50_000;
        for (int i = 0; i < peers; i++) {
            key[0] = (byte) i;
            key[1] = (byte) (i >> 8);
            key[2] = 1;
            text.append("[Peer]\nPublicKey = ").append(Base64.getEncoder().encodeToString(key));
            text.append("\nAllowedIPs = 10.")
                    .append(i >> 16)
                    .append('.')
                    .append(i >> 8 & 255)
                    .append('.');
            text.append(i & 255).append("/32\n");
        }
        WgQuickFile file = ConfFiles.parse(text.toString());
        assertThat(file.peers()).hasSize(peers);
        assertThat(prefixes(file.peers().getLast())).containsExactly("10.0.195.79/32");
        assertThat(file.warnings()).isEmpty();
    }

    @Test
    void stripsLinesAtLineFeedsOnly() {
        assertThat(ConfText.stripped(
                        "[Interface]\n# a comment\rwith a carriage return\nAddress = 10.0.0.1\nListenPort=1\n"))
                .isEqualTo("[Interface]\n# a comment\rwith a carriage return\nListenPort=1\n\n");
        assertThat(ConfText.stripped("")).isEqualTo("\n");
        assertThat(ConfText.stripped("[Peer]\n\nPublicKey = x")).isEqualTo("[Peer]\n\nPublicKey = x\n\n");
    }

    private static String stripped(String text) {
        try {
            WgQuickParser.parseStripped("wg0.conf", text.getBytes(StandardCharsets.UTF_8));
            return "";
        } catch (ConfException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static List<String> prefixes(WgQuickFile.Peer peer) {
        return peer.allowedIps().stream()
                .map(AllowedIpChange::prefix)
                .map(IpText::format)
                .toList();
    }

    private static byte[] bytes(String before, int octet, String after) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(before.getBytes(StandardCharsets.UTF_8));
        out.write(octet);
        out.writeBytes(after.getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }
}
