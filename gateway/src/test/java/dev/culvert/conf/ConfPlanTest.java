package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static dev.culvert.conf.ConfFiles.PEER_B;
import static dev.culvert.conf.ConfFiles.PRIVATE_KEY;
import static dev.culvert.conf.ConfFiles.PSK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.conf.ConfPlan.Change;
import dev.culvert.conf.ConfPlan.Kind;
import dev.culvert.conf.ConfPlan.Move;
import dev.culvert.conf.ConfPlan.Overlap;
import dev.culvert.conf.ConfPlan.PeerPlan;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerStatus;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ConfPlanTest {
    private static final String HEAD = "[Interface]\nPrivateKey = " + PRIVATE_KEY + "\nListenPort = 51820\n";

    private static String peer(String key, String... lines) {
        return "[Peer]\nPublicKey = " + key + "\n" + String.join("\n", lines) + "\n";
    }

    private static PeerStatus standing(
            String key, PresharedKey psk, @Nullable InetSocketAddress endpoint, int keepalive, String... prefixes) {
        List<AllowedIp> list = Stream.of(prefixes)
                .map(IpText::parsePrefix)
                .map(Objects::requireNonNull)
                .toList();
        return new PeerStatus(PublicKey.fromBase64(key), psk, endpoint, 0, 0, 0, keepalive, list);
    }

    private static PeerStatus standing(String key, String... prefixes) {
        return standing(key, PresharedKey.NONE, null, 0, prefixes);
    }

    private static ConfPlan plan(String text, PeerStatus... peers) throws ConfException {
        DeviceStatus status = new DeviceStatus(PrivateKey.fromBase64(PRIVATE_KEY), 51820, 0, List.of(peers));
        return ConfPlan.of(ConfFiles.parse(text), status);
    }

    @Test
    void nothingChangesWhereAllIsAsTheFileSays() throws ConfException {
        ConfPlan plan = plan(
                HEAD
                        + peer(
                                PEER_A,
                                "PresharedKey = " + PSK,
                                "Endpoint = 192.0.2.1:5",
                                "PersistentKeepalive = 25",
                                "AllowedIPs = 10.0.0.2/32, fd00::2/128"),
                standing(
                        PEER_A,
                        PresharedKey.fromBase64(PSK),
                        new InetSocketAddress("192.0.2.1", 5),
                        25,
                        "10.0.0.2/32",
                        "fd00::2/128"));
        assertThat(plan).isEqualTo(new ConfPlan(List.of(), List.of(), List.of(), List.of(), List.of()));
        assertThat(plan.isEmpty()).isTrue();
    }

    @Test
    void everythingIsNewWhereNothingRuns() throws ConfException {
        ConfPlan plan = ConfPlan.of(ConfFiles.parse(HEAD + peer(PEER_A, "AllowedIPs = 10.0.0.2/32")), null);
        assertThat(plan.settings()).extracting(Change::what).hasSize(2).contains("listen port");
        assertThat(plan.settings()).extracting(Change::now).containsOnly("");
        assertThat(plan.peers())
                .containsExactly(
                        new PeerPlan(Kind.ADDED, PEER_A, 4, List.of(new Change("allowed ips", "", "10.0.0.2/32"))));
    }

    @Test
    void namesWhatChangesWithoutKeys() throws ConfException {
        String other = PrivateKey.fromBase64(PSK).publicKey().toBase64();
        ConfPlan plan = plan(
                "[Interface]\nPrivateKey = " + PSK + "\nListenPort = 1\nFwMark = 7\n"
                        + peer(
                                PEER_A,
                                "PresharedKey = " + PSK,
                                "Endpoint = [2001:db8::1]:6",
                                "AllowedIPs = 10.0.0.2/32, 10.0.3.0/24"),
                standing(
                        PEER_A,
                        PresharedKey.NONE,
                        new InetSocketAddress("192.0.2.1", 5),
                        25,
                        "10.0.0.2/32",
                        "10.0.4.0/24"),
                standing(PEER_B));
        assertThat(plan.settings())
                .containsExactly(
                        new Change(
                                "private key (the public key is shown)",
                                PrivateKey.fromBase64(PRIVATE_KEY).publicKey().toBase64(),
                                other),
                        new Change("listen port", "51820", "1"),
                        new Change("fwmark", "", "7"));
        assertThat(plan.peers())
                .containsExactly(
                        new PeerPlan(
                                Kind.CHANGED,
                                PEER_A,
                                5,
                                List.of(
                                        new Change("preshared key", "", "(hidden)"),
                                        new Change("endpoint", "192.0.2.1:5", "[2001:db8::1]:6"),
                                        new Change("persistent keepalive", "25 s", ""),
                                        new Change("allowed ips", "10.0.4.0/24", "10.0.3.0/24"))),
                        new PeerPlan(Kind.REMOVED, PEER_B, 0, List.of()));
        assertThat(plan.toString()).doesNotContain(PSK).doesNotContain(PRIVATE_KEY);
        assertThat(plan.count(Kind.REMOVED)).isEqualTo(1);
    }

    @Test
    void tellsOfPrefixesThatMove() throws ConfException {
        ConfPlan plan =
                plan(HEAD + peer(PEER_A) + peer(PEER_B, "AllowedIPs = 10.0.0.2/32"), standing(PEER_A, "10.0.0.2/32"));
        assertThat(plan.moves()).containsExactly(new Move("10.0.0.2/32", PEER_A, PEER_B));
        assertThat(plan.peers()).extracting(PeerPlan::kind).containsExactly(Kind.CHANGED, Kind.ADDED);
        assertThat(plan(HEAD + peer(PEER_B, "AllowedIPs = 10.0.0.2/32"), standing(PEER_A, "10.0.0.2/32"))
                        .moves())
                .as("from a peer that goes")
                .containsExactly(new Move("10.0.0.2/32", PEER_A, PEER_B));
    }

    @Test
    void theLastOfTwoPeersThatAreGivenAPrefixHasItAndTheFileIsToldSo() throws ConfException {
        ConfPlan plan = plan(
                HEAD + peer(PEER_A, "AllowedIPs = 10.0.0.2/32") + peer(PEER_B, "AllowedIPs = 10.0.0.2/32"),
                standing(PEER_A, "10.0.0.2/32"),
                standing(PEER_B));
        assertThat(plan.moves()).containsExactly(new Move("10.0.0.2/32", PEER_A, PEER_B));
        assertThat(plan.notes()).singleElement().asString().contains("is given to another peer in line");
    }

    @Test
    void tellsOfPrefixesInsideThoseOfOtherPeersButNotInsideADefaultRoute() throws ConfException {
        ConfPlan plan = plan(HEAD
                + peer(PEER_A, "AllowedIPs = 10.0.0.0/16, 0.0.0.0/0, 10.0.1.0/24")
                + peer(PEER_B, "AllowedIPs = 10.0.1.7/32, 10.9.0.0/16, fd00::/64"));
        assertThat(plan.overlaps()).containsExactly(new Overlap("10.0.1.7/32", PEER_B, "10.0.1.0/24", PEER_A));
    }

    @Test
    void readsSignedPrefixesAsWgDoes() throws ConfException {
        PeerStatus standing = standing(PEER_A, "10.0.0.2/32", "10.0.0.3/32");
        ConfPlan plan = plan(HEAD + peer(PEER_A, "AllowedIPs = +10.0.0.4/32, -10.0.0.3/32"), standing);
        assertThat(plan.peers().getFirst().changes())
                .containsExactly(new Change("allowed ips", "10.0.0.3/32", "10.0.0.4/32"));
    }

    @Test
    void doesNotLookNamesUp() throws ConfException {
        ConfPlan plan = plan(HEAD + peer(PEER_A, "Endpoint = vpn.invalid:51820"), standing(PEER_A));
        assertThat(plan.isEmpty()).isTrue();
        assertThat(plan.notes())
                .containsExactly("the endpoint vpn.invalid:51820 of line 4 ff. is looked up when the file is applied");
    }
}
