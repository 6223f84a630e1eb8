package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static dev.culvert.conf.ConfFiles.PEER_B;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.PeerLabel;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PeerLabelsTest {
    private static final PublicKey A = PublicKey.fromBase64(PEER_A);
    private static final PublicKey B = PublicKey.fromBase64(PEER_B);

    @Test
    void takesNamesAndTagsFromComments() {
        assertThat(PeerLabels.of("""
                # the hub
                [Interface]
                # not a peer
                [Peer]
                # office, with the network behind it
                PublicKey = %s  # its key
                # tags = site, eu, site
                [peer]
                # second floor
                publickey=%s
                #friendly_name=Printer 2
                # more
                """.formatted(PEER_A, PEER_B)))
                .isEqualTo(Map.of(
                        A, new PeerLabel("office, with the network behind it", List.of("site", "eu")),
                        B, new PeerLabel("Printer 2", List.of())));
    }

    @Test
    void whatHasNoNameOrNoKeyHasNoLabel() {
        assertThat(PeerLabels.of(
                        "[Peer]\nPublicKey = " + PEER_A + "\n# said too late\n[Peer]\n# lost\nPublicKey = x\n"))
                .isEmpty();
    }

    @Test
    void aNameIsShortAndPrintable() {
        String name = PeerLabels.of("[Peer]\n# friendly_name=a\u0007b" + "c".repeat(100) + "\nPublicKey=" + PEER_A)
                .getOrDefault(A, PeerLabel.NONE)
                .name();
        assertThat(name).startsWith("abc").hasSize(64);
    }
}
