package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.RandomSource;
import dev.culvert.device.PeerLabel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HubFileTest {
    private static final HubFile.ClientSettings SETTINGS =
            new HubFile.ClientSettings("hub.example.com", "0.0.0.0/0, ::/0", "");

    private final RandomSource random = new Random(1)::nextBytes;

    @TempDir
    private Path directory;

    private Path hub;

    @BeforeEach
    void name() {
        hub = directory.resolve("wg0.conf");
    }

    private WgQuickFile read(Path file) throws IOException, ConfException {
        return WgQuickParser.read(file);
    }

    private List<HubFile.Client> add(String... names) throws IOException, ConfException {
        return HubFile.add(hub, List.of(names), directory, SETTINGS, random);
    }

    @Test
    void hubAndPeerKnowEachOther() throws IOException, ConfException {
        HubFile.create(hub, "10.9.0.1/24, fd09::1/64", 4500, random);
        assertThat(add("laptop", "phone"))
                .extracting(HubFile.Client::addresses)
                .containsExactly(List.of("10.9.0.2/32", "fd09::2/128"), List.of("10.9.0.3/32", "fd09::3/128"));
        WgQuickFile file = read(hub);
        WgQuickFile phone = read(directory.resolve("phone.conf"));
        WgQuickFile.Peer section = file.peers().get(1);
        assertThat(file.device().listenPort()).isEqualTo(4500);
        try (PrivateKey hubKey = Objects.requireNonNull(file.device().privateKey());
                PrivateKey phoneKey = Objects.requireNonNull(phone.device().privateKey())) {
            assertThat(section.publicKey()).isEqualTo(phoneKey.publicKey());
            assertThat(phone.peers().getFirst().publicKey()).isEqualTo(hubKey.publicKey());
        }
        assertThat(section.presharedKey())
                .isEqualTo(phone.peers().getFirst().presharedKey())
                .isNotEqualTo(file.peers().getFirst().presharedKey());
        assertThat(phone.peers().getFirst().endpoint()).hasToString("hub.example.com:4500");
        assertThat(phone.device().addresses()).containsExactly("10.9.0.3/32", "fd09::3/128");
        assertThat(PeerLabels.of(Files.readString(hub)).get(section.publicKey()))
                .isEqualTo(new PeerLabel("phone", List.of()));
        for (String name : List.of("wg0", "laptop", "phone")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name + ".conf"))))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void keepsWhatIsThereAndFillsGaps() throws IOException, ConfException {
        String before = """
                [Interface]
                PrivateKey = %1$s
                ListenPort = 51820
                Address = 10.9.0.3/28 # the hub

                [Peer] # a site
                PublicKey = %1$s
                AllowedIPs = 10.9.0.1/32, 10.9.0.4/30, 192.168.0.0/16, 10.0.0.0/8""".formatted("A".repeat(42) + "E=");
        Files.writeString(hub, before);
        assertThat(add("a", "b", "c"))
                .flatExtracting(HubFile.Client::addresses)
                .containsExactly("10.9.0.2/32", "10.9.0.8/32", "10.9.0.9/32");
        assertThat(Files.readString(hub)).startsWith(before + "\n");
        String extended = Files.readString(hub);
        add("d", "e", "f", "g", "h");
        assertThat(Files.readString(hub)).startsWith(extended).contains("10.9.0.14/32");
        String full = Files.readString(hub);
        assertThatThrownBy(() -> add("i")).hasMessageStartingWith("no address is free in 10.9.0.3/28");
        assertThat(hub).hasContent(full);
        assertThat(directory.resolve("i.conf")).doesNotExist();
    }

    @Test
    void makesAllOrNone() throws IOException, ConfException {
        HubFile.create(hub, "10.9.0.1/24", 51820, random);
        String before = Files.readString(hub);
        Path other = Files.writeString(directory.resolve("b.conf"), "mine");
        assertThatThrownBy(() -> add("a", "b")).hasMessageContaining("b.conf is there already");
        assertThat(hub).hasContent(before);
        assertThat(other).hasContent("mine");
        assertThat(directory.resolve("a.conf")).doesNotExist();
        assertThatThrownBy(() -> HubFile.create(hub, "10.9.0.1/24", 51820, random))
                .hasMessageContaining("is there already");
        HubFile.ClientSettings bad = new HubFile.ClientSettings("hub", "nonsense", "");
        assertThatThrownBy(() -> HubFile.add(hub, List.of("c"), directory, bad, random))
                .isInstanceOf(ConfException.class);
        assertThat(directory.resolve("c.conf")).doesNotExist();
    }

    @Test
    void takesEndpointsOfAllForms() throws IOException, ConfException {
        HubFile.create(hub, "10.9.0.1/24", 51820, random);
        int number = 0;
        for (String[] pair : new String[][] {
            {"192.0.2.1", "192.0.2.1:51820"},
            {"192.0.2.1:443", "192.0.2.1:443"},
            {"2001:db8::1", "[2001:db8::1]:51820"},
            {"[2001:db8::1]", "[2001:db8::1]:51820"},
            {"[2001:db8::1]:443", "[2001:db8::1]:443"}
        }) {
            String name = "p" + number++;
            HubFile.ClientSettings settings = new HubFile.ClientSettings(pair[0], "10.9.0.0/24", "9.9.9.9");
            HubFile.add(hub, List.of(name), directory, settings, random);
            WgQuickFile client = read(directory.resolve(name + ".conf"));
            assertThat(client.peers().getFirst().endpoint()).hasToString(pair[1]);
            assertThat(client.device().dns().servers()).containsExactly("9.9.9.9");
        }
    }
}
