package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.tun.Errno;
import dev.culvert.wire.TransportData;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Datagrams for one peer leave as one message, and one by one when the kernel refuses that (issue of each errno:
/// udp(7) and net/ipv4/udp.c). The handlers are the real ones; only sendmmsg is not.
@LaneConfined
final class SegmentedSendTest {
    private static final int HUB = 1;
    private static final int A = 2;
    private static final int B = 3;

    private final ManualClock clock = new ManualClock();
    private final TestDevice hub = new TestDevice(HUB, 1, clock, 5);
    private final TestDevice a = new TestDevice(A, 1, clock, 6);
    private final TestDevice b = new TestDevice(B, 1, clock, 7);
    private final TestNetwork network = new TestNetwork(clock, hub, a, b);

    SegmentedSendTest() {
        for (TestDevice spoke : List.of(a, b)) {
            spoke.peer(hub, true, PresharedKey.NONE, InnerPacket.prefix4(0, 24));
            hub.peer(spoke, false, PresharedKey.NONE, InnerPacket.prefix4(spoke.host, 32));
            spoke.host(0, InnerPacket.ipv4(spoke.host, HUB, "hello"));
            network.settle();
            hub.host(0, InnerPacket.ipv4(HUB, spoke.host, "hello"));
            network.settle();
        }
        assertThat(hub.tun.getFirst().written).hasSize(2);
        hub.messages.clear();
        a.tun.getFirst().written.clear();
        b.tun.getFirst().written.clear();
    }

    @AfterEach
    void closes() {
        hub.close();
        a.close();
        b.close();
    }

    /// Payloads of `lengths`, each beginning with its number.
    private static byte[][] packets(int to, int... lengths) {
        return IntStream.range(0, lengths.length)
                .mapToObj(i -> InnerPacket.ipv4(HUB, to, i + "x".repeat(lengths[i])))
                .toArray(byte[][]::new);
    }

    private static byte[][] equal(int to, int count) {
        return packets(to, IntStream.generate(() -> 100).limit(count).toArray());
    }

    private static List<String> arrived(TestDevice spoke) {
        return spoke.tun.getFirst().written.stream().map(InnerPacket::payload).toList();
    }

    private static List<String> payloads(byte[][] packets) {
        return IntStream.range(0, packets.length)
                .mapToObj(i -> InnerPacket.payload(packets[i]))
                .toList();
    }

    private void arrivesInOrder(TestDevice spoke, byte[][] packets) {
        network.settle();
        assertThat(arrived(spoke)).isEqualTo(payloads(packets));
    }

    private List<Long> counters() {
        return hub.sent.stream()
                .filter(datagram -> datagram.type() == 4)
                .map(datagram -> ByteBuffer.wrap(datagram.bytes())
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getLong(8))
                .toList();
    }

    @Test
    void equalDatagramsAreOneMessage() {
        byte[][] packets = equal(A, 10);
        hub.host(0, packets);
        assertThat(hub.messages).containsExactly(10);
        assertThat(counters()).doesNotHaveDuplicates().isSorted();
        arrivesInOrder(a, packets);
    }

    @Test
    void aShorterOneEndsTheMessageAndALongerOneBeginsAnother() {
        byte[][] packets = packets(A, 100, 100, 20, 100, 100, 200, 200);
        hub.host(0, packets);
        assertThat(hub.messages).containsExactly(3, 2, 2);
        arrivesInOrder(a, packets);
    }

    @Test
    void aMessageTakesAtMost64Datagrams() {
        byte[][] packets = equal(A, 64);
        hub.host(0, packets);
        assertThat(hub.messages).containsExactly(64);
        hub.host(0, equal(A, 130));
        assertThat(hub.messages).containsExactly(64, 64, 64, 2);
        network.settle();
        assertThat(arrived(a)).hasSize(194);
    }

    @Test
    void peersThatTakeTurnsHaveAMessageEach() {
        List<byte[]> mixed = new ArrayList<>();
        byte[][] toA = equal(A, 8);
        byte[][] toB = equal(B, 8);
        for (int i = 0; i < 8; i++) {
            mixed.add(toA[i]);
            mixed.add(toB[i]);
        }
        hub.host(0, mixed.toArray(byte[][]::new));
        assertThat(hub.messages).containsExactly(8, 8);
        arrivesInOrder(a, toA);
        arrivesInOrder(b, toB);
    }

    @Test
    void eachDatagramIsCounted() {
        long datagrams = hub.lane(0).counters.value(LaneCounters.Counter.DATAGRAMS_SENT);
        long bytes = hub.lane(0).counters.value(LaneCounters.Counter.BYTES_SENT);
        long peer = hub.lanePeer(a).txBytes();
        hub.host(0, equal(A, 7));
        long sent = 7L * (TransportData.paddedLength(121, DeviceState.DEFAULT_MTU) + TransportData.OVERHEAD_BYTES);
        assertThat(hub.lane(0).counters.value(LaneCounters.Counter.DATAGRAMS_SENT) - datagrams)
                .isEqualTo(7);
        assertThat(hub.lane(0).counters.value(LaneCounters.Counter.BYTES_SENT) - bytes)
                .isEqualTo(sent);
        assertThat(hub.lanePeer(a).txBytes() - peer).isEqualTo(sent);
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EIO, Errno.EINVAL, Errno.EMSGSIZE})
    void refusedMessagesAreSentOneByOneUnderTheirOwnCounters(int errno) {
        hub.segmentsError = errno;
        byte[][] packets = equal(A, 10);
        hub.host(0, packets);
        assertThat(hub.messages).containsOnly(1).hasSize(10);
        assertThat(counters()).doesNotHaveDuplicates().isSorted();
        arrivesInOrder(a, packets);
        assertThat(hub.drops(DropReason.SEND_FAILED)).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        Errno.EIO + ",    1 1 1 1, 1 1 1",
        Errno.EINVAL + ",   1 1 1 1, 3",
        Errno.EMSGSIZE + ", 1 1 1 1, 3",
    })
    void isNotTriedAgainWhereItWasRefused(int errno, String sameLength, String otherPeer) {
        hub.segmentsError = errno;
        hub.host(0, equal(A, 4));
        hub.segmentsError = 0;
        hub.messages.clear();
        hub.host(0, equal(A, 4));
        assertThat(hub.messages).hasToString("[" + sameLength.replace(" ", ", ") + "]");
        hub.messages.clear();
        hub.host(0, equal(B, 3));
        assertThat(hub.messages).hasToString("[" + otherPeer.replace(" ", ", ") + "]");
    }

    @Test
    void shorterDatagramsAreStillJoinedAndLongOnesAgainAfterTheEndpointMoved() {
        hub.segmentsError = Errno.EMSGSIZE;
        hub.host(0, equal(A, 4));
        hub.segmentsError = 0;
        hub.messages.clear();
        hub.host(0, packets(A, 20, 20));
        assertThat(hub.messages).containsExactly(2);
        network.settle();
        a.host(0, InnerPacket.ipv4(A, HUB, "I have moved"));
        hub.receive(0, a.takeSent().getFirst().withSource(A, 7));
        hub.messages.clear();
        hub.host(0, equal(A, 4));
        assertThat(hub.messages).containsExactly(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void partlyTakenCallsLoseNothing(int takenAtOnce) {
        hub.takenAtOnce = takenAtOnce;
        hub.host(0, packets(A, 10, 100, 200, 300));
        network.settle();
        assertThat(arrived(a)).hasSize(4);
        hub.segmentsError = Errno.EIO;
        hub.host(0, equal(A, 9));
        network.settle();
        assertThat(arrived(a)).hasSize(13);
    }

    @ParameterizedTest
    @CsvSource({Errno.EAGAIN + ", SEND_QUEUE_FULL", Errno.ENOBUFS + ", SEND_QUEUE_FULL", Errno.EPERM + ", SEND_FAILED"})
    void otherErrorsDropTheWholeMessageCounted(int errno, DropReason reason) {
        hub.sendError = errno;
        hub.host(0, equal(A, 10));
        assertThat(hub.drops(reason)).isEqualTo(10);
        hub.sendError = 0;
        byte[][] packets = equal(A, 2);
        hub.host(0, packets);
        assertThat(hub.messages).containsExactly(2);
        arrivesInOrder(a, packets);
    }
}
