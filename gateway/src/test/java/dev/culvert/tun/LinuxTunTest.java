package dev.culvert.tun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.Memory;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Real TUN devices, alarms and link messages; needs root and /dev/net/tun.
final class LinuxTunTest {
    private static final long DEADLINE_NS = 5_000_000_000L;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name = "cvt" + ProcessHandle.current().pid() % 100_000 + "x" + NUMBER.incrementAndGet();
    private final Arena arena = Arena.ofShared();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closes() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
        arena.close();
    }

    private LinuxTun tun(int queues) throws IOException {
        LinuxTun tun = LinuxTun.open(name, queues, true, true);
        opened.add(tun);
        return tun;
    }

    /// Memory for a packet of 2,048 bytes, its header before it.
    private long packet() {
        return arena.allocate(TunQueue.HEADER_BYTES + 2048).address() + TunQueue.HEADER_BYTES;
    }

    private IoEventLoop loop() {
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        opened.add(() -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly());
        return group.next();
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + DEADLINE_NS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private static void ip(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    @Test
    void hasNameIndexMtuAndQueues() throws Exception {
        LinuxTun tun = tun(3);
        assertThat(tun.name()).isEqualTo(name);
        assertThat(tun.index()).isPositive();
        assertThat(tun.queues()).hasSize(3);
        tun.mtu(1420);
        assertThat(tun.mtu()).isEqualTo(1420);
        assertThat(tun.up()).isFalse();
        tun.up(true);
        assertThat(tun.up()).isTrue();
        tun.up(false);
        assertThat(tun.up()).isFalse();
    }

    @Test
    void isEmptyThenDownThenGone() throws Exception {
        TunQueue queue = tun(1).queues().getFirst();
        long packet = packet();
        Memory.putByte(packet, 0x45); // a version nibble, or it would be EINVAL
        assertThat(queue.read(packet, 2048)).isEqualTo(-Errno.EAGAIN);
        assertThat(queue.write(packet, 20)).isEqualTo(-Errno.EIO);
        ip("link", "delete", name);
        assertThat(queue.read(packet, 2048)).isEqualTo(-Errno.EBADFD);
        assertThat(queue.write(packet, 20)).isEqualTo(-Errno.EBADFD);
    }

    @Test
    void refusesNamesAndInterfacesThatAreThere() throws Exception {
        for (String bad : List.of("", "a/b", ".", "..", "a b", "sixteencharacter")) {
            assertThatThrownBy(() -> LinuxTun.open(bad, 1, true, true))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("interface name");
        }
        LinuxTun unused = tun(2);
        assertThat(unused.name()).isEqualTo(name);
        for (int queues : new int[] {1, 2}) {
            assertThatThrownBy(() -> LinuxTun.open(name, queues, true, true))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("in use");
        }
        assertThatThrownBy(() -> LinuxTun.open("lo", 1, true, true)).isInstanceOf(IOException.class);
    }

    @Test
    void carriesAPacketOnTheLoopAndTellsWhenTheLinkIsGone() throws Exception {
        LinuxTun tun = tun(1);
        tun.up(true);
        IoEventLoop loop = loop();
        AtomicInteger packets = new AtomicInteger();
        AtomicInteger broken = new AtomicInteger();
        long packet = packet();
        ReadableHandle handle = ReadableHandle.register(
                        loop, tun.queues().getFirst().fd(), new ReadableHandle.Callback() {
                            @Override
                            public void readable() {
                                while (tun.queues().getFirst().read(packet, 2048) > 0) {
                                    packets.incrementAndGet();
                                }
                            }

                            @Override
                            public boolean broken() {
                                broken.incrementAndGet();
                                return false;
                            }
                        })
                .sync()
                .getNow();
        ip("address", "add", "198.18.77.1", "peer", "198.18.77.2", "dev", name); // never leaves our own TUN
        new ProcessBuilder("ping", "-c", "1", "-W", "1", "198.18.77.2")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
        await(() -> packets.get() > 0);
        ip("link", "delete", name);
        await(() -> broken.get() > 0);
        CountDownLatch later = new CountDownLatch(50);
        for (int i = 0; i < 50; i++) {
            loop.execute(later::countDown); // turns of the loop in which it could be called again
        }
        assertThat(later.await(5, TimeUnit.SECONDS)).isTrue();
        assertThat(broken.get()).as("watched no more").isEqualTo(1);
        handle.cancel();
    }

    @Test
    void theAlarmIsNeverEarly() throws Exception {
        TimerFd alarm = TimerFd.open();
        opened.add(alarm);
        AtomicBoolean early = new AtomicBoolean();
        CountDownLatch rung = new CountDownLatch(5);
        long[] due = {BootClock.bootNs() + 5_000_000};
        ReadableHandle handle = ReadableHandle.register(loop(), alarm.fd(), new ReadableHandle.Callback() {
                    @Override
                    public void readable() {
                        alarm.drain();
                        if (BootClock.bootNs() < due[0]) {
                            early.set(true);
                        }
                        rung.countDown();
                        due[0] = BootClock.bootNs() + 3_000_000;
                        alarm.arm(due[0]);
                    }

                    @Override
                    public boolean broken() {
                        return false;
                    }
                })
                .sync()
                .getNow();
        alarm.arm(due[0]);
        assertThat(rung.await(5, TimeUnit.SECONDS)).isTrue();
        assertThat(early.get()).isFalse();
        handle.cancel();
    }

    /// What a watch has told.
    private static final class Told implements LinkWatch.Listener {
        private final List<String> events = new CopyOnWriteArrayList<>();

        @Override
        public void changed(boolean up, int mtu) {
            events.add(up + " " + mtu);
        }

        @Override
        public void deleted() {
            events.add("deleted");
        }

        void awaitLast(String event) {
            await(() -> events.getLast().equals(event));
        }
    }

    @Test
    void tellsOfUpDownMtuAndDeletion() throws Exception {
        LinuxTun tun = tun(1);
        Told told = new Told();
        opened.add(LinkWatch.start(tun, loop(), told));
        told.awaitLast("false " + tun.mtu());
        ip("link", "set", name, "mtu", "1300", "up");
        told.awaitLast("true 1300");
        ip("link", "set", name, "mtu", "9000");
        told.awaitLast("true 9000");
        ip("link", "set", name, "down");
        told.awaitLast("false 9000");
        ip("link", "delete", name);
        told.awaitLast("deleted");
    }

    /// What the kernel takes for its own, as a watch tells it.
    private static final class ToldLocalRoutes implements LinkWatch.Listener {
        private final AtomicReference<@Nullable List<LocalRoute>> last = new AtomicReference<>();

        @Override
        public void changed(boolean up, int mtu) {}

        @Override
        public void deleted() {}

        @Override
        public boolean wantsLocalRoutes() {
            return true;
        }

        @Override
        public void localRoutes(@Nullable List<LocalRoute> routes) {
            last.set(routes);
        }

        void await(boolean wanted, LocalRoute route) {
            LinuxTunTest.await(() -> {
                List<LocalRoute> routes = last.get();
                return routes != null && routes.contains(route) == wanted;
            });
        }
    }

    @Test
    void tellsTheHostsOwnAddressesAsTheyComeAndGoAndInAnotherNamespace() throws Exception {
        LocalRoute loopback = new LocalRoute(false, 0x7f000000L << 32, 0, 8);
        LocalRoute ipv4 = new LocalRoute(false, 0x0a4d0001L << 32, 0, 32);
        LocalRoute broadcast = new LocalRoute(false, 0x0a4d00ffL << 32, 0, 32);
        LocalRoute ipv6 = new LocalRoute(true, 0xfd77L << 48, 1, 128);
        LocalRoute any = new LocalRoute(false, 0xcb007100L << 32, 0, 24);
        String namespace = name + "l";
        ip("netns", "add", namespace);
        opened.addFirst(() -> ip("netns", "delete", namespace));
        LinuxTun tun = tun(1);
        ToldLocalRoutes told = new ToldLocalRoutes();
        opened.add(LinkWatch.start(tun, loop(), told));
        ip("link", "set", name, "up");
        told.await(true, loopback);
        ip("addr", "add", "10.77.0.1/24", "dev", name);
        ip("addr", "add", "fd77::1/64", "dev", name, "nodad");
        told.await(true, ipv4);
        told.await(true, broadcast);
        told.await(true, ipv6);
        ip("addr", "del", "10.77.0.1/24", "dev", name);
        told.await(false, ipv4);
        told.await(false, broadcast);

        ip("link", "set", name, "netns", namespace);
        told.await(false, loopback);
        ip("-n", namespace, "link", "set", name, "up");
        ip("-n", namespace, "addr", "add", "10.77.0.1/24", "dev", name);
        told.await(true, ipv4);
        ip("-n", namespace, "route", "add", "local", "203.0.113.0/24", "dev", name);
        told.await(true, any);
    }

    @Test
    void followsTheInterfaceThroughNamesAndNamespaces() throws Exception {
        String first = name + "a";
        String second = name + "b";
        for (String namespace : List.of(first, second)) {
            ip("netns", "add", namespace);
            opened.addFirst(() -> ip("netns", "delete", namespace));
        }
        LinuxTun tun = tun(2);
        Told told = new Told();
        opened.add(LinkWatch.start(tun, loop(), told));
        ip("link", "set", name, "mtu", "1300", "up");
        told.awaitLast("true 1300");

        ip("link", "set", name, "netns", first);
        told.awaitLast("false 1300");
        ip("-n", first, "link", "set", name, "mtu", "1400", "up");
        told.awaitLast("true 1400");
        assertThat(tun.up()).isTrue();

        String other = name + "r";
        ip("-n", first, "link", "set", name, "down");
        ip("-n", first, "link", "set", name, "name", other);
        ip("-n", first, "link", "set", other, "mtu", "1500", "up");
        told.awaitLast("true 1500");
        assertThat(tun.mtu()).isEqualTo(1500);
        tun.up(false);
        told.awaitLast("false 1500");

        ip("-n", first, "link", "set", other, "netns", second);
        await(() -> tun.mtu() == 1500);
        ip("-n", second, "link", "set", other, "up");
        told.awaitLast("true 1500");
        ip("-n", second, "link", "delete", other);
        told.awaitLast("deleted");
        assertThat(told.events).containsOnlyOnce("deleted");
    }

    @Test
    void tellsASuspendFromAClockThatWasSet() throws Exception {
        long[] suspendedNs = {7_000_000_000L};
        AtomicInteger resumes = new AtomicInteger();
        SuspendWatch watch = SuspendWatch.of(loop(), () -> suspendedNs[0], resumes::incrementAndGet);
        opened.add(watch);
        watch.clockWasSet();
        assertThat(resumes.get()).isZero();
        suspendedNs[0] += 1_000_000_000L;
        watch.clockWasSet();
        assertThat(resumes.get()).isEqualTo(1);
        watch.clockWasSet();
        assertThat(resumes.get()).isEqualTo(1);
        assertThat(BootClock.suspendedNs()).isGreaterThanOrEqualTo(-50_000_000L);
        opened.add(SuspendWatch.start(loop(), resumes::incrementAndGet));
    }

    @Test
    void theBootClockRises() {
        long first = BootClock.bootNs();
        assertThat(BootClock.bootNs()).isGreaterThanOrEqualTo(first);
        assertThat(BootClock.wallNs() / 1_000_000_000).isBetween(1_700_000_000L, 5_000_000_000L);
    }
}
