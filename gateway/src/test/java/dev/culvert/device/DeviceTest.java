package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.tun.Errno;
import dev.culvert.tun.TimerFd;
import dev.culvert.tun.Tun;
import dev.culvert.tun.TunQueue;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The control plane of a real device with real sockets, which carry nothing here (conformance 1.13, 1.15).
@AnyThread
final class DeviceTest {
    private static final int LANES = 2;

    private final SilentTun tun = new SilentTun();
    private final Device device = Device.start(
            new DeviceOptions(
                    "test0",
                    LANES,
                    1,
                    AeadEngine.BOUNCY_CASTLE,
                    1 << 20,
                    HandshakeLimits.DEFAULTS,
                    Offloads.NONE,
                    Forwarding.KERNEL,
                    List.of(),
                    0),
            tun,
            new ManualClock(),
            new Random(1)::nextBytes,
            () -> {});

    DeviceTest() throws IOException {}

    @AfterEach
    void closes() {
        device.close();
        tun.close();
    }

    /// A TUN through which nothing comes.
    @AnyThread
    private static final class SilentTun implements Tun {
        private final List<TimerFd> never;

        SilentTun() throws IOException {
            never = List.of(TimerFd.open(), TimerFd.open()); // not armed, so never readable
        }

        private record Queue(int fd) implements TunQueue {
            @Override
            public int read(long address, int capacityBytes) {
                return -Errno.EAGAIN;
            }

            @Override
            public int write(long address, int lengthBytes) {
                return lengthBytes;
            }

            @Override
            public int writeVector(long iovecs, int count) {
                return count;
            }
        }

        @Override
        public String name() {
            return "test0";
        }

        @Override
        public int index() {
            return 1;
        }

        @Override
        public int mtu() {
            return DeviceState.DEFAULT_MTU;
        }

        @Override
        public boolean up() {
            return true;
        }

        @Override
        public boolean tcpSegments() {
            return false;
        }

        @Override
        public boolean udpSegments() {
            return false;
        }

        @Override
        public List<? extends TunQueue> queues() {
            return IntStream.range(0, LANES)
                    .mapToObj(i -> new Queue(never.get(i).fd()))
                    .toList();
        }

        @Override
        public void close() {
            never.forEach(TimerFd::close);
        }
    }

    private void up() {
        device.changed(true, DeviceState.DEFAULT_MTU);
    }

    private static DeviceChange port(int port) {
        return new DeviceChange(null, false, port, null, false, List.of());
    }

    private static DeviceChange key(@Nullable PrivateKey key) {
        return new DeviceChange(key, key == null, null, null, false, List.of());
    }

    /// Whether somebody, of this process or another, has the port.
    private static boolean inUse(int port) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(port)) {
            assertThat(socket.getLocalPort()).isEqualTo(port);
            return false;
        } catch (BindException _) {
            return true;
        }
    }

    @Test
    void opensItsSocketsWhenTheLinkComesUpAndClosesThemWhenItGoesDown() throws Exception {
        assertThat(device.status().listenPort()).isZero();
        up();
        int port = device.status().listenPort();
        assertThat(port).isPositive();
        assertThat(inUse(port)).isTrue();
        device.changed(false, DeviceState.DEFAULT_MTU);
        assertThat(inUse(port)).isFalse();
        assertThat(device.status().listenPort()).as("kept for the next time").isEqualTo(port);
        up();
        assertThat(device.status().listenPort()).isEqualTo(port);
        assertThat(inUse(port)).isTrue();
    }

    @Test
    void aChangeOfPortOpensTheNewSocketsAndThenClosesTheOld() throws Exception {
        up();
        int before = device.status().listenPort();
        device.apply(port(0));
        int after = device.status().listenPort();
        assertThat(after).isPositive().isNotEqualTo(before);
        assertThat(inUse(before)).isFalse();
        assertThat(inUse(after)).isTrue();
    }

    @Test
    void aChangeToAPortInUseFailsWholeAndLeavesTheOldSockets() throws Exception {
        up();
        int before = device.status().listenPort();
        try (DatagramSocket other = new DatagramSocket();
                PrivateKey key = PrivateKey.generate(new Random(2)::nextBytes)) {
            DeviceChange refused = new DeviceChange(
                    key,
                    false,
                    other.getLocalPort(),
                    null,
                    false,
                    List.of(new PeerChange(key.publicKey(), false, false, null, null, 1, true, List.of())));
            assertThatThrownBy(() -> device.apply(refused))
                    .isInstanceOfSatisfying(
                            DeviceException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE))
                    .hasMessageContaining("choose another ListenPort");
        }
        assertThat(device.status().listenPort()).isEqualTo(before);
        assertThat(inUse(before)).isTrue();
        assertThat(device.status().privateKey()).as("nothing of the change").isNull();
        assertThat(device.status().peers()).isEmpty();
    }

    @Test
    void theSamePortChangesNothing() throws Exception {
        up();
        int port = device.status().listenPort();
        device.apply(port(port)); // would be refused if it were opened a second time
        assertThat(device.status().listenPort()).isEqualTo(port);
        assertThat(inUse(port)).isTrue();
    }

    @Test
    void aPortThatIsSetWhileTheLinkIsDownIsOpenedWhenItComesUp() throws Exception {
        int free;
        try (DatagramSocket socket = new DatagramSocket()) {
            free = socket.getLocalPort();
        }
        device.apply(port(free));
        assertThat(inUse(free)).isFalse();
        up();
        assertThat(device.status().listenPort()).isEqualTo(free);
        assertThat(inUse(free)).isTrue();
    }

    @Test
    void aPortInUseLeavesTheLinkWithoutSocketsUntilItIsFree() throws Exception {
        int port;
        try (DatagramSocket other = new DatagramSocket()) {
            port = other.getLocalPort();
            device.apply(port(port));
            up();
        }
        assertThat(inUse(port)).as("not opened").isFalse();
        device.changed(true, DeviceState.DEFAULT_MTU); // the link is told again
        assertThat(inUse(port)).isTrue();
    }

    @Test
    void showsThePrivateKeyItWasGivenAndForgetsIt() throws Exception {
        try (PrivateKey key = PrivateKey.generate(new Random(2)::nextBytes);
                PrivateKey same = key.copy()) {
            device.apply(key(key));
            assertThat(device.status().privateKey()).isEqualTo(key);
            device.apply(key(same));
            assertThat(device.status().privateKey()).isEqualTo(key);
            device.apply(key(null));
            assertThat(device.status().privateKey()).isNull();
        }
    }

    @Test
    void closesItsSocketsAndTakesNoMoreChanges() throws Exception {
        up();
        int port = device.status().listenPort();
        device.close();
        device.close();
        assertThat(inUse(port)).isFalse();
        assertThatThrownBy(() -> device.apply(port(0)))
                .isInstanceOfSatisfying(
                        DeviceException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
        up();
        assertThat(inUse(port)).isFalse();
    }
}
