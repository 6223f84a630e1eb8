package dev.culvert.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Cause;
import dev.culvert.device.DeviceChange;
import dev.culvert.device.Diagnosis;
import dev.culvert.device.PeerStatus;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The management socket, spoken to by hand and by Debian's wg(8).
final class UapiServerTest {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final String KEY_A = "a".repeat(64);
    private static final String KEY_B = "b".repeat(64);

    private final String name = "cvu" + ProcessHandle.current().pid() % 100_000 + "x" + NUMBER.incrementAndGet();
    private final RecordingDevice device = new RecordingDevice();
    private final CountDownLatch deleted = new CountDownLatch(1);
    private UapiServer server;

    UapiServerTest() throws IOException {
        server = UapiServer.start(name, device, () -> Map.of("spoofed_source", 3L), deleted::countDown);
    }

    @BeforeEach
    void theSocketIsTheOwnersOnly() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.path())))
                .isEqualTo("rw-------");
    }

    @AfterEach
    void closes() {
        server.close();
        assertThat(server.path()).doesNotExist();
    }

    private String ask(String request) throws IOException {
        return ask(List.of(request));
    }

    private String ask(List<String> parts) throws IOException {
        return Talk.ask(server.path(), parts);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "listen_port=1|0",
                "listen_port=0|0",
                "listen_port=65535|0",
                "listen_port=65536|-22",
                "listen_port=-1|-22",
                "listen_port=+1|-22",
                "listen_port=|-22",
                "fwmark=4294967295|0",
                "fwmark=4294967296|-22",
                "fwmark=0x10|-22",
                "replace_peers=true|0",
                "replace_peers=false|-22",
                "private_key=zz|-22",
                "no_such_key=1|-22",
                "no equals sign|-71",
                "allowed_ip=10.0.0.0/8|-22",
                "preshared_key=" + "a|-22",
            })
    void judgesDeviceLines(String line, int errno) throws IOException {
        assertThat(ask("set=1\n" + line + "\n\n")).isEqualTo("errno=" + errno + "\n\n");
        assertThat(device.changes).hasSize(errno == 0 ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "endpoint=192.0.2.1:51820|0",
                "endpoint=[2001:db8::1]:51820|0",
                "endpoint=[fe80::1%lo]:5|0",
                "endpoint=[fe80::1%1]:5|0",
                "endpoint=[fe80::1%cvnone0]:5|-22",
                "endpoint=[fe80::1%]:5|-22",
                "endpoint=192.0.2.1%lo:5|-22",
                "endpoint=2001:db8::1:51820|-22",
                "endpoint=example.com:51820|-22",
                "endpoint=[192.0.2.1]:51820|-22",
                "endpoint=192.0.2.1|-22",
                "endpoint=1.2:3|-22",
                "endpoint=192.0.2.1:65536|-22",
                "allowed_ip=10.0.0.1/24|0",
                "allowed_ip=-10.0.0.1/24|0",
                "allowed_ip=::/0|0",
                "allowed_ip=10.0.0.1|-22",
                "allowed_ip=::ffff:10.0.0.0/104|0",
                "allowed_ip=::ffff:10.0.0.0/129|-22",
                "allowed_ip=[::1]/128|-22",
                "allowed_ip=010.0.0.1/32|-22",
                "allowed_ip=10.0.0.1/33|-22",
                "allowed_ip=::/129|-22",
                "persistent_keepalive_interval=65535|0",
                "persistent_keepalive_interval=65536|-22",
                "persistent_keepalive_interval=off|-22",
                "remove=true|0",
                "remove=1|-22",
                "update_only=true|0",
                "protocol_version=1|0",
                "protocol_version=2|-22",
                "replace_allowed_ips=true|0",
                "listen_port=1|-22",
                "private_key=aa|-22",
            })
    void judgesPeerLines(String line, int errno) throws IOException {
        assertThat(ask("set=1\npublic_key=" + KEY_A + "\n" + line + "\n\n")).isEqualTo("errno=" + errno + "\n\n");
        assertThat(device.changes).hasSize(errno == 0 ? 1 : 0);
    }

    @Test
    void anErrorChangesNothingAndTheConnectionStaysUsable() throws IOException {
        String answer = ask("set=1\nlisten_port=7\npublic_key=" + KEY_A + "\nallowed_ip=bad\nremove=true\n\n"
                + "set=1\nlisten_port=8\n\nget=1\n\n");
        assertThat(answer).isEqualTo("errno=-22\n\nerrno=0\n\nlisten_port=8\nerrno=0\n\n");
        assertThat(device.changes).hasSize(1);
    }

    @Test
    void answersSetNegativeAndGetPositive() throws IOException {
        device.refuseWith = 98;
        assertThat(ask("set=1\nlisten_port=7\n\n")).isEqualTo("errno=-98\n\n");
        assertThat(ask("get=1\nbad=1\n\n")).isEqualTo("errno=22\n\n");
        assertThat(ask("what=1\n\n")).isEqualTo("errno=71\n\n");
    }

    @Test
    void aSetThatIsCutOffChangesNothing() throws IOException {
        assertThat(ask("")).as("how wg(8) looks whether somebody listens").isEmpty();
        String set = "set=1\nlisten_port=9\npublic_key=" + KEY_A + "\nallowed_ip=10.0.0.0/8\n\n";
        int firstLine = set.indexOf('\n') + 1;
        for (int cut = 1; cut < set.length(); cut++) {
            assertThat(ask(set.substring(0, cut)))
                    .as("cut at %d", cut)
                    .isEqualTo(cut < firstLine ? "" : "errno=-71\n\n");
        }
        assertThat(device.changes).isEmpty();
        assertThat(ask("get=1\n")).isEqualTo("errno=0\n\n");
        assertThat(ask(set)).isEqualTo("errno=0\n\n");
        assertThat(device.changes).hasSize(1);
    }

    @Test
    void printsAllKeysInOrder() throws IOException {
        assertThat(
                        ask(
                                "set=1\nprivate_key=" + KEY_B + "\nlisten_port=51820\nfwmark=4294967295\npublic_key="
                                        + KEY_A
                                        + "\nendpoint=[2001:db8::1]:7\npersistent_keepalive_interval=25\n"
                                        + "allowed_ip=::ffff:10.0.0.1/128\nallowed_ip=10.0.0.1/24\nallowed_ip=2001:db8:0:0:0:0:0:1/64\nallowed_ip=0.0.0.0/0\n\n"))
                .isEqualTo("errno=0\n\n");
        String clamped = PrivateKey.fromHex(KEY_B).toHex();
        assertThat(ask("get=1\n\n"))
                .isEqualTo(String.join(
                        "\n",
                        "private_key=" + clamped,
                        "listen_port=51820",
                        "fwmark=4294967295",
                        "public_key=" + KEY_A,
                        "preshared_key=" + "0".repeat(64),
                        "protocol_version=1",
                        "endpoint=[2001:db8::1]:7",
                        "last_handshake_time_sec=1700000000",
                        "last_handshake_time_nsec=123456789",
                        "tx_bytes=18446744073709551615",
                        "rx_bytes=42",
                        "persistent_keepalive_interval=25",
                        "allowed_ip=::ffff:10.0.0.1/128",
                        "allowed_ip=10.0.0.0/24",
                        "allowed_ip=2001:db8::/64",
                        "allowed_ip=0.0.0.0/0",
                        "errno=0",
                        "",
                        ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lo", "1"})
    void tellsTheZoneOfAnEndpointByName(String zone) throws IOException {
        assertThat(ask("set=1\npublic_key=" + KEY_A + "\nendpoint=[FE80:0::1%" + zone + "]:5\n\nget=1\n\n"))
                .contains("\nendpoint=[fe80::1%lo]:5\n");
    }

    @Test
    void takesARequestHoweverItIsCut() throws IOException {
        String requests = "set=1\npublic_key=" + KEY_A + "\nallowed_ip=10.0.0.0/8\n\nget=1\n\n";
        String whole = ask(requests);
        assertThat(whole).contains("allowed_ip=10.0.0.0/8");
        for (int cut = 1; cut < requests.length(); cut++) {
            assertThat(ask(List.of(requests.substring(0, cut), requests.substring(cut))))
                    .as("cut at %d", cut)
                    .isEqualTo(whole);
        }
    }

    @Test
    void refusesCrLfLongLinesAndJunkButGoesOn() throws IOException {
        assertThat(ask("set=1\r\n\r\n\n")).startsWith("errno=71");
        assertThat(ask("set=1\npublic_key=" + "a".repeat(5000) + "\n\nget=1\n\n"))
                .isEqualTo("errno=-71\n\nerrno=0\n\n");
        Random random = new Random(8);
        for (int i = 0; i < 200; i++) {
            byte[] junk = new byte[random.nextInt(400)];
            random.nextBytes(junk);
            assertThat(ask(new String(junk, StandardCharsets.ISO_8859_1))).doesNotContain("errno=0");
        }
        assertThat(ask("get=1\n\n")).isEqualTo("errno=0\n\n");
    }

    @Test
    void answersItsDropCounters() throws IOException {
        assertThat(ask("culvert_drops=1\n\n")).isEqualTo("spoofed_source=3\nerrno=0\n\n");
    }

    @Test
    void answersItsEngine() throws IOException {
        assertThat(ask("culvert_engine=1\n\n")).isEqualTo("engine=jdk\nerrno=0\n\n");
        assertThat(ask("culvert_engine=1\nengine=jdk\n\n")).doesNotContain("errno=0");
    }

    @Test
    void manyIdleConnectionsBlockNobody() throws IOException {
        List<SocketChannel> idle = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            idle.add(SocketChannel.open(UnixDomainSocketAddress.of(server.path())));
        }
        assertThat(ask("get=1\n\n")).isEqualTo("errno=0\n\n");
        for (SocketChannel channel : idle) {
            channel.close();
        }
    }

    @Test
    void aReaderThatNeverReadsBlocksNobody() throws IOException {
        StringBuilder set = new StringBuilder("set=1\n");
        for (int i = 0; i < 20_000; i++) {
            set.append("public_key=%064x\nallowed_ip=10.%d.%d.1/32\n".formatted(i + 1, i >> 8 & 0xff, i & 0xff));
        }
        assertThat(ask(set + "\n")).isEqualTo("errno=0\n\n");
        try (SocketChannel stuck = SocketChannel.open(UnixDomainSocketAddress.of(server.path()))) {
            stuck.write(ByteBuffer.wrap("get=1\n\n".getBytes(StandardCharsets.ISO_8859_1)));
            assertThat(ask("get=1\n\n").lines().filter(line -> line.startsWith("public_key=")))
                    .hasSize(20_000);
            assertThat(ask("set=1\nlisten_port=3\n\n")).isEqualTo("errno=0\n\n");
        }
    }

    @Test
    void aSecondServerOfTheNameIsRefusedAndAStaleFileIsNot() throws IOException {
        assertThatThrownBy(() -> UapiServer.start(name, device, Map::of, () -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in use");
        assertThat(ask("get=1\n\n")).isEqualTo("errno=0\n\n");
        server.close();
        Files.createFile(server.path());
        server = UapiServer.start(name, device, Map::of, () -> {});
        assertThat(ask("get=1\n\n")).isEqualTo("errno=0\n\n");
    }

    @Test
    void tellsWhenTheSocketFileIsRemovedAndLeavesASuccessorsAlone() throws Exception {
        Files.delete(server.path());
        assertThat(deleted.await(10, TimeUnit.SECONDS)).isTrue();
        UapiServer successor = UapiServer.start(name, device, Map::of, () -> {});
        server.close();
        assertThat(successor.path()).exists();
        server = successor;
    }

    @Test
    void debiansWgConfiguresIt(@TempDir Path directory) throws Exception {
        PrivateKey mine = PrivateKey.generate(new Random(1)::nextBytes);
        PublicKey a = PrivateKey.generate(new Random(2)::nextBytes).publicKey();
        PublicKey b = PrivateKey.generate(new Random(3)::nextBytes).publicKey();
        Path key = Files.writeString(directory.resolve("key"), mine.toBase64());
        wg("set", name, "private-key", key.toString(), "listen-port", "7777", "fwmark", "0x10");
        wg("set", name, "peer", a.toBase64(), "allowed-ips", "10.0.0.2/32,fd00::2/128", "endpoint", "192.0.2.9:5");
        assertThat(wg("show", name, "dump"))
                .isEqualTo(
                        mine.toBase64() + "\t" + mine.publicKey() + "\t7777\t0x10\n" + a
                                + "\t(none)\t192.0.2.9:5\t10.0.0.2/32,fd00::2/128\t1700000000\t42\t18446744073709551615\toff\n");
        assertThat(wg("show", "interfaces")).contains(name);

        Path conf = Files.writeString(
                directory.resolve("c.conf"),
                "[Interface]\nPrivateKey = " + mine.toBase64() + "\nListenPort = 7\n[Peer]\nPublicKey = " + b
                        + "\nAllowedIPs = 10.0.0.3/32\nPersistentKeepalive = 9\n");
        wg("setconf", name, conf.toString());
        assertThat(device.status().peers()).extracting(PeerStatus::publicKey).containsExactly(b);
        assertThat(device.status().fwmark()).isZero();
        wg("addconf", name, conf.toString());
        wg("syncconf", name, conf.toString());
        wg("set", name, "peer", b.toBase64(), "remove");
        assertThat(device.status().peers()).isEmpty();
        wg("set", name, "private-key", "/dev/null");
        DeviceChange last = device.changes.getLast();
        assertThat(last.removePrivateKey()).isTrue();
        assertThat(device.status().privateKey()).isNull();
    }

    private static String wg(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("wg"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
        return output;
    }

    @Test
    void answersWhyAPeerDoesNotConnect() throws IOException {
        Diagnosis.Conclusion never = new Diagnosis.Conclusion(Cause.NEVER_SEEN, "");
        device.diagnoses.put("alice", List.of(new Diagnosis(null, "alice", null, 0, List.of(never), List.of())));
        assertThat(ask("culvert_why=1\nquery=alice\n\n")).isEqualTo("""
                        why_key=-
                        why_name=alice
                        why_address=-
                        why_last_handshake_ns=0
                        why_conclusion=never_seen\s
                        errno=0

                        """);
        assertThat(ask("culvert_why=1\nquery=bob\n\n")).isEqualTo("errno=0\n\n");
        for (String bad : List.of("", "name=alice\n", "query=alice\nquery=bob\n", "query=" + "a".repeat(5000) + "\n")) {
            assertThat(ask("culvert_why=1\n" + bad + "\n")).isEqualTo("errno=22\n\n");
        }
    }
}
