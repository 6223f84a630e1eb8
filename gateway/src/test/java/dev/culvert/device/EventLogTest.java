package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.S;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is told of sessions and peers, in which order, and how much of it whatever happens.
@LaneConfined
final class EventLogTest {
    private static final int FLOOD = 100_000;

    private final HubAndSpoke pair = new HubAndSpoke();
    private final EventLog log = pair.hub.state.events;

    @AfterEach
    void closes() {
        pair.close();
    }

    private List<String> told(EventLog from) {
        return from.after(0, EventLog.EVENTS_MAX).stream()
                .filter(event -> event.kind() != EventKind.PEER_ADDED)
                .map(event -> event.kind().label())
                .toList();
    }

    @Test
    void aSessionIsConnectedRekeyedIdleAndExpired() {
        pair.connect();
        assertThat(told(log)).containsExactly("connected");
        Event first = log.after(0, EventLog.EVENTS_MAX).getLast();
        assertThat(first.key()).isEqualTo(pair.spoke.publicKey());
        assertThat(first.details()).containsOnlyKeys("endpoint");
        pair.network.pass(125 * S);
        pair.up("more"); // the initiator's key is over 120 s old
        pair.network.pass(S);
        pair.up("under the new key");
        assertThat(told(log)).containsExactly("connected", "rekeyed");
        pair.network.pass(179 * S);
        assertThat(told(log)).containsExactly("connected", "rekeyed");
        pair.network.pass(5 * S);
        assertThat(told(log)).containsExactly("connected", "rekeyed", "idle");
        pair.network.pass(400 * S);
        assertThat(told(log)).containsExactly("connected", "rekeyed", "idle", "expired");
        assertThat(told(pair.spoke.state.events))
                .startsWith("connected", "rekeyed")
                .contains("idle", "expired");
        pair.up("again");
        pair.up("and again");
        assertThat(told(log)).endsWith("expired", "connected");
    }

    @Test
    void oneThatNobodyAnswersIsUnanswered() {
        pair.network.lost = datagram -> true;
        pair.up("x");
        pair.network.pass(110 * S);
        assertThat(told(pair.spoke.state.events)).containsExactly("unanswered");
        pair.network.pass(600 * S);
        assertThat(told(pair.spoke.state.events)).as("it had no keys").containsExactly("unanswered");
    }

    @Test
    void anotherPresharedKeyIsRefused() {
        try (HubAndSpoke other = new HubAndSpoke()) {
            other.hub.peer(other.spoke, false, PresharedKey.fromHex("11".repeat(32)), InnerPacket.prefix4(2, 32));
            other.up("x");
            other.network.pass(10 * S);
            assertThat(other.spoke.state.events.after(0, 10))
                    .filteredOn(event -> event.kind() == EventKind.REFUSED)
                    .allSatisfy(event -> assertThat(event.details()).containsEntry("cause", "bad_response"))
                    .hasSizeBetween(1, 2); // the same again is told once a minute
            other.network.pass(50 * S);
            assertThat(other.spoke.state.events.made(EventKind.REFUSED)).isBetween(2L, 3L);
        }
    }

    @Test
    void aPeerThatFlapsIsKeptBackAndCounted() {
        pair.connect();
        LanePeer peer = pair.atHub();
        Endpoint one = endpoint(1);
        Endpoint two = endpoint(2);
        long before = log.newest();
        for (int i = 0; i < FLOOD; i++) {
            peer.moveTo(i % 2 == 0 ? one : two);
        }
        assertThat(log.newest() - before).isBetween(1L, (long) EventLog.OF_PEER_AT_ONCE);
        assertThat(log.made(EventKind.ROAMED) + log.keptBack(EventKind.ROAMED)).isEqualTo(FLOOD);
        pair.clock.advance(2 * S);
        pair.hub.lane(0).beginTurn();
        peer.moveTo(one);
        Event last = log.after(0, EventLog.EVENTS_MAX).getLast();
        assertThat(last.details())
                .containsEntry(Event.SUPPRESSED, Long.toString(log.keptBack(EventKind.ROAMED)))
                .containsEntry("to", IpText.format(one.toSocketAddress()));
    }

    @Test
    void theSameAddressFromAnotherOfOursIsNoRoaming() {
        pair.connect();
        LanePeer peer = pair.atHub();
        Endpoint now = peer.endpoint;
        if (now == null) {
            throw new AssertionError("it is connected");
        }
        peer.moveTo(new Endpoint(now.ipv6, now.hi, now.lo, now.port, now.scope, 1, 1, 7));
        assertThat(log.made(EventKind.ROAMED)).isZero();
    }

    @Test
    void refusalsOfAFloodOfStrangersAreFew() {
        for (int i = 0; i < FLOOD; i++) {
            pair.hub.state.incidents.ofSource(endpoint(i), Cause.UNKNOWN_KEY, null);
        }
        assertThat(log.made(EventKind.REFUSED)).isBetween(1L, EventLog.REFUSALS_PER_SECOND + 1L);
        assertThat(log.made(EventKind.REFUSED) + log.keptBack(EventKind.REFUSED))
                .isEqualTo(FLOOD);
    }

    @Test
    void theRingKeepsTheLatestAndNumbersShowWhatIsGone() {
        long before = log.newest();
        for (int i = 0; i < 2 * EventLog.EVENTS_MAX; i++) {
            log.add(EventKind.DRAINING, null);
        }
        List<Event> all = log.after(0, Integer.MAX_VALUE);
        assertThat(all).hasSize(EventLog.EVENTS_MAX);
        assertThat(all.getFirst().number()).isEqualTo(before + EventLog.EVENTS_MAX + 1);
        assertThat(all.getLast().number()).isEqualTo(log.newest());
        assertThat(log.after(log.newest(), 10)).isEmpty();
        assertThat(log.after(log.newest() - 5, 3)).hasSize(3);
        assertThat(log.after(log.newest() + 5, 3)).isEmpty();
    }

    @Test
    void theLoadBeginsAndEndsOnce() {
        EventLog own = new EventLog(pair.clock);
        DepthOnlyQueue queue = new DepthOnlyQueue();
        HandshakeLoad load = new HandshakeLoad(queue, HandshakeLimits.DEFAULTS, 1, pair.now());
        load.tell(own::load);
        own.loadCheck(() -> {
            boolean _ = load.isUnderLoad(pair.now());
        });
        queue.depth = HandshakeLimits.DEFAULTS.underLoadAt();
        assertThat(load.isUnderLoad(pair.now())).isTrue();
        assertThat(load.isUnderLoad(pair.now())).isTrue();
        queue.depth = 0;
        assertThat(own.newest()).isEqualTo(1);
        pair.clock.advance(2 * S);
        assertThat(told(own)).containsExactly("under_load", "load_over"); // whoever reads, finds out
        assertThat(own.newest()).isEqualTo(2);
    }

    @Test
    void changesOfPeersAreToldSinglyOrInOneSum() {
        PublicKey a = key(1);
        PublicKey b = key(2);
        apply(false, block(a, InnerPacket.prefix4(20, 32)), block(b, InnerPacket.prefix4(21, 32)));
        assertThat(log.made(EventKind.PEER_ADDED)).as("and the spoke").isEqualTo(3);
        assertThat(log.after(0, 100).getLast().details()).containsEntry("allowed_ips", "10.0.0.21/32");
        long before = log.newest();
        apply(false, block(a, InnerPacket.prefix4(20, 32)));
        assertThat(log.newest()).as("nothing changed").isEqualTo(before);
        apply(false, block(a, InnerPacket.prefix4(21, 32)));
        assertThat(log.after(before, 9).stream().map(event -> event.kind().label()))
                .containsExactly("prefix_moved", "peer_changed");
        assertThat(log.after(before, 9).getFirst().details())
                .containsEntry("prefix", "10.0.0.21/32")
                .containsEntry("from_key", b.toBase64());
        assertThat(log.after(before, 9).getLast().details()).containsEntry("changed", "allowed_ips");
        before = log.newest();
        apply(true, block(a, InnerPacket.prefix4(21, 32)));
        assertThat(log.after(before, 9).stream().map(event -> event.kind().label() + event.key()))
                .as("b and the spoke are gone, a is as it was")
                .containsExactlyInAnyOrder("peer_removed" + b, "peer_removed" + pair.spoke.publicKey());
        AllowedIp[] prefixes = new AllowedIp[200];
        for (int i = 0; i < prefixes.length; i++) {
            prefixes[i] = AllowedIp.of(new byte[] {10, 99, (byte) i, 0}, 24);
        }
        apply(false, block(key(50), prefixes));
        assertThat(log.after(0, 999).getLast().details().get("allowed_ips"))
                .endsWith(" and " + (prefixes.length - ChangedPeers.PREFIXES_MAX) + " more")
                .hasSizeLessThan(1000);
        PeerChange[] many = new PeerChange[EventLog.CHANGES_MAX + 1];
        for (int i = 0; i < many.length; i++) {
            many[i] = block(key(100 + i));
        }
        before = log.newest();
        apply(false, many);
        assertThat(log.after(before, 9))
                .singleElement()
                .satisfies(event -> assertThat(event.details()).containsEntry("added", Integer.toString(many.length)));
    }

    @Test
    void everyKindIsDocumentedWithItsFields() throws IOException {
        String page = Files.readString(Path.of("../deploy/EVENTS.md"));
        for (EventKind kind : EventKind.values()) {
            String fields =
                    kind.fields().stream().map(field -> '`' + field + '`').collect(Collectors.joining(", "));
            assertThat(page)
                    .contains("| `" + kind.label() + "` | " + (fields.isEmpty() ? "" : fields + ' ') + "| "
                            + kind.text() + " |");
        }
    }

    private void apply(boolean replace, PeerChange... blocks) {
        pair.hub.peers.apply(new DeviceChange(null, false, null, null, replace, List.of(blocks)));
    }

    private static PeerChange block(PublicKey key, AllowedIp... prefixes) {
        return new PeerChange(
                key,
                false,
                false,
                null,
                null,
                null,
                true,
                Arrays.stream(prefixes)
                        .map(prefix -> new PeerChange.AllowedIpChange(prefix, false))
                        .toList());
    }

    private static PublicKey key(int number) {
        byte[] bytes = new byte[PublicKey.BYTES];
        bytes[0] = (byte) number;
        bytes[1] = 9;
        return PublicKey.fromBytes(bytes);
    }

    private static Endpoint endpoint(int number) {
        return new Endpoint(false, (long) (number + 1) << 32, 0, 1000, 0, 0, 0, 0);
    }
}
