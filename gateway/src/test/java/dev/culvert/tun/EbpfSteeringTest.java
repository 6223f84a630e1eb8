package dev.culvert.tun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The kernel's side: the program is loaded and asked by real packets. Needs root and /dev/net/tun.
final class EbpfSteeringTest {
    private static final int QUEUES = 3;
    private static final int CAPACITY = 2048;
    private static final long DEADLINE_NS = 5_000_000_000L;
    private static final long IPV4 = 0xc612_4e00L << 32; // 198.18.78.0
    private static final long IPV6 = 0xfd78L << 48;

    private final Arena arena = Arena.ofShared();
    private final long packet = arena.allocate(TunQueue.HEADER_BYTES + CAPACITY).address() + TunQueue.HEADER_BYTES;
    private final LinuxTun tun;
    private final QueueSteering steering;
    private final DatagramSocket socket;
    private int marks;

    EbpfSteeringTest() throws Exception {
        tun = LinuxTun.open("cvs" + ProcessHandle.current().pid(), QUEUES, true, true);
        tun.steerByDestination();
        steering = Objects.requireNonNull(tun.steering());
        socket = new DatagramSocket();
    }

    @BeforeEach
    void up() throws Exception {
        for (String command :
                List.of("link set %s up", "addr add 198.18.78.1/24 dev %s", "addr add fd78::1/64 dev %s")) {
            List<String> words = new ArrayList<>(List.of("ip"));
            words.addAll(List.of(command.formatted(tun.name()).split(" ", -1)));
            if (command.contains("::")) {
                words.add("nodad");
            }
            assertThat(new ProcessBuilder(words).inheritIO().start().waitFor()).isZero();
        }
    }

    @AfterEach
    void closes() {
        socket.close();
        tun.close();
        arena.close();
    }

    /// Sends a datagram and looks for it.
    private int queueOf(String destination) throws IOException {
        int mark = 0x5eed_0000 + marks++;
        byte[] payload = ByteBuffer.allocate(Integer.BYTES).putInt(mark).array();
        InetAddress address = InetAddress.getByName(destination);
        socket.send(new DatagramPacket(payload, payload.length, address, 4000));
        long end = System.nanoTime() + DEADLINE_NS;
        while (System.nanoTime() - end < 0) {
            for (int queue = 0; queue < QUEUES; queue++) {
                int bytes = tun.queues().get(queue).read(packet, CAPACITY);
                if (bytes > payload.length && Memory.getIntBe(packet + bytes - payload.length) == mark) {
                    return queue;
                }
            }
        }
        throw new AssertionError("no packet to " + destination);
    }

    @Test
    void theLongestPrefixHasThePacket() throws Exception {
        for (int queue = 0; queue < QUEUES; queue++) {
            assertThat(steering.put(false, IPV4 | (10L + queue) << 32, 0, 32, queue))
                    .isZero();
            assertThat(steering.put(true, IPV6, 10L + queue, 128, queue)).isZero();
        }
        assertThat(steering.put(false, IPV4 | 64L << 32, 0, 26, 2)).isZero();
        assertThat(steering.put(false, IPV4 | 70L << 32, 0, 32, 1)).isZero();
        assertThat(steering.put(true, IPV6, 0, 64, 1)).isZero();
        for (int queue = 0; queue < QUEUES; queue++) {
            assertThat(queueOf("198.18.78." + (10 + queue))).isEqualTo(queue);
            assertThat(queueOf("fd78::" + Integer.toHexString(10 + queue))).isEqualTo(queue);
        }
        assertThat(queueOf("198.18.78.65")).isEqualTo(2);
        assertThat(queueOf("198.18.78.127")).isEqualTo(2);
        assertThat(queueOf("198.18.78.70")).isEqualTo(1);
        assertThat(queueOf("fd78::ffff:1")).isEqualTo(1);

        assertThat(steering.put(false, IPV4 | 70L << 32, 0, 32, 0)).isZero();
        assertThat(queueOf("198.18.78.70")).as("moved").isZero();
        assertThat(steering.remove(false, IPV4 | 70L << 32, 0, 32)).isZero();
        assertThat(queueOf("198.18.78.70")).as("the prefix around it").isEqualTo(2);
        assertThat(steering.remove(false, IPV4 | 70L << 32, 0, 32)).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void theDefaultRouteIsAPrefix() throws Exception {
        assertThat(steering.put(false, 0, 0, 0, 2)).isZero();
        assertThat(steering.put(true, 0, 0, 0, 1)).isZero();
        for (int host = 20; host < 40; host++) {
            assertThat(queueOf("198.18.78." + host)).isEqualTo(2);
            assertThat(queueOf("fd78::" + host)).isEqualTo(1);
        }
    }

    @Test
    void whatNobodyHasIsSpreadAndStaysTogether() throws Exception {
        Set<Integer> ipv4 = new HashSet<>();
        Set<Integer> ipv6 = new HashSet<>();
        for (int host = 20; host < 60; host++) {
            int queue = queueOf("198.18.78." + host);
            assertThat(queueOf("198.18.78." + host)).isEqualTo(queue);
            ipv4.add(queue);
            ipv6.add(queueOf("fd78::" + host));
        }
        assertThat(ipv4).hasSize(QUEUES);
        assertThat(ipv6).hasSize(QUEUES);
    }

    @Test
    void saysWhatTheKernelRefuses() throws Exception {
        LinuxTun closed = LinuxTun.open("cvr" + ProcessHandle.current().pid(), 2, true, true);
        closed.close();
        assertThatThrownBy(closed::steerByDestination)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("give the TUN the program");
        assertThat(steering.put(false, 0, 0, 33, 0)).isEqualTo(-Errno.EINVAL);
        tun.close();
        assertThat(steering.put(false, 0, 0, 0, 0)).isEqualTo(-Errno.EBADF);
    }
}
