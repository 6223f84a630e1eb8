package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Every bit of every kind of message, and every wrong length, one at a time (conformance 5.3, R5): nothing is
/// accepted, nothing changes, and each is counted as one drop. The message itself is accepted afterwards.
@LaneConfined
final class MutationTest {
    private static final int HUB = 1;
    private static final int EXTENSION_MAX = 32;

    private final ManualClock clock = new ManualClock();
    private final TestDevice hub = new TestDevice(HUB, 2, clock, 21);
    private final TestDevice spoke = new TestDevice(2, 1, clock, 22);
    private final TestNetwork network = new TestNetwork(clock, hub, spoke);

    MutationTest() {
        PresharedKey psk = PresharedKey.generate(new Random(5)::nextBytes);
        spoke.peer(hub, true, psk, InnerPacket.prefix4(0, 24));
        hub.peer(spoke, false, psk, InnerPacket.prefix4(2, 32));
    }

    @AfterEach
    void closes() {
        hub.close();
        spoke.close();
    }

    /// A session, so that there is a state that could change.
    private void connect() {
        spoke.host(0, InnerPacket.ipv4(2, HUB, "first"));
        network.settle();
        hub.host(0, InnerPacket.ipv4(HUB, 2, "first"));
        network.settle();
        clock.advance(20_000_000_000L);
    }

    private void requireNoneAccepted(TestDevice receiver, TestDevice sender, Datagram message, int bits) {
        LanePeer peer = receiver.lanePeer(sender);
        Map<String, Object> before = PeerState.all(receiver, peer);
        long dropsBefore = drops(receiver);
        List<Datagram> mutants = mutants(message, bits);
        for (int i = 0; i < mutants.size(); i++) {
            Datagram mutant = mutants.get(i).withSource(77, 7777);
            receiver.receive(TestNetwork.steer(mutant, receiver.state.lanes().length), mutant);
            assertThat(PeerState.all(receiver, peer)).as("mutant %d", i).isEqualTo(before);
            assertThat(drops(receiver)).as("drops after mutant %d", i).isEqualTo(dropsBefore + i + 1);
        }
    }

    private static List<Datagram> mutants(Datagram message, int bits) {
        List<Datagram> mutants = new ArrayList<>();
        byte[] bytes = message.bytes();
        for (int bit = 0; bit < bits; bit++) {
            byte[] flipped = bytes.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            mutants.add(message.withBytes(flipped));
        }
        for (int length = 0; length < bytes.length + EXTENSION_MAX; length++) {
            if (length != bytes.length) {
                mutants.add(message.withBytes(Arrays.copyOf(bytes, length)));
            }
        }
        return mutants;
    }

    private static long drops(TestDevice device) {
        return Arrays.stream(DropReason.values()).mapToLong(device::drops).sum();
    }

    private Datagram newInitiation() {
        network.lost = datagram -> true;
        clock.advance(181_000_000_000L);
        spoke.host(0, InnerPacket.ipv4(2, HUB, "again"));
        network.settle();
        network.lost = datagram -> false;
        return network.takeSeen().getLast();
    }

    @Test
    void acceptsNoMutantOfAnInitiation() {
        connect();
        Datagram initiation = newInitiation();
        assertThat(initiation.type()).isEqualTo(1);
        requireNoneAccepted(hub, spoke, initiation, 8 * 132); // mac2 does not matter without load
        hub.receive(0, initiation.withBytes(flipped(initiation, 147)));
        assertThat(hub.takeSent())
                .as("a wrong mac2 without load")
                .singleElement()
                .satisfies(d -> assertThat(d.type()).isEqualTo(2));
    }

    @Test
    void acceptsNoMutantOfAnInitiationWithACookieUnderLoad() {
        connect();
        hub.inboundDepth = TestDevice.UNDER_LOAD_AT;
        hub.receive(0, newInitiation());
        hub.takeSent().forEach(reply -> spoke.receive(0, reply));
        clock.advance(6_000_000_000L);
        spoke.alarmsDue();
        Datagram initiation = spoke.takeSent().getFirst();
        assertThat(initiation.bytes()[140]).as("it bears a mac2").isNotZero();
        LanePeer peer = hub.lanePeer(spoke);
        Map<String, Object> before = PeerState.all(hub, peer);
        for (int bit = 0; bit < 8 * 148; bit++) {
            hub.receive(0, initiation.withBytes(flippedBit(initiation, bit)));
            List<Datagram> answers = hub.takeSent();
            assertThat(answers).as("only a cookie reply, to a valid mac1").allMatch(answer -> answer.type() == 3);
            assertThat(answers.size()).isLessThanOrEqualTo(1);
            assertThat(PeerState.all(hub, peer)).as("bit %d", bit).isEqualTo(before);
        }
        hub.receive(0, initiation.withSource(2, TestDevice.PORT + 1));
        assertThat(hub.takeSent()).as("the cookie is of another port").allMatch(answer -> answer.type() == 3);
        hub.receive(0, initiation);
        assertThat(hub.takeSent())
                .singleElement()
                .satisfies(d -> assertThat(d.type()).isEqualTo(2));
    }

    @Test
    void acceptsNoMutantOfAResponse() {
        connect();
        hub.receive(0, newInitiation());
        Datagram response = hub.takeSent().getFirst();
        assertThat(response.type()).isEqualTo(2);
        requireNoneAccepted(spoke, hub, response, 8 * 76);
        spoke.receive(0, response);
        assertThat(spoke.takeSent()).as("the packet that was waiting").hasSize(1);
        assertThat(spoke.lanePeer(hub).initiation).isNull();
    }

    @Test
    void acceptsNoMutantOfACookieReply() {
        connect();
        hub.inboundDepth = TestDevice.UNDER_LOAD_AT;
        hub.receive(0, newInitiation());
        Datagram reply = hub.takeSent().getFirst();
        assertThat(reply.type()).isEqualTo(3);
        requireNoneAccepted(spoke, hub, reply, 8 * 64);
        long before = drops(spoke);
        spoke.receive(0, reply);
        assertThat(drops(spoke)).as("the reply itself is taken").isEqualTo(before);
        spoke.receive(0, reply);
        assertThat(drops(spoke)).as("once").isEqualTo(before + 1);
    }

    @Test
    void acceptsNoMutantOfDataOrOfAKeepalive() {
        connect();
        spoke.host(0, InnerPacket.ipv4(2, HUB, "second"));
        Datagram data = spoke.takeSent().getFirst();
        requireNoneAccepted(hub, spoke, data, 8 * data.bytes().length);
        hub.receive(TestNetwork.steer(data, 2), data);
        assertThat(hub.delivered()).endsWith("second");

        spoke.lane(0).command(() -> spoke.lane(0).sender.sendKeepalive(spoke.lanePeer(hub)));
        spoke.run();
        Datagram keepalive = spoke.takeSent().getFirst();
        assertThat(keepalive.bytes()).hasSize(32);
        requireNoneAccepted(hub, spoke, keepalive, 8 * 32);
        long received = hub.lanePeer(spoke).rxBytes();
        hub.receive(TestNetwork.steer(keepalive, 2), keepalive);
        assertThat(hub.lanePeer(spoke).rxBytes()).isEqualTo(received + 32);
    }

    private static byte[] flipped(Datagram datagram, int at) {
        return flippedBit(datagram, 8 * at);
    }

    private static byte[] flippedBit(Datagram datagram, int bit) {
        byte[] bytes = datagram.bytes().clone();
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
        return bytes;
    }
}
