package dev.culvert.conf;

import static dev.culvert.conf.ConfFiles.PEER_A;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class EndpointResolverTest {
    private final List<Duration> pauses = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private int lookups;

    @Test
    void asksNobodyForAddresses() throws Exception {
        Map<EndpointText, InetSocketAddress> resolved =
                failing("x", 99, 0).resolve(file("192.0.2.1:5", "[2001:db8::1]:6"));
        assertThat(resolved)
                .containsEntry(new EndpointText("192.0.2.1", 5), new InetSocketAddress("192.0.2.1", 5))
                .containsEntry(new EndpointText("2001:db8::1", 6), new InetSocketAddress("2001:db8::1", 6));
        assertThat(lookups).isZero();
    }

    @Test
    void asksForEachHostOnce() throws Exception {
        assertThat(failing("x", 0, 0).resolve(file("a:1", "a:2", "a:1"))).hasSize(2);
        assertThat(lookups).isEqualTo(1);
    }

    @Test
    void triesAgainWithGrowingPausesAndSaysSo() throws Exception {
        failing("Temporary failure in name resolution", 15, 15).resolve(file("a:1"));
        assertThat(lookups).isEqualTo(16);
        assertThat(pauses).startsWith(Duration.ofMillis(1000), Duration.ofMillis(1200), Duration.ofMillis(1440));
        assertThat(pauses).hasSize(15);
        assertThat(pauses.getLast()).isBetween(Duration.ofMillis(12_800), Duration.ofMillis(12_840));
        assertThat(said.getFirst())
                .isEqualTo("Temporary failure in name resolution: `a:1`. Trying again in 1.00 seconds...");
    }

    @Test
    void neverPausesLongerThanTwentySeconds() throws Exception {
        failing("Temporary failure in name resolution", 40, EndpointResolver.RETRIES_FOREVER)
                .resolve(file("a:1"));
        assertThat(pauses.getLast()).isEqualTo(Duration.ofSeconds(20));
    }

    @Test
    void givesUpAfterTheRetriesWithASentence() {
        assertThatThrownBy(() ->
                        failing("Temporary failure in name resolution", 99, 2).resolve(file("a:1")))
                .hasMessage(
                        "wg0.conf: the endpoint `a:1` cannot be resolved (Temporary failure in name resolution); check the"
                                + " name and this host's name server, or give an IP address");
        assertThat(lookups).isEqualTo(3);
    }

    @Test
    void givesUpAtOnceIfThereIsNoSuchName() {
        assertThatThrownBy(() -> failing("Name or service not known", 99, 15).resolve(file("a:1")))
                .hasMessageContaining("(Name or service not known)");
        assertThat(lookups).isEqualTo(1);
    }

    @Test
    void readsTheRetriesAsWgDoes() {
        assertThat(EndpointResolver.retries(null)).isEqualTo(15);
        assertThat(EndpointResolver.retries("0")).isZero();
        assertThat(EndpointResolver.retries("infinity")).isEqualTo(EndpointResolver.RETRIES_FOREVER);
        assertThat(EndpointResolver.retries("many")).isEqualTo(15);
    }

    private EndpointResolver failing(String reason, int times, int retriesMax) {
        return new EndpointResolver(
                host -> {
                    if (lookups++ < times) {
                        throw new UnknownHostException(host + ": " + reason);
                    }
                    return InetAddress.getByAddress(new byte[] {1, 2, 3, 4});
                },
                pauses::add,
                retriesMax,
                said::add);
    }

    private static WgQuickFile file(String... endpoints) throws ConfException {
        StringBuilder text = new StringBuilder("[Interface]\n");
        for (String endpoint : endpoints) {
            text.append("[Peer]\nPublicKey = ")
                    .append(PEER_A)
                    .append("\nEndpoint = ")
                    .append(endpoint)
                    .append('\n');
        }
        return ConfFiles.parse(text.toString());
    }
}
