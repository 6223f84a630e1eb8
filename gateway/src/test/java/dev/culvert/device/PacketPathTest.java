package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.tun.Errno;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Packets through real lanes and handlers, from a TUN to the other TUN, with 1, 2 and 3 lanes.
@LaneConfined
final class PacketPathTest {
    private static final int HUB = 1;

    private final ManualClock clock = new ManualClock();
    private final List<TestDevice> made = new ArrayList<>();

    private TestDevice device(int host, int lanes) {
        TestDevice device = new TestDevice(host, lanes, clock, 1000 + host);
        made.add(device);
        return device;
    }

    @BeforeEach
    void nothingMadeYet() {
        assertThat(made).isEmpty();
    }

    @AfterEach
    void closesAll() {
        made.forEach(TestDevice::close);
    }

    private static void pair(TestDevice spoke, TestDevice hub, PresharedKey psk) {
        spoke.peer(hub, true, psk, InnerPacket.prefix4(0, 24), InnerPacket.prefix6(0, 64));
        hub.peer(spoke, false, psk, InnerPacket.prefix4(spoke.host, 32), InnerPacket.prefix6(spoke.host, 128));
    }

    /// A pair whose first packet has crossed.
    private TestNetwork connected(TestDevice hub, TestDevice spoke) {
        TestNetwork network = new TestNetwork(clock, hub, spoke);
        pair(spoke, hub, PresharedKey.NONE);
        spoke.host(0, InnerPacket.ipv4(2, HUB, "first"));
        network.settle();
        return network;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void carriesBothFamiliesBothWaysAfterAHandshake(int lanes) {
        TestDevice hub = device(HUB, lanes);
        TestDevice spoke = device(2, lanes);
        TestNetwork network = new TestNetwork(clock, hub, spoke);
        pair(spoke, hub, PresharedKey.generate(new Random(7)::nextBytes));

        for (int lane = 0; lane < lanes; lane++) {
            spoke.host(lane, InnerPacket.ipv4(2, HUB, "v4 up " + lane));
            network.settle();
            spoke.host(lane, InnerPacket.ipv6(2, HUB, "v6 up " + lane));
            network.settle();
            hub.host(lane, InnerPacket.ipv4(HUB, 2, "v4 down " + lane));
            hub.host(lane, InnerPacket.ipv6(HUB, 2, "v6 down " + lane));
            network.settle();
        }

        assertThat(hub.delivered()).hasSize(2 * lanes).contains("v4 up 0", "v6 up 0");
        assertThat(spoke.delivered()).hasSize(2 * lanes).contains("v4 down 0", "v6 down 0");
        assertThat(network.seenOfType(1)).isEqualTo(1);
        assertThat(network.seenOfType(2)).isEqualTo(1);
        assertThat(hub.lanePeer(spoke).lastHandshakeWallNs).isEqualTo(clock.wallNs());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void carriesSpokeToSpokeThroughTheHost(int lanes) {
        TestDevice hub = device(HUB, lanes);
        TestDevice a = device(2, 1);
        TestDevice b = device(3, 1);
        TestNetwork network = new TestNetwork(clock, hub, a, b);
        pair(a, hub, PresharedKey.NONE);
        pair(b, hub, PresharedKey.NONE);
        b.host(0, InnerPacket.ipv4(3, HUB, "hello"));
        a.host(0, InnerPacket.ipv4(2, 3, "to b"));
        network.settle();

        // The host forwards: what came out of a queue of the TUN goes in again.
        for (int lane = 0; lane < lanes; lane++) {
            for (byte[] packet : List.copyOf(hub.tun.get(lane).written)) {
                if (InnerPacket.payload(packet).equals("to b")) {
                    hub.host((lane + 1) % lanes, packet);
                }
            }
        }
        network.settle();

        assertThat(b.delivered()).containsExactly("to b");
    }

    /// The order of arrival must hold when one batch mixes sessions, and a bad packet must harm only itself.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void takesUnitsOf45SegmentsWithThreeSessionsAForgeryAndAReplayInTheMiddle(int lanes) {
        TestDevice hub = device(HUB, lanes);
        TestDevice[] spokes = {device(2, 1), device(3, 1), device(4, 1)};
        TestNetwork network = new TestNetwork(clock, hub, spokes[0], spokes[1], spokes[2]);
        for (TestDevice spoke : spokes) {
            pair(spoke, hub, PresharedKey.NONE);
            spoke.host(0, InnerPacket.ipv4(spoke.host, HUB, "first"));
            network.settle();
        }
        hub.tun.forEach(queue -> queue.written.clear());

        List<Datagram> segments = new ArrayList<>();
        for (int i = 0; i < 45; i++) {
            TestDevice spoke = spokes[i % 3];
            spoke.host(0, InnerPacket.ipv4(spoke.host, HUB, "%d:%03d".formatted(spoke.host, i)));
            segments.addAll(spoke.takeSent());
        }
        byte[] forged = segments.get(21).bytes().clone();
        forged[20] ^= 1;
        segments.set(21, segments.get(21).withBytes(forged));
        segments.set(22, segments.get(19)); // a replay, of the same session
        // One unit came from behind a proxy at host 9, the next from its other port.
        Datagram[] unit = segments.stream().map(d -> d.withSource(9, 1111)).toArray(Datagram[]::new);
        spokes[0].host(0, InnerPacket.ipv4(2, HUB, "last"));
        Datagram[] second = {spokes[0].takeSent().getFirst().withSource(9, 2222)};
        hub.receiveUnits(lanes - 1, List.of(unit, second));

        for (TestDevice spoke : spokes) {
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 45; i++) {
                if (spokes[i % 3] == spoke && i != 21 && i != 22) {
                    expected.add("%d:%03d".formatted(spoke.host, i));
                }
            }
            if (spoke == spokes[0]) {
                expected.add("last");
            }
            String prefix = spoke.host + ":";
            assertThat(hub.delivered().stream()
                            .filter(p -> p.startsWith(prefix) || p.equals("last") && spoke == spokes[0]))
                    .containsExactlyElementsOf(expected);
        }
        assertThat(hub.drops(DropReason.FORGED)).isEqualTo(1);
        assertThat(hub.drops(DropReason.FORGED, spokes[0])).isEqualTo(1);
        assertThat(hub.drops(DropReason.REPLAYED)).isEqualTo(1);
        assertThat(hub.drops(DropReason.REPLAYED, spokes[1])).isEqualTo(1);
        assertThat(port(hub.lanePeer(spokes[0]))).isEqualTo(2222);
        assertThat(port(hub.lanePeer(spokes[1]))).isEqualTo(1111);
        assertThat(port(hub.lanePeer(spokes[2]))).isEqualTo(1111);
    }

    private static int port(LanePeer peer) {
        Endpoint endpoint = peer.endpoint;
        assert endpoint != null;
        return endpoint.port;
    }

    @Test
    void handsAMisdirectedDatagramToItsHomeLaneAndGetsTheSlotBack() {
        TestDevice hub = device(HUB, 3);
        TestDevice spoke = device(2, 1);
        connected(hub, spoke);
        int home = hub.lanePeer(spoke).lane.number;

        for (int round = 0; round < 3 * Lane.LENT_SLOTS_MAX; round++) {
            spoke.host(0, InnerPacket.ipv4(2, HUB, "packet " + round));
            hub.receive((home + 1 + round % 2) % 3, spoke.takeSent().getFirst());
        }

        assertThat(hub.delivered())
                .hasSize(1 + 3 * Lane.LENT_SLOTS_MAX)
                .endsWith("packet " + (3 * Lane.LENT_SLOTS_MAX - 1));
        assertThat(hub.tun.get(home).written).hasSize(1 + 3 * Lane.LENT_SLOTS_MAX);
        assertThat(hub.drops(DropReason.LANE_FULL)).isZero();
    }

    @Test
    void handsPacketsOfTheTunToTheirHomeLaneInOrder() {
        TestDevice hub = device(HUB, 2);
        TestDevice spoke = device(2, 1);
        TestNetwork network = connected(hub, spoke);
        int away = 1 - hub.lanePeer(spoke).lane.number;

        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            hub.tun.get(away).toRead.add(InnerPacket.ipv4(HUB, 2, "n" + i));
            expected.add("n" + i);
        }
        hub.lane(away).ingress.readable();
        network.settle();

        assertThat(spoke.delivered()).containsExactlyElementsOf(expected);
    }

    @Test
    void countsAFullLaneInsteadOfWaiting() {
        TestDevice hub = device(HUB, 2);
        TestDevice spoke = device(2, 1);
        TestNetwork network = connected(hub, spoke);
        int away = 1 - hub.lanePeer(spoke).lane.number;

        int packets = 2 * Lane.LENT_SLOTS_MAX; // while the home lane does not run
        for (int i = 0; i < packets; i++) {
            hub.tun.get(away).toRead.add(InnerPacket.ipv4(HUB, 2, "n" + i));
        }
        while (!hub.tun.get(away).toRead.isEmpty()) {
            hub.lane(away).ingress.readable();
        }
        long full = hub.drops(DropReason.LANE_FULL);
        network.settle();

        assertThat(full).isEqualTo(packets - Lane.LENT_SLOTS_MAX);
        assertThat(hub.drops(DropReason.LANE_FULL, spoke)).isEqualTo(full);
        assertThat(spoke.delivered()).hasSize(Lane.LENT_SLOTS_MAX);
        hub.host(away, InnerPacket.ipv4(HUB, 2, "afterwards"));
        network.settle();
        assertThat(spoke.delivered()).endsWith("afterwards");
    }

    @Test
    void dropsAPacketWhoseSourceBelongsToAnotherPeer() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        TestNetwork network = new TestNetwork(clock, hub, spoke);
        pair(spoke, hub, PresharedKey.NONE);
        // The spoke owns 10.0.0.0/24 at the hub, but a more specific prefix in it is another peer's.
        hub.peer(spoke, false, null, InnerPacket.prefix4(0, 24));
        hub.peer(PrivateKey.generate(new Random(5)::nextBytes).publicKey(), 0, null, null, InnerPacket.prefix4(77, 32));

        spoke.host(0, InnerPacket.ipv4(77, HUB, "spoofed"));
        spoke.host(0, InnerPacket.ipv4(78, HUB, "own"));
        network.settle();

        assertThat(hub.delivered()).containsExactly("own");
        assertThat(hub.drops(DropReason.SPOOFED_SOURCE)).isEqualTo(1);
        assertThat(hub.drops(DropReason.SPOOFED_SOURCE, spoke)).isEqualTo(1);
    }

    @Test
    void stagesAtMost128PacketsDropsTheOldestAndSendsTheRestInOrder() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        TestNetwork network = new TestNetwork(clock, hub, spoke);
        pair(spoke, hub, PresharedKey.NONE);
        network.lost = datagram -> true;
        for (int i = 0; i < 140; i++) {
            spoke.host(0, InnerPacket.ipv4(2, HUB, "n" + i));
        }
        network.settle();
        assertThat(spoke.drops(DropReason.STAGED_OVERFLOW)).isEqualTo(12);
        assertThat(spoke.drops(DropReason.STAGED_OVERFLOW, hub)).isEqualTo(12);

        network.lost = datagram -> false;
        network.pass(6_000_000_000L);

        assertThat(hub.delivered()).hasSize(128).startsWith("n12").endsWith("n139");
        assertThat(spoke.lanePeer(hub).staged.isEmpty()).isTrue();
    }

    @Test
    void movesTheEndpointWithAuthenticatedPacketsOnly() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        connected(hub, spoke);

        spoke.host(0, InnerPacket.ipv4(2, HUB, "second"));
        Datagram second = spoke.takeSent().getFirst();
        byte[] forged = second.bytes().clone();
        forged[forged.length - 1] ^= 1;
        hub.receive(0, second.withBytes(forged).withSource(66, 6666));
        assertThat(port(hub.lanePeer(spoke))).isEqualTo(TestDevice.PORT);
        hub.receive(0, second);
        hub.receive(0, second.withSource(66, 6666)); // a replay
        assertThat(port(hub.lanePeer(spoke))).isEqualTo(TestDevice.PORT);

        spoke.host(0, InnerPacket.ipv4(2, HUB, "third"));
        hub.receive(0, spoke.takeSent().getFirst().withSource(5, 5555));
        assertThat(port(hub.lanePeer(spoke))).isEqualTo(5555);
        hub.host(0, InnerPacket.ipv4(HUB, 2, "back"));
        assertThat(hub.takeSent()).singleElement().satisfies(d -> {
            assertThat(d.to()).isEqualTo(5);
            assertThat(d.toPort()).isEqualTo(5555);
        });
    }

    @Test
    void answersNothingToWrongKeysAndWrongPresharedKeys() {
        TestDevice hub = device(HUB, 1);
        TestDevice stranger = device(2, 1);
        TestDevice wrongPsk = device(3, 1);
        TestNetwork network = new TestNetwork(clock, hub, stranger, wrongPsk);
        stranger.peer(hub, true, null, InnerPacket.prefix4(0, 24));
        wrongPsk.peer(hub, true, PresharedKey.generate(new Random(1)::nextBytes), InnerPacket.prefix4(0, 24));
        hub.peer(wrongPsk, false, PresharedKey.generate(new Random(2)::nextBytes), InnerPacket.prefix4(3, 32));

        stranger.host(0, InnerPacket.ipv4(2, HUB, "x"));
        network.settle();
        assertThat(network.takeSeen()).allMatch(datagram -> datagram.to() == HUB);
        assertThat(hub.drops(DropReason.UNKNOWN_PEER)).isEqualTo(1);

        wrongPsk.host(0, InnerPacket.ipv4(3, HUB, "x"));
        network.settle();
        assertThat(wrongPsk.drops(DropReason.BAD_RESPONSE)).isEqualTo(1);
        assertThat(hub.delivered()).isEmpty();
        assertThat(wrongPsk.lanePeer(hub).lastHandshakeWallNs).isZero();
        assertThat(hub.lanePeer(wrongPsk).lastHandshakeWallNs).isZero();
    }

    @Test
    void refusesAReplayedInitiationAndAFlipAnywhereInIt() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        pair(spoke, hub, PresharedKey.NONE);
        spoke.host(0, InnerPacket.ipv4(2, HUB, "x"));
        Datagram initiation = spoke.takeSent().getFirst();
        for (int bit = 0; bit < 8 * 132; bit += 7) {
            byte[] flipped = initiation.bytes().clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            hub.receive(0, initiation.withBytes(flipped));
            assertThat(hub.takeSent()).as("bit %d", bit).isEmpty();
        }

        hub.receive(0, initiation);
        assertThat(hub.takeSent()).hasSize(1);
        clock.advance(1_000_000_000L);
        hub.receive(0, initiation.withSource(66, 6666));
        assertThat(hub.takeSent()).isEmpty();
        assertThat(hub.drops(DropReason.STALE_TIMESTAMP)).isEqualTo(1);
        assertThat(hub.drops(DropReason.STALE_TIMESTAMP, spoke)).isEqualTo(1);
        assertThat(port(hub.lanePeer(spoke))).isEqualTo(TestDevice.PORT);
    }

    @Test
    void asksForACookieUnderLoadAndLetsTheRightOneIn() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        TestNetwork network = new TestNetwork(clock, hub, spoke);
        pair(spoke, hub, PresharedKey.NONE);
        hub.inboundDepth = TestDevice.UNDER_LOAD_AT;

        spoke.host(0, InnerPacket.ipv4(2, HUB, "x"));
        network.settle();
        assertThat(network.takeSeen()).extracting(Datagram::type).containsExactly(1, 3);
        assertThat(hub.drops(DropReason.COOKIE_REQUIRED)).isEqualTo(1);

        network.pass(6_000_000_000L); // the retransmission carries the mac2
        assertThat(network.takeSeen()).extracting(Datagram::type).containsExactly(1, 2, 4);
        assertThat(hub.delivered()).containsExactly("x");
    }

    @Test
    void losesTheCounterButNotTheSessionWhenSendingFails() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        TestNetwork network = connected(hub, spoke);
        network.takeSeen();

        spoke.sendError = Errno.EPERM;
        spoke.host(0, InnerPacket.ipv4(2, HUB, "lost"));
        spoke.sendError = 0;
        spoke.host(0, InnerPacket.ipv4(2, HUB, "second"));
        network.settle();

        assertThat(hub.delivered()).containsExactly("first", "second");
        assertThat(spoke.drops(DropReason.SEND_FAILED)).isEqualTo(1);
        assertThat(spoke.drops(DropReason.SEND_FAILED, hub)).isEqualTo(1);
        assertThat(network.takeSeen().getLast().bytes()[8]).as("counter").isEqualTo((byte) 2);
    }

    @Test
    void padsToSixteenButNeverAboveTheMtu() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        TestNetwork network = new TestNetwork(clock, hub, spoke);
        pair(spoke, hub, PresharedKey.NONE);
        spoke.host(0, InnerPacket.ipv4(2, HUB, "0123456789")); // 30 bytes
        network.settle();
        assertThat(network.takeSeen().getLast().bytes()).hasSize(32 + 32);
        spoke.state.mtu = 1419;
        spoke.host(0, InnerPacket.ipv4(2, HUB, "x".repeat(1399))); // 1419 bytes
        network.settle();
        assertThat(network.takeSeen().getLast().bytes()).hasSize(1419 + 32);
        assertThat(hub.delivered()).containsExactly("0123456789", "x".repeat(1399));
    }

    @Test
    void dropsWhatHasNoPeerNoEndpointOrIsNoIpPacket() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        pair(spoke, hub, PresharedKey.NONE);
        hub.host(0, InnerPacket.ipv4(HUB, 99, "nobody"));
        hub.host(0, InnerPacket.ipv4(HUB, 2, "no endpoint"));
        hub.host(0, new byte[] {0x75, 1, 2, 3});
        assertThat(hub.takeSent()).isEmpty();
        assertThat(hub.drops(DropReason.NO_ROUTE)).isEqualTo(1);
        assertThat(hub.drops(DropReason.NO_ENDPOINT)).isEqualTo(1);
        assertThat(hub.drops(DropReason.NO_ENDPOINT, spoke)).isEqualTo(1);
        assertThat(hub.drops(DropReason.NOT_IP)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void tellsTheHostByIcmpThatThereIsNoPeerOrNoEndpoint(int lanes) {
        TestDevice hub = device(HUB, lanes);
        TestDevice spoke = device(2, 1);
        pair(spoke, hub, PresharedKey.NONE);
        for (byte[] packet : List.of(InnerPacket.ipv4(HUB, 99, "v4"), InnerPacket.ipv6(HUB, 99, "v6"))) {
            hub.host(lanes - 1, packet);
        }
        assertThat(written(hub))
                .extracting(p -> p[0] >>> 4 == 4 ? p[20] : p[40])
                .containsExactly((byte) 3, (byte) 1);

        hub.tun.forEach(queue -> queue.written.clear());
        hub.host(lanes - 1, InnerPacket.ipv4(HUB, 2, "no endpoint"));
        assertThat(written(hub)).singleElement().satisfies(reply -> {
            assertThat(reply).hasSize(28 + 20 + "no endpoint".length());
            assertThat(reply[15]).as("from the peer's inner address").isEqualTo((byte) 2);
            assertThat(reply[19]).isEqualTo((byte) HUB);
        });
    }

    @Test
    void tellsItAtMostHundredTimesASecond() {
        TestDevice hub = device(HUB, 1);
        for (int i = 0; i < 1000; i++) {
            hub.host(0, InnerPacket.ipv4(HUB, 99, "nobody"));
        }
        assertThat(written(hub)).hasSize(UnreachableReplies.BURST);
        clock.advance(100_000_000L);
        for (int i = 0; i < 1000; i++) {
            hub.host(0, InnerPacket.ipv4(HUB, 99, "nobody"));
        }
        assertThat(written(hub)).hasSize(UnreachableReplies.BURST + UnreachableReplies.PER_SECOND / 10);
        assertThat(hub.drops(DropReason.NO_ROUTE)).isEqualTo(2000);
    }

    private static List<byte[]> written(TestDevice device) {
        return device.tun.stream().flatMap(queue -> queue.written.stream()).toList();
    }

    @Test
    void survivesJunkOfEveryLength() {
        TestDevice hub = device(HUB, 2);
        Random random = new Random(42);
        for (int length = 0; length < 300; length++) {
            byte[] junk = new byte[length];
            random.nextBytes(junk);
            if (length > 3) {
                Arrays.fill(junk, 1, 4, (byte) 0);
                junk[0] = (byte) (length % 6);
            }
            hub.receive(length % 2, new Datagram(9, 9, HUB, TestDevice.PORT, 0, junk));
        }
        assertThat(hub.takeSent()).isEmpty();
        assertThat(hub.delivered()).isEmpty();
    }

    @Test
    void forgetsARemovedPeerAtOnce() {
        TestDevice hub = device(HUB, 1);
        TestDevice spoke = device(2, 1);
        TestNetwork network = connected(hub, spoke);
        assertThat(hub.lane(0).sessions.size()).isEqualTo(1);

        hub.removePeer(spoke.publicKey());
        spoke.host(0, InnerPacket.ipv4(2, HUB, "second"));
        network.settle();

        assertThat(hub.delivered()).containsExactly("first");
        assertThat(hub.lane(0).sessions.size()).isZero();
        assertThat(hub.drops(DropReason.UNKNOWN_INDEX)).isEqualTo(1);
    }
}
