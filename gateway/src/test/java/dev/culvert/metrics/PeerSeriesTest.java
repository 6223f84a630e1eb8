package dev.culvert.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.DropReason;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerLabel;
import dev.culvert.device.PeerStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// The series of peers, by their text.
final class PeerSeriesTest {
    private static final long NOW_S = 1_800_000_000L;
    private static final PrivateKey HUB = PrivateKey.generate(bytes -> bytes[5] = 9);
    private static final PublicKey A = key(1);
    private static final PublicKey B = key(2);
    private static final PublicKey C = key(3);
    private static final List<PeerStatus> PEERS = List.of(
            peer(A, 20, 1_000, 500, "10.0.0.2/32", "fd00::2/128"),
            peer(B, 300, 20, 10, "10.0.0.3/32"),
            peer(C, 0, 0, -1L));
    private static final Map<PublicKey, PeerLabel> LABELS = Map.of(
            A, new PeerLabel("lap\"top\\ 1", List.of("staff", "eu")),
            B, new PeerLabel("", List.of("staff")));

    private static final Map<PublicKey, Map<DropReason, Long>> DROPS =
            Map.of(A, Map.of(DropReason.SPOOFED_SOURCE, 3L), B, Map.of(DropReason.NO_ENDPOINT, 4L));

    private static PublicKey key(int number) {
        byte[] bytes = new byte[PublicKey.BYTES];
        bytes[0] = (byte) number;
        return PublicKey.fromBytes(bytes);
    }

    private static PeerStatus peer(PublicKey key, long ageS, long rx, long tx, String... prefixes) {
        List<AllowedIp> allowed = List.of(prefixes).stream()
                .map(IpText::parsePrefix)
                .map(Objects::requireNonNull)
                .toList();
        return new PeerStatus(
                key,
                PresharedKey.NONE,
                ageS == 0 ? null : new InetSocketAddress("192.0.2.7", 4000),
                ageS == 0 ? 0 : (NOW_S - ageS) * 1_000_000_000L,
                tx,
                rx,
                0,
                allowed);
    }

    private static String text(PeerSeries.Options options) throws IOException {
        StringBuilder out = new StringBuilder();
        new PeerSeries("wg0", options).write(HUB.publicKey(), PEERS, LABELS, DROPS, NOW_S * 1_000_000_000L, out);
        return out.toString();
    }

    private static String of(PublicKey key) {
        return "{device=\"wg0\",public_key=\"" + key.toBase64() + "\"";
    }

    @Test
    void namesAreThoseOfTheKnownExporter() throws IOException {
        assertThat(text(PeerSeries.Options.ALL))
                .contains("wireguard_device_info{device=\"wg0\",public_key=\""
                        + HUB.publicKey().toBase64() + "\"} 1\n")
                .contains("wireguard_peer_info" + of(A) + ",endpoint=\"192.0.2.7:4000\",name=\"lap\\\"top\\\\ 1\"} 1\n")
                .contains("wireguard_peer_info" + of(C) + ",endpoint=\"\",name=\"\"} 1\n")
                .contains(
                        "wireguard_peer_allowed_ips_info" + of(A) + ",allowed_ips=\"10.0.0.2/32\",family=\"IPv4\"} 1\n")
                .contains(
                        "wireguard_peer_allowed_ips_info" + of(A) + ",allowed_ips=\"fd00::2/128\",family=\"IPv6\"} 1\n")
                .contains("wireguard_peer_receive_bytes_total" + of(A) + "} 1000\n")
                .contains("wireguard_peer_transmit_bytes_total" + of(A) + "} 500\n")
                .contains("wireguard_peer_transmit_bytes_total" + of(C) + "} 18446744073709551615\n")
                .contains("wireguard_peer_last_handshake_seconds" + of(A) + "} 1799999980.000\n")
                .contains("wireguard_peer_last_handshake_seconds" + of(C) + "} 0.000\n")
                .contains("culvert_peer_drops_total" + of(A) + ",reason=\"spoofed_source\"} 3\n")
                .contains("culvert_peer_drops_total" + of(B) + ",reason=\"no_endpoint\"} 4\n")
                .doesNotContain("culvert_peer_drops_total" + of(C), "wireguard_sent_bytes_total");
    }

    @Test
    void sumsAreThereWithoutSeriesOfPeers() throws IOException {
        assertThat(text(new PeerSeries.Options(0, true)))
                .contains("culvert_peers{device=\"wg0\",state=\"configured\"} 3\n")
                .contains("culvert_peers{device=\"wg0\",state=\"connected\"} 1\n")
                .contains("culvert_peer_bytes{device=\"wg0\",direction=\"received\"} 1020\n")
                .contains("culvert_tag_peers{device=\"wg0\",tag=\"staff\",state=\"configured\"} 2\n")
                .contains("culvert_tag_peers{device=\"wg0\",tag=\"staff\",state=\"connected\"} 1\n")
                .contains("culvert_tag_bytes{device=\"wg0\",tag=\"eu\",direction=\"sent\"} 500\n")
                .doesNotContain("public_key");
    }

    @Test
    void onlyTheBusiestHaveSeries() throws IOException {
        assertThat(text(new PeerSeries.Options(1, false)))
                .contains(of(A))
                .doesNotContain(of(B), of(C))
                .contains("state=\"configured\"} 3\n");
    }

    @Test
    void theOtherExportersNamesOnRequest() throws IOException {
        String a = "{interface=\"wg0\",public_key=\"" + A.toBase64()
                + "\",allowed_ips=\"10.0.0.2/32,fd00::2/128\",friendly_name=\"lap\\\"top\\\\ 1\"} ";
        assertThat(text(new PeerSeries.Options(Integer.MAX_VALUE, true)))
                .contains("wireguard_sent_bytes_total" + a + "500\n")
                .contains("wireguard_received_bytes_total" + a + "1000\n")
                .contains("wireguard_latest_handshake_seconds" + a + "1799999980\n")
                .contains("wireguard_sent_bytes_total{interface=\"wg0\",public_key=\"" + B.toBase64()
                        + "\",allowed_ips=\"10.0.0.3/32\"} 10\n")
                .contains("wireguard_peer_transmit_bytes_total" + of(A) + "} 500\n");
    }
}
