package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What two devices say to each other, decoded by somebody else: Wireshark's tshark, which is given the keys.
@LaneConfined
final class TsharkIT {
    private static final int HUB = 1;
    private static final int SPOKE = 2;
    private static final int LINKTYPE_RAW = 101;
    private static final List<String> FIELDS = List.of(
            "wg.type",
            "wg.reserved",
            "wg.handshake_ok",
            "wg.receiver_pubkey.known_privkey",
            "wg.static",
            "wg.timestamp.value",
            "wg.counter",
            "wg.keepalive",
            "wg.decryption_error",
            "wg.response_to",
            "ip.src",
            "ip.dst",
            "ipv6.dst",
            "udp.srcport",
            "_ws.expert.message");

    /// Remembers what could have been a private key.
    private static final class Recording extends Random {
        private static final long serialVersionUID = 1;

        private final transient List<byte[]> drawn = new ArrayList<>();

        Recording(long seed) {
            super(seed);
        }

        @Override
        public void nextBytes(byte[] bytes) {
            super.nextBytes(bytes);
            if (drawn != null && bytes.length == PrivateKey.BYTES) {
                drawn.add(bytes.clone());
            }
        }
    }

    @Test
    void tsharkReadsHandshakesAndPacketsAsTheyWereMeant(@TempDir Path directory) throws Exception {
        ManualClock clock = new ManualClock();
        Recording random = new Recording(31);
        PrivateKey key = PrivateKey.generate(random::nextBytes);
        PresharedKey psk = PresharedKey.generate(random::nextBytes);
        String spokePublic;
        String keylog;
        List<Datagram> seen;
        try (TestDevice hub = new TestDevice(HUB, 2, clock, 32);
                TestDevice spoke = new TestDevice(SPOKE, 1, clock, random, key)) {
            spokePublic = spoke.publicKey().toBase64();
            TestNetwork network = new TestNetwork(clock, hub, spoke);
            spoke.peer(hub, true, psk, InnerPacket.prefix4(0, 24), InnerPacket.prefix6(0, 64));
            hub.peer(spoke, false, psk, InnerPacket.prefix4(SPOKE, 32), InnerPacket.prefix6(SPOKE, 128));
            hub.inboundDepth = TestDevice.UNDER_LOAD_AT; // a cookie is asked for
            spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, "AA first up"));
            network.settle();
            hub.inboundDepth = 0;
            network.pass(6_000_000_000L);
            hub.host(0, InnerPacket.ipv6(HUB, SPOKE, "BB first down"));
            network.settle();
            network.pass(11_000_000_000L); // the spoke sends a passive keepalive
            spoke.host(0, InnerPacket.ipv6(SPOKE, HUB, "CC" + "x".repeat(1378)));
            network.settle();
            seen = network.takeSeen();
            StringBuilder keys = new StringBuilder("LOCAL_STATIC_PRIVATE_KEY = ")
                    .append(key.toBase64())
                    .append("\nREMOTE_STATIC_PUBLIC_KEY = ")
                    .append(hub.publicKey().toBase64())
                    .append('\n');
            for (byte[] drawn : random.drawn) {
                keys.append("LOCAL_EPHEMERAL_PRIVATE_KEY = ")
                        .append(PrivateKey.fromBytes(drawn).toBase64())
                        .append("\nPRESHARED_KEY = ") // belongs to the ephemeral key before it
                        .append(psk.toBase64())
                        .append('\n');
            }
            keys.append("LOCAL_STATIC_PRIVATE_KEY = ")
                    .append(hub.key.toBase64())
                    .append('\n');
            keylog = keys.toString();
        }
        assertThat(seen).extracting(Datagram::type).containsExactly(1, 3, 1, 2, 4, 4, 4, 4);

        List<String> rows = tshark(directory, seen, keylog);

        assertThat(rows).hasSameSizeAs(seen);
        for (int i = 0; i < rows.size(); i++) {
            List<String> row = List.of(rows.get(i).split("\t", -1));
            Datagram datagram = seen.get(i);
            assertThat(row.get(0)).as("type").isEqualTo(Integer.toString(datagram.type()));
            assertThat(row.get(1)).as("reserved").isEqualTo("000000");
            assertThat(row.get(8)).as("decryption errors").isEmpty();
            switch (datagram.type()) {
                case 1 -> {
                    assertThat(row.get(3)).as("mac1 is of the hub's key").isEqualTo("1");
                    assertThat(row.get(4)).as("decrypted static key").isEqualTo(spokePublic);
                    assertThat(row.get(5)).as("decrypted timestamp").startsWith("Nov 14, 2023");
                }
                case 2 -> {
                    assertThat(row.get(2)).as("the handshake is right").isIn("1", "True");
                    assertThat(row.get(9)).as("answers the second initiation").isEqualTo("3");
                }
                case 4 -> requireData(row, datagram);
                default -> assertThat(datagram.bytes()).hasSize(64);
            }
        }
        assertThat(rows.stream().filter(row -> row.split("\t", -1)[7].matches("1|True")))
                .as("keepalives")
                .hasSize(1);
        assertThat(rows.get(4)).contains("192.0.2.2,10.0.0.2").contains("," + ('A' << 8 | 'A'));
        assertThat(rows.get(5)).contains("fd00::2").contains("," + ('B' << 8 | 'B'));
        assertThat(rows.get(7)).contains("fd00::1").contains("," + ('C' << 8 | 'C'));
    }

    private static void requireData(List<String> row, Datagram datagram) {
        long counter =
                ByteBuffer.wrap(datagram.bytes()).order(ByteOrder.LITTLE_ENDIAN).getLong(8);
        assertThat(row.get(6)).as("counter").isEqualTo(Long.toString(counter));
        boolean keepalive = datagram.bytes().length == 32;
        assertThat(row.get(7).matches("1|True")).as("keepalive").isEqualTo(keepalive);
    }

    /// One tab-separated row a datagram.
    private static List<String> tshark(Path directory, List<Datagram> datagrams, String keylog)
            throws IOException, InterruptedException {
        Path capture = directory.resolve("capture.pcap");
        Path keys = directory.resolve("keys.txt");
        Path output = directory.resolve("rows.txt");
        Files.write(capture, pcap(datagrams));
        Files.writeString(keys, keylog);
        List<String> command = new ArrayList<>(
                List.of("tshark", "-r", capture.toString(), "-o", "wg.keylog_file:" + keys, "-T", "fields"));
        FIELDS.forEach(field -> command.addAll(List.of("-e", field)));
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return Files.readAllLines(output, StandardCharsets.UTF_8);
    }

    /// A capture file of IPv4 packets without a link layer; UDP without a checksum.
    private static byte[] pcap(List<Datagram> datagrams) {
        int size = 24;
        for (Datagram datagram : datagrams) {
            size += 16 + 28 + datagram.bytes().length;
        }
        ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0xa1b2c3d4)
                .putShort((short) 2)
                .putShort((short) 4)
                .putLong(0)
                .putInt(65_535)
                .putInt(LINKTYPE_RAW);
        int second = 1_700_000_000;
        for (Datagram datagram : datagrams) {
            int bytes = 28 + datagram.bytes().length;
            file.putInt(second++).putInt(0).putInt(bytes).putInt(bytes);
            file.order(ByteOrder.BIG_ENDIAN);
            file.put((byte) 0x45)
                    .put((byte) datagram.tos())
                    .putShort((short) bytes)
                    .putInt(0);
            file.put((byte) 64).put((byte) 17).putShort((short) 0);
            file.putInt((int) (Datagram.hi(datagram.from()) >>> 32)).putInt((int) (Datagram.hi(datagram.to()) >>> 32));
            file.putShort((short) datagram.fromPort()).putShort((short) datagram.toPort());
            file.putShort((short) (bytes - 20)).putShort((short) 0);
            file.order(ByteOrder.LITTLE_ENDIAN);
            file.put(datagram.bytes());
        }
        return file.array();
    }
}
