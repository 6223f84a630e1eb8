package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.PeerStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// Any bytes as a wg-quick file or as settings: accepted, or refused with sentences. What is accepted means the
/// same after `strip`.
final class WgQuickFuzzTest {
    private static final String STANDING = """
            [Interface]
            PrivateKey = %s
            ListenPort = 51820
            Address = 10.0.0.1/24
            [Peer]
            PublicKey = %s
            PresharedKey = %s
            Endpoint = 192.0.2.1:51820
            AllowedIPs = 10.0.0.2/32
            """.formatted(ConfFiles.PRIVATE_KEY, ConfFiles.PEER_A, ConfFiles.PSK);

    @FuzzTest(maxDuration = "60s")
    void acceptsOrRefusesWithASentence(byte[] data) {
        WgQuickFile file;
        try {
            file = WgQuickParser.parse("fuzz.conf", data);
        } catch (ConfException e) {
            assertThat(e.problems())
                    .isNotEmpty()
                    .allSatisfy(problem -> assertThat(problem.text()).isNotBlank());
            return;
        }
        assertThat(file.peers()).doesNotContainNull();
        String stripped = ConfText.stripped(new String(data, StandardCharsets.UTF_8));
        try {
            WgQuickFile again = WgQuickParser.parseStripped("fuzz.conf", stripped.getBytes(StandardCharsets.UTF_8));
            assertThat(again.peers()).isEqualTo(file.peers());
            assertThat(again.device().listenPort()).isEqualTo(file.device().listenPort());
            assertThat(again.device().fwmark()).isEqualTo(file.device().fwmark());
        } catch (ConfException e) {
            throw new AssertionError("an accepted file is refused when it is stripped", e);
        }
    }

    /// A running interface that is told to read its file again: what is refused leaves the device and the host as
    /// they were.
    @FuzzTest(maxDuration = "60s")
    void aRefusedFileChangesNothingThatRuns(byte[] data) throws Exception {
        RecordingCommands commands = new RecordingCommands();
        FakeDevice device = new FakeDevice();
        InterfaceSetup setup = new InterfaceSetup(
                commands,
                new EndpointResolver(WgQuickFuzzTest::byName, _ -> {}, 0, _ -> {}),
                Path.of("fuzz.conf"),
                ConfFiles.parse(STANDING),
                "fuzz",
                0,
                new StandingLink(device));
        setup.up();
        String before = ConfText.showconf(device.status());
        List<String> run = List.copyOf(commands.log);
        WgQuickFile changed;
        try {
            changed = WgQuickParser.parse("fuzz.conf", data);
            setup.reload(changed);
        } catch (ConfException | IOException e) {
            assertThat(e).message().isNotBlank();
            assertThat(ConfText.showconf(device.status())).isEqualTo(before);
            assertThat(commands.log).isEqualTo(run);
            return;
        }
        assertThat(device.status().peers().stream().map(PeerStatus::publicKey).toList())
                .containsExactlyInAnyOrderElementsOf(changed.peers().stream()
                        .map(WgQuickFile.Peer::publicKey)
                        .distinct()
                        .toList());
    }

    /// Some names are known and some are not, without a name server.
    private static InetAddress byName(String host) throws UnknownHostException {
        if (host.length() % 2 == 1) {
            throw new UnknownHostException(host + ": Name or service not known");
        }
        return InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
    }

    private record StandingLink(FakeDevice device) implements InterfaceSetup.Link {
        @Override
        public DeviceControl create() {
            return device;
        }

        @Override
        public void remove() {
            throw new AssertionError("the link was taken down");
        }
    }

    @FuzzTest(maxDuration = "60s")
    void readsSettingsOrRefusesThemWithASentence(byte[] data) {
        try {
            assertThat(HubSettings.parse("fuzz.yaml", new String(data, StandardCharsets.UTF_8)))
                    .isNotNull();
        } catch (ConfException e) {
            assertThat(e.problems()).isNotEmpty();
        }
    }
}
