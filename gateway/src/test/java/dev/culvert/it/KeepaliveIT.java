package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// Keepalives of a hub on the real clock. (Every timer's every case is tested on a virtual one elsewhere.)
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#oneHub")
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
final class KeepaliveIT {
    private static final int KEEPALIVE_BYTES = 32;

    private final Node hub;
    private final Node spoke;

    KeepaliveIT(Topology topology) {

        hub = topology.hub();
        spoke = topology.spoke();
        topology.connect(Family.IPV4);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 3);
    }

    @Test
    void sendsAPersistentKeepaliveEachSecond() {
        long sentBefore = hub.peer(spoke).txBytes();
        long receivedBefore = spoke.peer(hub).rxBytes();
        long startNs = System.nanoTime();
        Wg.set(hub.interfaceName(), "peer " + spoke.identity().publicKey() + " persistent-keepalive 1");
        assertThat(hub.peer(spoke).persistentKeepalive()).isEqualTo("1");
        Await.until(
                "four keepalives",
                Duration.ofSeconds(6),
                () -> Uapi.rxBytes(spoke.interfaceName()) >= receivedBefore + 4 * KEEPALIVE_BYTES);
        // One at once, the others a second apart.
        assertThat(Duration.ofNanos(System.nanoTime() - startNs))
                .isBetween(Duration.ofMillis(2900), Duration.ofMillis(4500));
        assertThat(hub.peer(spoke).txBytes() - sentBefore).isEqualTo(4 * KEEPALIVE_BYTES);
        Wg.set(hub.interfaceName(), "peer " + spoke.identity().publicKey() + " persistent-keepalive off");
        assertThat(hub.peer(spoke).persistentKeepalive()).isEqualTo("off");
    }

    @Test
    void answersDataByAPassiveKeepaliveAfterTenSeconds() {
        hub.namespace().nft("""
                table inet mute {
                  chain input {
                    type filter hook input priority 0
                    iifname %s drop
                  }
                }
                """.formatted(hub.interfaceName()));
        long hubReceived = Uapi.rxBytes(hub.interfaceName());
        try (Ping unanswered = Ping.start(spoke.namespace(), hub.inner(Family.IPV4), "-c", "1", "-W", "1")) {
            requireKeepaliveAfterTenSeconds(hubReceived);
            unanswered.fails(1);
        } finally {
            hub.namespace().nft("delete table inet mute");
        }
    }

    private void requireKeepaliveAfterTenSeconds(long hubReceived) {
        long spokeReceived = Uapi.rxBytes(spoke.interfaceName());
        Await.until(
                "the data reaches the hub",
                Duration.ofSeconds(2),
                () -> Uapi.rxBytes(hub.interfaceName()) > hubReceived);
        long dataNs = System.nanoTime();
        Await.until(
                "a keepalive from the hub",
                Duration.ofSeconds(13),
                () -> Uapi.rxBytes(spoke.interfaceName()) > spokeReceived);
        assertThat(Duration.ofNanos(System.nanoTime() - dataNs))
                .isBetween(Duration.ofMillis(9900), Duration.ofMillis(10_600));
        assertThat(Uapi.rxBytes(spoke.interfaceName())).isEqualTo(spokeReceived + KEEPALIVE_BYTES);
    }
}
