package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static dev.culvert.conf.ConfFiles.PEER_B;
import static dev.culvert.conf.ConfFiles.PRIVATE_KEY;
import static dev.culvert.conf.ConfFiles.PSK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.device.DeviceChange;
import dev.culvert.device.DeviceException;
import dev.culvert.device.PeerChange;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ConfChangeTest {
    private static final EndpointText ENDPOINT = new EndpointText("vpn.example.com", 51820);
    private static final Map<EndpointText, InetSocketAddress> RESOLVED =
            Map.of(ENDPOINT, new InetSocketAddress("192.0.2.1", 51820));

    @Test
    void setsWhatTheFileLacksToNothingAsSetconfDoes() throws ConfException {
        DeviceChange change = ConfChange.toChange(ConfFiles.parse("[Interface]\n"), Map.of());
        assertThat(change).isEqualTo(new DeviceChange(null, true, 0, 0, true, List.of()));
    }

    @Test
    void carriesEverythingThatTheFileSays() throws ConfException {
        WgQuickFile file = ConfFiles.parse("[Interface]\nPrivateKey = " + PRIVATE_KEY + "\nListenPort = 7\nFwMark = 9\n"
                + "[Peer]\nPublicKey = " + PEER_A + "\nPresharedKey = " + PSK
                + "\nEndpoint = vpn.example.com:51820\nPersistentKeepalive = 25\nAllowedIPs = 10.0.0.2/32\n");
        DeviceChange change = ConfChange.toChange(file, RESOLVED);
        assertThat(change.privateKey()).isEqualTo(PrivateKey.fromBase64(PRIVATE_KEY));
        assertThat(change.removePrivateKey()).isFalse();
        assertThat(change.listenPort()).isEqualTo(7);
        assertThat(change.fwmark()).isEqualTo(9);
        PeerChange peer = change.peers().getFirst();
        assertThat(peer.presharedKey()).isEqualTo(PresharedKey.fromBase64(PSK));
        assertThat(peer.endpoint()).isEqualTo(new InetSocketAddress("192.0.2.1", 51820));
        assertThat(peer.persistentKeepaliveSeconds()).isEqualTo(25);
        assertThat(peer.replaceAllowedIps()).isTrue();
        assertThat(peer.allowedIps()).hasSize(1);
    }

    @Test
    void syncRemovesWhatIsGoneAndLeavesRoamedEndpointsAlone() throws ConfException, DeviceException {
        String head = "[Interface]\nPrivateKey = " + PRIVATE_KEY + "\n";
        String peerB =
                "[Peer]\nPublicKey = " + PEER_B + "\nEndpoint = vpn.example.com:51820\nPresharedKey = " + PSK + "\n";
        WgQuickFile before = ConfFiles.parse(head + "[Peer]\nPublicKey = " + PEER_A + "\n" + peerB);
        FakeDevice device = new FakeDevice();
        device.apply(ConfChange.toChange(before, RESOLVED));
        WgQuickFile after = ConfFiles.parse(head + peerB.replaceAll("PresharedKey.*\n", ""));
        DeviceChange change = ConfChange.toSync(after, before, device.status(), RESOLVED);
        assertThat(change.replacePeers()).isFalse();
        assertThat(change.listenPort()).isNull();
        assertThat(change.peers()).extracting(PeerChange::remove).containsExactly(true, false);
        assertThat(change.peers().getLast().endpoint()).isNull();
        assertThat(change.peers().getLast().presharedKey()).isEqualTo(PresharedKey.NONE);
        assertThat(change.peers().getLast().persistentKeepaliveSeconds()).isZero();

        WgQuickFile moved = ConfFiles.parse(head + peerB.replace("51820", "51821"));
        DeviceChange move = ConfChange.toSync(
                moved,
                before,
                device.status(),
                Map.of(new EndpointText("vpn.example.com", 51821), new InetSocketAddress("192.0.2.1", 51821)));
        assertThat(move.peers().getLast().endpoint()).isEqualTo(new InetSocketAddress("192.0.2.1", 51821));
    }
}
