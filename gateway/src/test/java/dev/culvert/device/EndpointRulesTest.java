package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static dev.culvert.device.HubAndSpoke.present;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.DatagramSink;
import dev.culvert.tun.Errno;
import dev.culvert.tun.SendArray;
import io.netty.channel.ChannelPipeline;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Who moves an endpoint, and from which of our addresses a datagram goes out (conformance 1.13).
@LaneConfined
final class EndpointRulesTest {
    private static final long OUR_ADDRESS = 0xC0000263L << 32;
    private static final int OUR_INTERFACE = 7;

    private final HubAndSpoke pair = new HubAndSpoke();
    private final Arena arena = Arena.ofConfined();

    EndpointRulesTest() {
        pair.connect();
    }

    @AfterEach
    void closes() {
        arena.close();
        pair.close();
    }

    private int port() {
        return present(pair.atHub().endpoint).port;
    }

    private void receivedFrom(int port, Datagram datagram) {
        pair.hub.receive(0, datagram.withSource(55, port));
    }

    // Who moves it.

    @Test
    void anAcceptedInitiationMovesTheEndpoint() {
        pair.clock.advance(6 * S);
        receivedFrom(1, HubAndSpoke.initiation(pair.spoke, pair.hub));
        assertThat(port()).isEqualTo(1);
    }

    @Test
    void anAcceptedResponseMovesTheEndpoint() {
        pair.clock.advance(6 * S);
        Datagram initiation = HubAndSpoke.initiation(pair.hub, pair.spoke);
        pair.spoke.receive(0, initiation);
        receivedFrom(2, pair.spoke.takeSent().getFirst());
        assertThat(port()).isEqualTo(2);
    }

    @Test
    void authenticatedDataAndKeepalivesMoveTheEndpoint() {
        receivedFrom(3, pair.sealedUp("x").getFirst());
        assertThat(port()).isEqualTo(3);
        LanePeer spoke = pair.atSpoke();
        spoke.lane.command(() -> spoke.lane.sender.sendKeepalive(spoke));
        pair.spoke.run();
        receivedFrom(4, pair.spoke.takeSent().getFirst());
        assertThat(port()).isEqualTo(4);
    }

    @Test
    void authenticatedDataMovesTheEndpointThoughItsInnerPacketIsDropped() {
        pair.spoke.host(0, InnerPacket.ipv4(77, HUB, "spoofed"));
        receivedFrom(5, pair.spoke.takeSent().getFirst());
        assertThat(pair.hub.drops(DropReason.SPOOFED_SOURCE)).isEqualTo(1);
        assertThat(port()).isEqualTo(5);
    }

    @Test
    void nothingElseMovesTheEndpoint() {
        pair.clock.advance(6 * S);
        Datagram initiation = HubAndSpoke.initiation(pair.spoke, pair.hub);
        receivedFrom(10, initiation);
        pair.hub.takeSent();
        Datagram data = pair.sealedUp("x").getFirst();
        receivedFrom(10, data);
        Endpoint before = present(pair.atHub().endpoint);

        pair.clock.advance(S);
        receivedFrom(11, initiation); // replayed
        receivedFrom(12, data); // replayed
        byte[] forged = pair.sealedUp("y").getFirst().bytes().clone();
        forged[17] ^= 1;
        receivedFrom(13, data.withBytes(forged));
        byte[] unknown = forged.clone();
        unknown[4] ^= 1;
        receivedFrom(14, data.withBytes(unknown)); // data of an unknown index
        pair.hub.inboundDepth = TestDevice.UNDER_LOAD_AT;
        pair.clock.advance(6 * S);
        receivedFrom(15, HubAndSpoke.initiation(pair.spoke, pair.hub)); // answered by a cookie reply
        pair.hub.inboundDepth = 0;
        pair.spoke.inboundDepth = TestDevice.UNDER_LOAD_AT;
        pair.spoke.receive(0, HubAndSpoke.initiation(pair.hub, pair.spoke));
        Datagram reply = pair.spoke.takeSent().getFirst();
        assertThat(reply.type()).isEqualTo(3);
        receivedFrom(16, reply); // an accepted cookie reply
        assertThat(pair.hub.drops(DropReason.BAD_COOKIE)).isZero();
        receivedFrom(17, data.withBytes(new byte[] {1, 2, 3}));

        assertThat(pair.atHub().endpoint).isSameAs(before);
        assertThat(port()).isEqualTo(10);
    }

    /// Published as a whole and only when it changes, so that a reader of any thread sees one consistent endpoint.
    @Test
    void theSameSourceMakesNoNewEndpointAndAnotherLeavesTheOldOneAsItWas() {
        receivedFrom(20, pair.sealedUp("x").getFirst());
        Endpoint first = present(pair.atHub().endpoint);
        receivedFrom(20, pair.sealedUp("y").getFirst());
        assertThat(pair.atHub().endpoint).isSameAs(first);
        receivedFrom(21, pair.sealedUp("z").getFirst());
        assertThat(pair.atHub().endpoint).isNotSameAs(first);
        assertThat(first.port).isEqualTo(20);
    }

    // Our own address.

    /// Fires a datagram at the hub that came to OUR_ADDRESS.
    private void addressed(Datagram datagram) {
        PacketBatch batch = new PacketBatch();
        long memory = arena.allocate(2048, 16).address();
        Memory.copyIn(datagram.bytes(), 0, memory, datagram.bytes().length);
        int unit = batch.addUnit(-1, 0);
        batch.source(unit, false, Datagram.hi(datagram.from()), 0, datagram.fromPort(), 0);
        batch.local(unit, OUR_ADDRESS, 0, OUR_INTERFACE);
        batch.addSegments(unit, memory, datagram.bytes().length, 0);
        ChannelPipeline inbound = present(pair.hub.lane(0).inbound);
        inbound.fireChannelRead(batch);
        inbound.fireChannelReadComplete();
        pair.hub.run();
    }

    /// What a socket would be told, and what it answers.
    @LaneConfined
    private static final class Socket implements DatagramSink {
        record Sent(long sourceHi, int sourceInterface, int type, List<Byte> bytes) {}

        final List<Sent> sent = new ArrayList<>();
        int errnoWithSource;
        int calls;

        @Override
        public int send(SendArray array, int from, int count) {
            calls++;
            if (errnoWithSource != 0 && array.sourceInterface(from) != 0) {
                return -errnoWithSource;
            }
            byte[] bytes = new byte[array.length(from)];
            Memory.copyOut(array.address(from, 0), bytes, 0, bytes.length);
            List<Byte> copy = new ArrayList<>();
            for (byte b : bytes) {
                copy.add(b);
            }
            sent.add(new Sent(array.sourceHi(from), array.sourceInterface(from), bytes[0], copy));
            return 1;
        }
    }

    private Socket hubsSocket() {
        Socket socket = new Socket();
        pair.hub.lane(0).sinks(socket, null);
        return socket;
    }

    @Test
    void everythingGoesOutFromTheAddressThatThePeerLastUsed() {
        Socket socket = hubsSocket();
        addressed(pair.sealedUp("x").getFirst());
        pair.hub.host(0, InnerPacket.ipv4(HUB, SPOKE, "data"));
        pair.clock.advance(6 * S);
        addressed(HubAndSpoke.initiation(pair.spoke, pair.hub)); // a response
        pair.hub.inboundDepth = TestDevice.UNDER_LOAD_AT;
        pair.clock.advance(6 * S);
        addressed(HubAndSpoke.initiation(pair.spoke, pair.hub)); // a cookie reply
        assertThat(socket.sent).extracting(Socket.Sent::type).containsExactly(4, 2, 3);
        assertThat(socket.sent)
                .allMatch(sent -> sent.sourceHi() == OUR_ADDRESS && sent.sourceInterface() == OUR_INTERFACE);
    }

    private void sourceIsForgottenBy(Runnable event) {
        addressed(pair.sealedUp("x").getFirst());
        assertThat(present(pair.atHub().endpoint).localInterface).isEqualTo(OUR_INTERFACE);
        event.run();
        pair.hub.run();
        Endpoint after = present(pair.atHub().endpoint);
        assertThat(after.localInterface).isZero();
        assertThat(after.localHi).isZero();
        assertThat(after.toSocketAddress().getPort()).isEqualTo(TestDevice.PORT);
    }

    @Test
    void theSourceIsForgottenWhenPortOrMarkChange() {
        sourceIsForgottenBy(pair.hub.peers::forgetSources);
    }

    @Test
    void theSourceIsForgottenWhenTheEndpointIsConfigured() {
        sourceIsForgottenBy(() -> pair.hub.peer(pair.spoke, true, null, InnerPacket.prefix4(SPOKE, 32)));
    }

    @Test
    void theSourceIsForgottenWhenRetransmitFires() {
        sourceIsForgottenBy(() -> {
            pair.atHub().retransmitNs = pair.now();
            HubAndSpoke.expire(pair.hub, pair.atHub());
        });
    }

    @Test
    void theSourceIsForgottenWhenNewHandshakeFires() {
        sourceIsForgottenBy(() -> {
            pair.atHub().newHandshakeNs = pair.now();
            HubAndSpoke.expire(pair.hub, pair.atHub());
        });
    }

    /// The errors of a source that is no longer ours: the same bytes go out once more, without it.
    @Test
    void aSourceThatIsNotOursAnyMoreIsForgottenAndTheDatagramRepeatedOnce() {
        for (int errno : new int[] {Errno.EINVAL, Errno.ENETUNREACH, Errno.ENODEV, Errno.EADDRNOTAVAIL}) {
            Socket socket = hubsSocket();
            addressed(pair.sealedUp("x").getFirst());
            socket.errnoWithSource = errno;
            pair.hub.host(0, InnerPacket.ipv4(HUB, SPOKE, "data"));
            assertThat(socket.sent)
                    .singleElement()
                    .satisfies(sent -> assertThat(sent.sourceInterface()).isZero());
            assertThat(socket.calls).isEqualTo(2);
            assertThat(present(pair.atHub().endpoint).localInterface).isZero();
        }
        assertThat(pair.hub.drops(DropReason.SEND_FAILED)).isZero();
    }

    @Test
    void anotherErrorLosesTheDatagramAndKeepsTheSource() {
        Socket socket = hubsSocket();
        addressed(pair.sealedUp("x").getFirst());
        socket.errnoWithSource = Errno.EPERM;
        pair.hub.host(0, InnerPacket.ipv4(HUB, SPOKE, "data"));
        assertThat(socket.sent).isEmpty();
        assertThat(socket.calls).isEqualTo(1);
        assertThat(pair.hub.drops(DropReason.SEND_FAILED)).isEqualTo(1);
        assertThat(present(pair.atHub().endpoint).localInterface).isEqualTo(OUR_INTERFACE);
    }
}
