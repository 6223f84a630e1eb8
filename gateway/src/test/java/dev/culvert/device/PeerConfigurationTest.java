package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a `set` does to the peers (conformance 1.14, 1.15, 2.2).
@LaneConfined
final class PeerConfigurationTest {
    private final Random random = new Random(3);
    private final ManualClock clock = new ManualClock();
    private final TestDevice device = new TestDevice(1, 1, clock, 31);

    @AfterEach
    void closes() {
        device.close();
    }

    private PublicKey someKey() {
        return PrivateKey.generate(random::nextBytes).publicKey();
    }

    private static PeerChange block(
            PublicKey key, boolean replace, @Nullable PresharedKey psk, @Nullable Integer keepalive, AllowedIp... ips) {
        List<PeerChange.AllowedIpChange> changes = new ArrayList<>();
        for (AllowedIp ip : ips) {
            changes.add(new PeerChange.AllowedIpChange(ip, false));
        }
        return new PeerChange(key, false, false, psk, null, keepalive, replace, changes);
    }

    private void apply(PeerChange... blocks) {
        device.peers.apply(DeviceChange.ofPeers(List.of(blocks)));
        device.run();
    }

    private PeerStatus status(PublicKey key) {
        return device.peers.status().stream()
                .filter(peer -> peer.publicKey().equals(key))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void movesAnIdenticalPrefixToTheLastWriter() {
        PublicKey a = someKey();
        PublicKey b = someKey();
        AllowedIp shared = InnerPacket.prefix4(7, 32);
        apply(block(a, true, null, null, shared, InnerPacket.prefix4(8, 32)), block(b, true, null, null, shared));
        assertThat(device.state.counters.value(LaneCounters.Counter.ALLOWED_IPS_MOVED))
                .isEqualTo(1);
        apply(block(b, true, null, null, shared)); // as syncconf sends all of them again
        assertThat(device.state.counters.value(LaneCounters.Counter.ALLOWED_IPS_MOVED))
                .isEqualTo(1);
        assertThat(status(a).allowedIps()).containsExactly(InnerPacket.prefix4(8, 32));
        assertThat(status(b).allowedIps()).containsExactly(shared);
        Peer owner = device.state.router.peerFor(false, shared.hi(), 0);
        assert owner != null;
        assertThat(owner.publicKey()).isEqualTo(b);
    }

    @Test
    void twoBlocksOfOneKeyLeaveTheSecondOnesPrefixes() {
        PublicKey a = someKey();
        apply(
                block(a, true, null, null, InnerPacket.prefix4(7, 32)),
                block(a, true, null, null, InnerPacket.prefix4(9, 32)));
        assertThat(status(a).allowedIps()).containsExactly(InnerPacket.prefix4(9, 32));
        assertThat(device.state.router.peerFor(false, InnerPacket.prefix4(7, 32).hi(), 0))
                .isNull();
    }

    @Test
    void addsInOrderAndAPrefixInsertedAgainGoesLast() {
        PublicKey a = someKey();
        apply(block(a, true, null, null, InnerPacket.prefix4(1, 32), InnerPacket.prefix6(1, 128)));
        apply(block(a, false, null, null, InnerPacket.prefix4(2, 32), InnerPacket.prefix4(1, 32)));
        assertThat(status(a).allowedIps())
                .containsExactly(InnerPacket.prefix6(1, 128), InnerPacket.prefix4(2, 32), InnerPacket.prefix4(1, 32));
    }

    @Test
    void removesAPrefixOnlyFromItsOwner() {
        PublicKey a = someKey();
        PublicKey b = someKey();
        AllowedIp ip = InnerPacket.prefix4(7, 32);
        apply(block(a, true, null, null, ip), block(b, true, null, null));
        PeerChange.AllowedIpChange minus = new PeerChange.AllowedIpChange(ip, true);
        apply(new PeerChange(b, false, false, null, null, null, false, List.of(minus)));
        assertThat(status(a).allowedIps()).containsExactly(ip);
        apply(new PeerChange(a, false, false, null, null, null, false, List.of(minus)));
        assertThat(status(a).allowedIps()).isEmpty();
        assertThat(device.state.router.peerFor(false, ip.hi(), 0)).isNull();
    }

    @Test
    void aPrefixMayMoveToAndFroWithinOneRequest() {
        PublicKey a = someKey();
        PublicKey b = someKey();
        AllowedIp moving = InnerPacket.prefix4(7, 32);
        AllowedIp own = InnerPacket.prefix4(8, 32);
        apply(block(a, true, null, null, moving, own));
        apply(block(b, false, null, null, moving), block(a, false, null, null, moving));
        assertThat(status(a).allowedIps()).containsExactly(own, moving);
        assertThat(status(b).allowedIps()).isEmpty();
        apply(block(b, false, null, null, moving), block(a, false, null, null, own));
        assertThat(status(a).allowedIps()).containsExactly(own);
        assertThat(status(b).allowedIps()).containsExactly(moving);
        PeerChange gone = new PeerChange(b, true, false, null, null, null, false, List.of());
        apply(block(a, false, null, null, moving), gone);
        assertThat(status(a).allowedIps()).containsExactly(own, moving);
        assertThat(device.state.router.peerFor(false, moving.hi(), 0)).isSameAs(device.state.peers.find(a));
    }

    @Test
    void ofManyPrefixesThatMoveEachIsTakenFromItsOwner() {
        PublicKey a = someKey();
        PublicKey b = someKey();
        AllowedIp[] all = new AllowedIp[20_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = new AllowedIp(false, 10L << 56 | (long) i << 32, 0, 32);
        }
        apply(block(a, true, null, null, all));
        assertThat(status(a).allowedIps()).containsExactly(all);
        AllowedIp[] half = Arrays.copyOf(all, all.length / 2);
        apply(block(b, true, null, null, half));
        assertThat(status(a).allowedIps()).containsExactly(Arrays.copyOfRange(all, half.length, all.length));
        assertThat(status(b).allowedIps()).containsExactly(half);
        apply(new PeerChange(b, true, false, null, null, null, false, List.of()));
        assertThat(device.state.router.peerFor(false, half[5].hi(), 0)).isNull();
        assertThat(device.state.router.peerFor(false, all[half.length].hi(), 0)).isSameAs(device.state.peers.find(a));
    }

    @Test
    void anUnchangedPeerPublishesNothing() {
        PublicKey a = someKey();
        PeerChange same = block(a, true, PresharedKey.NONE, 0, InnerPacket.prefix4(7, 32));
        apply(same);
        CryptokeyRouter before = device.state.router;
        apply(same);
        assertThat(device.state.router).isSameAs(before);
    }

    @Test
    void createsRemovesAndLeavesAloneWhatUpdateOnlyDoesNotFind() {
        PublicKey a = someKey();
        apply(new PeerChange(a, false, true, null, null, null, false, List.of()));
        assertThat(device.peers.status()).isEmpty();
        apply(new PeerChange(a, true, false, null, null, null, false, List.of()));
        assertThat(device.peers.status()).isEmpty();
        apply(block(a, true, null, null, InnerPacket.prefix4(7, 32)));
        assertThat(device.peers.status()).hasSize(1);
        apply(new PeerChange(a, true, false, null, null, null, false, List.of()));
        assertThat(device.peers.status()).isEmpty();
        assertThat(device.state.router.peerFor(false, InnerPacket.prefix4(7, 32).hi(), 0))
                .isNull();
    }

    @Test
    void ignoresItsOwnKey() {
        apply(block(device.publicKey(), true, null, null, InnerPacket.prefix4(7, 32)));
        assertThat(device.peers.status()).isEmpty();
    }

    @Test
    void replacesAllPeers() {
        PublicKey a = someKey();
        PublicKey b = someKey();
        apply(block(a, true, null, null, InnerPacket.prefix4(7, 32)));
        device.peers.apply(new DeviceChange(
                null, false, null, null, true, List.of(block(b, true, null, null, InnerPacket.prefix4(7, 32)))));
        assertThat(device.peers.status()).extracting(PeerStatus::publicKey).containsExactly(b);
    }

    @Test
    void listsPeersInOrderOfCreation() {
        List<PublicKey> keys = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            keys.add(someKey());
            apply(block(keys.getLast(), true, null, null));
        }
        assertThat(device.peers.status()).extracting(PeerStatus::publicKey).containsExactlyElementsOf(keys);
        for (int at : new int[] {49, 20, 0, 0}) { // the last, one between, the first
            apply(new PeerChange(keys.remove(at), true, false, null, null, null, false, List.of()));
            assertThat(device.peers.status()).extracting(PeerStatus::publicKey).containsExactlyElementsOf(keys);
        }
        keys.add(someKey());
        apply(block(keys.getLast(), true, null, null));
        assertThat(device.peers.status()).extracting(PeerStatus::publicKey).containsExactlyElementsOf(keys);
    }

    @Test
    void showsAnEndpointOfEitherFamilyAsItWasSet() throws Exception {
        PublicKey a = someKey();
        InetSocketAddress v4 = new InetSocketAddress(InetAddress.getByName("203.0.113.9"), 7);
        InetSocketAddress v6 = new InetSocketAddress(InetAddress.getByName("2001:db8::9"), 65535);
        apply(new PeerChange(a, false, false, null, v4, null, false, List.of()));
        assertThat(status(a).endpoint()).isEqualTo(v4);
        apply(new PeerChange(a, false, false, null, v6, null, false, List.of()));
        assertThat(status(a).endpoint()).isEqualTo(v6);
    }

    @Test
    void anIdlePeerHasNoLaneState() {
        PublicKey a = someKey();
        apply(block(a, true, null, null, InnerPacket.prefix4(7, 32)));
        Peer peer = device.state.peers.find(a);
        assert peer != null;
        assertThat(peer.lanePeer).isNull();
    }
}
