package dev.culvert.tun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Real sockets on loopback.
final class UdpSocketTest {
    private static final long LOCALHOST_4 = 0x7f000001L << 32;
    private static final int SLOT_BYTES = 2048;
    private static final int MESSAGES_MAX = 64;
    private static final long DEADLINE_NS = 5_000_000_000L;

    private final Arena arena = Arena.ofShared();
    private final long memory = arena.allocate(MESSAGES_MAX * SLOT_BYTES).address();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closes() throws Exception {
        for (AutoCloseable resource : opened) {
            resource.close();
        }
        arena.close();
    }

    private UdpSocket socket(boolean ipv6) throws IOException {
        UdpSocket socket = UdpSocket.open(ipv6);
        opened.add(socket);
        return socket;
    }

    private ReceiveArray receiveArray(boolean ipv6, int slots) {
        ReceiveArray array = new ReceiveArray(ipv6, slots);
        opened.add(array);
        for (int i = 0; i < slots; i++) {
            array.buffer(i, arena.allocate(SLOT_BYTES).address(), SLOT_BYTES);
        }
        return array;
    }

    private SendArray sendArray(boolean ipv6, int messages) {
        SendArray array = new SendArray(ipv6, messages);
        opened.add(array);
        return array;
    }

    private long memory(int i) {
        return memory + (long) i * SLOT_BYTES;
    }

    private static long hi(boolean ipv6) {
        return ipv6 ? 0 : LOCALHOST_4;
    }

    private static long lo(boolean ipv6) {
        return ipv6 ? 1 : 0;
    }

    /// Puts bytes into memory of the message's own and addresses it to loopback.
    private void message(SendArray array, int i, byte[] bytes, int port, int tos) {
        Memory.copyIn(bytes, 0, memory(i), bytes.length);
        boolean ipv6 = array.ipv6();
        array.set(i, memory(i), bytes.length, hi(ipv6), lo(ipv6), port, 0, 0, 0, 0, tos);
    }

    private static int receive(UdpSocket socket, ReceiveArray array) {
        long end = System.nanoTime() + DEADLINE_NS;
        int received;
        do {
            received = socket.receive(array);
        } while (received == -Errno.EAGAIN && System.nanoTime() < end);
        return received;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bringsBytesSourceLocalAddressAndEcn(boolean ipv6) throws Exception {
        UdpSocket from = socket(ipv6);
        UdpSocket to = socket(ipv6);
        assertThat(from.bind(0)).isZero();
        assertThat(to.bind(0)).isZero();
        SendArray out = sendArray(ipv6, 3);
        for (int i = 0; i < 3; i++) {
            message(out, i, new byte[] {(byte) i, 42}, to.localPort(), i);
        }
        assertThat(from.send(out, 0, 3)).isEqualTo(3);

        ReceiveArray in = receiveArray(ipv6, 8);
        int received = 0;
        List<Integer> ecns = new ArrayList<>();
        while (received < 3) {
            int count = receive(to, in);
            assertThat(count).isPositive();
            for (int i = 0; i < count; i++) {
                assertThat(in.length(i)).isEqualTo(2);
                assertThat(Memory.getByte(in.address(i) + 1)).isEqualTo((byte) 42);
                assertThat(in.sourceHi(i)).isEqualTo(hi(ipv6));
                assertThat(in.sourceLo(i)).isEqualTo(lo(ipv6));
                assertThat(in.sourcePort(i)).isEqualTo(from.localPort());
                assertThat(in.localHi(i)).isEqualTo(hi(ipv6));
                assertThat(in.localLo(i)).isEqualTo(lo(ipv6));
                assertThat(in.localInterface(i)).isPositive();
                assertThat(in.truncated(i)).isFalse();
                assertThat(in.segmentSize(i)).isZero();
                ecns.add(in.ecn(i));
            }
            received += count;
        }
        assertThat(ecns).containsExactly(0, 1, 2);
    }

    @Test
    void answersFromTheAddressThatWasAsked() throws Exception {
        long other = 0x7f000007L << 32; // 127.0.0.7
        UdpSocket client = socket(false);
        UdpSocket server = socket(false);
        assertThat(client.bind(0)).isZero();
        assertThat(server.bind(0)).isZero();
        SendArray out = sendArray(false, 1);
        out.set(0, memory(0), 1, other, 0, server.localPort(), 0, 0, 0, 0, 0);
        assertThat(client.send(out, 0, 1)).isEqualTo(1);
        ReceiveArray in = receiveArray(false, 1);
        assertThat(receive(server, in)).isEqualTo(1);
        assertThat(in.localHi(0)).isEqualTo(other);

        out.set(
                0,
                memory(0),
                1,
                in.sourceHi(0),
                0,
                in.sourcePort(0),
                0,
                in.localHi(0),
                in.localLo(0),
                in.localInterface(0),
                0);
        assertThat(server.send(out, 0, 1)).isEqualTo(1);
        assertThat(receive(client, in)).isEqualTo(1);
        assertThat(in.sourceHi(0)).isEqualTo(other);
    }

    @Test
    void aSourceThatIsNotOursFailsAndClearingItHelps() throws Exception {
        UdpSocket from = socket(false);
        UdpSocket to = socket(false);
        assertThat(from.bind(0)).isZero();
        assertThat(to.bind(0)).isZero();
        SendArray out = sendArray(false, 1);
        long foreign = 0xC6336401L << 32; // 198.51.100.1
        out.set(0, memory(0), 1, LOCALHOST_4, 0, to.localPort(), 0, foreign, 0, 0, 0);
        assertThat(from.send(out, 0, 1)).isNegative();
        out.clearSource(0);
        assertThat(from.send(out, 0, 1)).isEqualTo(1);
    }

    @Test
    void marksADatagramThatWasTooLongForItsBuffer() throws Exception {
        UdpSocket from = socket(false);
        UdpSocket to = socket(false);
        assertThat(from.bind(0)).isZero();
        assertThat(to.bind(0)).isZero();
        SendArray out = sendArray(false, 1);
        message(out, 0, new byte[100], to.localPort(), 0);
        assertThat(from.send(out, 0, 1)).isEqualTo(1);
        ReceiveArray in = receiveArray(false, 1);
        in.buffer(0, in.address(0), 50);
        assertThat(receive(to, in)).isEqualTo(1);
        assertThat(in.truncated(0)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusesAPortThatIsTaken(boolean ipv6) throws Exception {
        UdpSocket first = socket(ipv6);
        assertThat(first.bind(0)).isZero();
        assertThat(socket(ipv6).bind(first.localPort())).isEqualTo(-Errno.EADDRINUSE);
    }

    @Test
    void bothFamiliesShareAPort() throws Exception {
        UdpSocket ipv4 = socket(false);
        assertThat(ipv4.bind(0)).isZero();
        assertThat(socket(true).bind(ipv4.localPort())).isZero();
    }

    @ParameterizedTest
    @CsvSource({"false,2", "false,3", "true,2", "true,3", "false,5"})
    void theKernelSteersBySessionIndex(boolean ipv6, int lanes) throws Exception {
        List<UdpSocket> group = new ArrayList<>();
        int port = 0;
        for (int i = 0; i < lanes; i++) {
            UdpSocket socket = socket(ipv6);
            socket.reusePort();
            assertThat(socket.bind(port)).isZero();
            port = socket.localPort();
            group.add(socket);
        }
        assertThat(group.getFirst().steer(lanes)).isZero();

        Random random = new Random(5);
        ReceiveArray in = receiveArray(ipv6, 16);
        int others = 0;
        boolean[] hashed = new boolean[lanes];
        for (int i = 0; i < 400; i++) {
            UdpSocket from = socket(ipv6);
            assertThat(from.bind(0)).isZero();
            byte[] bytes = new byte[i % 10 == 0 ? random.nextInt(9) : 64];
            random.nextBytes(bytes);
            int type = i % 6;
            int expected = -1;
            if (bytes.length > 0) {
                bytes[0] = (byte) type;
            }
            if (bytes.length == 64 && (type == 3 || type == 4)) {
                expected = (bytes[4] & 0xff) % lanes;
            } else if (bytes.length == 64 && type == 2) {
                expected = (bytes[8] & 0xff) % lanes;
            }
            SendArray out = sendArray(ipv6, 1);
            message(out, 0, bytes, port, 0);
            assertThat(from.send(out, 0, 1)).isEqualTo(1);
            int where = find(group, in);
            if (expected >= 0) {
                assertThat(where).as("type %d", type).isEqualTo(expected);
            } else {
                others++;
                hashed[where] = true;
            }
        }
        assertThat(others).isGreaterThan(100);
        assertThat(hashed).as("initiations and junk are spread").doesNotContain(false);
    }

    private static int find(List<UdpSocket> group, ReceiveArray in) {
        long end = System.nanoTime() + DEADLINE_NS;
        while (System.nanoTime() < end) {
            for (int i = 0; i < group.size(); i++) {
                if (group.get(i).receive(in) == 1) {
                    return i;
                }
            }
        }
        throw new AssertionError("the datagram reached no socket");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyDatagramsGoAsOneMessageAndComeAsOneUnit(boolean ipv6) throws Exception {
        UdpSocket from = socket(ipv6);
        UdpSocket to = socket(ipv6);
        assertThat(from.bind(0)).isZero();
        assertThat(to.bind(0)).isZero();
        assertThat(from.segments()).as("kernel 4.18").isTrue();
        assertThat(to.coalesce()).as("kernel 5.0").isTrue();
        SendArray out = sendArray(ipv6, 1);
        byte[] bytes = new byte[100];
        message(out, 0, bytes, to.localPort(), 1);
        int[] lengths = {100, 100, 100, 40};
        for (int i = 1; i < lengths.length; i++) {
            Memory.putByte(memory(i), i); // apart from the others: pieces of one message
            assertThat(out.append(0, memory(i), lengths[i])).isTrue();
        }
        assertThat(out.append(0, memory(5), 40)).as("behind a shorter one").isFalse();
        assertThat(out.segments(0)).isEqualTo(4);
        assertThat(out.length(0)).isEqualTo(340);
        assertThat(from.send(out, 0, 1)).isEqualTo(1);

        ReceiveArray in = receiveArray(ipv6, 4);
        assertThat(receive(to, in)).isEqualTo(1);
        assertThat(in.length(0)).isEqualTo(340);
        assertThat(in.segmentSize(0)).isEqualTo(100);
        assertThat(in.ecn(0)).isEqualTo(1);
        assertThat(in.localInterface(0)).isPositive();
        for (int i = 1; i < lengths.length; i++) {
            assertThat(Memory.getByte(in.address(0) + 100L * i)).isEqualTo((byte) i);
        }

        SendArray single = sendArray(ipv6, SendArray.SEGMENTS_MAX);
        out.spread(0, single);
        assertThat(from.send(single, 0, 4)).isEqualTo(4);
        List<Integer> received = new ArrayList<>();
        while (received.size() < 4) {
            int count = receive(to, in);
            assertThat(count).isPositive();
            for (int i = 0; i < count; i++) {
                received.add(in.length(i));
            }
        }
        assertThat(received).containsExactly(100, 100, 100, 40);
    }
}
