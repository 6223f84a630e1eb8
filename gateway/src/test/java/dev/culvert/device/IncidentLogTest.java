package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.IncidentLog.Of;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What is remembered of failures, and how much of it whatever comes in.
final class IncidentLogTest {
    private static final int FLOOD = 1_000_000;
    private static final List<Cause> FIVE = List.of(Cause.values()).subList(0, 5);

    private final ManualClock clock = new ManualClock();
    private final IncidentLog log = new IncidentLog(clock, new EventLog(clock));

    private static Endpoint source(int number) {
        return new Endpoint(false, (long) number << 32, 0, 1000 + (number & 1023), 0, 0, 0, 0);
    }

    private static Peer peer(int number) {
        byte[] key = new byte[PublicKey.BYTES];
        ByteBuffer.wrap(key).putInt(number);
        return new Peer(PublicKey.fromBytes(key));
    }

    @Test
    void aFloodOfSourcesIsBoundedAndHidesNoPeer() {
        Peer honest = peer(7);
        log.ofPeer(honest, Cause.CLOCK_BEHIND, source(1), "60 s behind");
        for (int i = 0; i < FLOOD; i++) {
            log.ofSource(source(i), FIVE.get(i % 5), null);
        }
        int full = IncidentLog.SOURCES_MAX * IncidentLog.INCIDENTS_OF_SOURCE;
        assertThat(log.incidents()).isBetween(IncidentLog.SOURCES_MAX, full + 1);
        assertThat(log.ofStrangers()).hasSize(IncidentLog.SOURCES_MAX);
        assertThat(log.ofPeer(honest.publicKey()))
                .singleElement()
                .satisfies(incident -> assertThat(incident.detail()).isEqualTo("60 s behind"));
    }

    @Test
    void aSourceKeepsItsLastKindsAndCountsWhatRepeats() {
        for (int i = 0; i < 100; i++) {
            clock.advance(1_000_000_000L);
            log.ofSource(new Endpoint(false, 5L << 32, 0, 1000 + i, 0, 0, 0, 0), FIVE.get(i % 5), null);
        }
        assertThat(log.ofStrangers()).hasSize(IncidentLog.INCIDENTS_OF_SOURCE);
        clock.advance(1_000_000_000L);
        for (int i = 0; i < 3; i++) {
            log.ofSource(source(6), Cause.WRONG_HUB_KEY, null);
            clock.advance(1_000_000_000L);
        }
        assertThat(log.ofStrangers().getFirst()).satisfies(incident -> {
            assertThat(incident.count()).isEqualTo(3);
            assertThat(incident.lastWallNs() - incident.firstWallNs()).isEqualTo(2_000_000_000L);
        });
    }

    @Test
    void soManyPeersAreRememberedAndTheOneWithoutNewsForLongestMakesRoom() {
        for (int i = 0; i < IncidentLog.PEERS_MAX; i++) {
            log.ofPeer(peer(i), Cause.NO_ANSWER, null, "");
        }
        log.ofPeer(peer(0), Cause.NO_ANSWER, null, "");
        log.ofPeer(peer(-1), Cause.NO_ANSWER, null, "");
        assertThat(log.incidents()).isEqualTo(IncidentLog.PEERS_MAX);
        assertThat(log.ofPeer(peer(0).publicKey())).hasSize(1);
        assertThat(log.ofPeer(peer(1).publicKey())).isEmpty();
    }

    @Test
    void whatASenderIsAllowedIsNotTakenFromPeers() {
        long nowNs = clock.bootNs();
        assertThat(allowed(Of.SOURCE, nowNs, FLOOD)).isBetween(999, 1001);
        assertThat(allowed(Of.PACKET, nowNs, FLOOD)).isBetween(99, 101);
        assertThat(allowed(Of.PEER, nowNs, 1000)).isEqualTo(1000);
        assertThat(allowed(Of.SOURCE, nowNs + 500_000_000L, FLOOD)).isBetween(499, 501);
    }

    private int allowed(Of whose, long nowNs, int asked) {
        int allowed = 0;
        for (int i = 0; i < asked; i++) {
            allowed += log.allows(whose, nowNs) ? 1 : 0;
        }
        return allowed;
    }

    @Test
    void anAddressHasWhatItsPeersAndStrangersDid() {
        log.ofSource(source(9), Cause.WRONG_HUB_KEY, null);
        log.ofPeer(peer(1), Cause.REPLAYED, source(9), "");
        log.ofPeer(peer(2), Cause.REPLAYED, source(8), "");
        InetSocketAddress address = source(9).toSocketAddress();
        assertThat(log.at(Objects.requireNonNull(address.getAddress())))
                .extracting(Incident::cause)
                .containsExactlyInAnyOrder(Cause.WRONG_HUB_KEY, Cause.REPLAYED);
    }
}
