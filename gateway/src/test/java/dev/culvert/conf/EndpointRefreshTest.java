package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static dev.culvert.conf.ConfFiles.PEER_B;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PublicKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// On a clock and with a resolver of the test's own; the thread is not waited for.
final class EndpointRefreshTest {
    private static final long S = 1_000_000_000L;
    private static final PublicKey KEY = PublicKey.fromBase64(PEER_A);
    private static final EndpointText NAME = new EndpointText("site.example.com", 51820);
    private static final String FILE = "[Interface]\n[Peer]\nPublicKey = " + PEER_A
            + "\nEndpoint = site.example.com:51820\n[Peer]\nPublicKey = " + PEER_B + "\nEndpoint = 192.0.2.9:1\n";

    private final FakeDevice device = new FakeDevice();
    private final List<String> said = new ArrayList<>();
    private final List<String> asked = new ArrayList<>();
    private final List<String> answer = new ArrayList<>(List.of("192.0.2.1"));
    private Runnable whileAsking = () -> {};
    private long nowNs = 1_000 * S;
    private long txBytes;
    private final EndpointRefresh refresh = new EndpointRefresh(device, this::lookUp, () -> nowNs, 135, said::add);

    private InetAddress[] lookUp(String host) throws UnknownHostException {
        asked.add(host);
        whileAsking.run();
        if (answer.isEmpty()) {
            throw new UnknownHostException(host + ": Name or service not known");
        }
        InetAddress[] all = new InetAddress[answer.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = InetAddress.getByName(answer.get(i));
        }
        return all;
    }

    @BeforeEach
    void begins() throws Exception {
        WgQuickFile file = ConfFiles.parse(FILE);
        device.apply(ConfChange.toChange(
                file,
                Map.of(
                        NAME,
                        new InetSocketAddress("192.0.2.1", 51820),
                        new EndpointText("192.0.2.9", 1),
                        new InetSocketAddress("192.0.2.9", 1))));
        refresh.watch(file);
        refresh.look();
    }

    @AfterEach
    void ends() {
        refresh.close();
    }

    /// Time goes by, in which we send to the peer.
    private void pass(long seconds, long handshakeNs) {
        nowNs += seconds * S;
        txBytes += 148;
        device.counts(KEY, handshakeNs, txBytes);
        refresh.look();
    }

    private String endpoint() {
        InetSocketAddress endpoint = Objects.requireNonNull(device.peer(KEY)).endpoint();
        return Objects.requireNonNull(endpoint).getAddress().getHostAddress() + ":" + endpoint.getPort();
    }

    @Test
    void asksOnlyForAPeerThatIsSentToAndDoesNotAnswer() {
        pass(100, 0);
        assertThat(asked).isEmpty();
        pass(100, nowNs);
        pass(134, nowNs);
        assertThat(asked).as("a handshake is less than 135 s old").isEmpty();
        nowNs += 1_000 * S;
        refresh.look();
        assertThat(asked).as("nobody sends to it").isEmpty();
        pass(1, 0);
        assertThat(asked).containsExactly("site.example.com");
    }

    @Test
    void aNewAddressIsTriedAndSaid() {
        answer.set(0, "192.0.2.2");
        pass(136, 0);
        assertThat(endpoint()).isEqualTo("192.0.2.2:51820");
        assertThat(said).singleElement().asString().contains("192.0.2.2:51820", "site.example.com", PEER_A);
        assertThat(device.endpointTroubles()).isEmpty();
        assertThat(device.changes.getLast().peers().getFirst().updateOnly()).isTrue();
    }

    @Test
    void aNameThatStillIsTheSameIsTroubleUntilThePeerAnswers() {
        pass(136, 0);
        assertThat(endpoint()).isEqualTo("192.0.2.1:51820");
        assertThat(device.endpointTroubles().get(KEY)).contains("still is 192.0.2.1:51820");
        pass(10, nowNs);
        assertThat(device.endpointTroubles()).isEmpty();
    }

    @Test
    void aNameThatCannotBeResolvedIsTroubleAndSaidOnce() {
        answer.clear();
        for (int i = 0; i < 20; i++) {
            pass(136, 0);
        }
        assertThat(device.endpointTroubles().get(KEY)).contains("cannot be resolved: Name or service not known");
        assertThat(said).hasSize(1);
        answer.add("192.0.2.3");
        pass(400, 0);
        assertThat(endpoint()).isEqualTo("192.0.2.3:51820");
        assertThat(device.endpointTroubles()).isEmpty();
    }

    @Test
    void pausesGrowFrom30To300Seconds() {
        pass(136, 0);
        List<Long> at = new ArrayList<>();
        long begin = nowNs;
        for (int second = 1; second <= 1_500; second++) {
            int before = asked.size();
            pass(1, 0);
            if (asked.size() > before) {
                at.add((nowNs - begin) / S);
            }
        }
        assertThat(at).containsExactly(30L, 90L, 210L, 450L, 750L, 1050L, 1350L);
    }

    @Test
    void theOtherFamilyIsTriedNext() {
        answer.add("2001:db8::1");
        pass(136, 0);
        assertThat(endpoint()).isEqualTo("2001:db8:0:0:0:0:0:1:51820");
        pass(400, 0);
        assertThat(endpoint()).isEqualTo("192.0.2.1:51820");
    }

    @Test
    void aPeerThatComesBackWhileTheNameIsLookedUpIsLeftAlone() {
        answer.set(0, "192.0.2.2");
        whileAsking = () -> device.counts(KEY, nowNs, txBytes);
        pass(136, 0);
        assertThat(endpoint()).isEqualTo("192.0.2.1:51820");
    }

    @Test
    void aFileWithoutTheNameEndsIt() throws Exception {
        answer.clear();
        pass(136, 0);
        assertThat(device.endpointTroubles()).isNotEmpty();
        refresh.watch(ConfFiles.parse("[Interface]\n[Peer]\nPublicKey = " + PEER_A + "\nEndpoint = 192.0.2.1:51820\n"));
        assertThat(device.endpointTroubles()).isEmpty();
        int before = asked.size();
        pass(1_000, 0);
        assertThat(asked).hasSize(before);
    }
}
