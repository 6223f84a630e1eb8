package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// A TUN device of Linux (drivers/net/tun.c): no packet information header, one file descriptor a queue.
public final class LinuxTun implements Tun {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_=+.-]{1,15}");
    private static final long TUNSETIFF = 0x400454caL;
    private static final long SIOCGIFFLAGS = 0x8913;
    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCGIFMTU = 0x8921;
    private static final long SIOCSIFMTU = 0x8922;
    private static final long SIOCGIFINDEX = 0x8933;
    private static final int IFF_UP = 1;
    private static final int IFF_TUN = 1;
    private static final int IFF_MULTI_QUEUE = 0x100;
    private static final int IFF_NO_PI = 0x1000;
    /// With several queues, a second process could add queues of its own to our interface.
    private static final int IFF_TUN_EXCL = 0x8000;
    private static final int IFREQ_BYTES = 40;
    private static final int IFREQ_VALUE = 16;

    private final String name;
    private final int index;
    private final List<FdQueue> queues;
    private final Libc libc = Libc.ofAnyThread();

    private LinuxTun(String name, int index, List<FdQueue> queues) {
        this.name = name;
        this.index = index;
        this.queues = List.copyOf(queues);
    }

    /// Makes the interface in this process's network namespace; it is down.
    ///
    /// @param queues one a lane
    /// @throws IOException says what to do
    public static LinuxTun open(String name, int queues) throws IOException {
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw new IOException("'" + name + "' is no interface name: 1 to 15 letters, digits or one of _=+.-");
        }
        List<FdQueue> opened = new ArrayList<>();
        try {
            int flags = IFF_TUN | IFF_NO_PI | (queues > 1 ? IFF_MULTI_QUEUE : 0);
            for (int i = 0; i < queues; i++) {
                opened.add(openQueue(name, i == 0 ? flags | IFF_TUN_EXCL : flags));
            }
            LinuxTun tun = new LinuxTun(name, index(name), opened);
            tun.quieten();
            return tun;
        } catch (IOException | RuntimeException e) {
            opened.forEach(FdQueue::close);
            throw e;
        }
    }

    private static FdQueue openQueue(String name, int flags) throws IOException {
        Libc libc = Libc.ofAnyThread();
        try (Arena arena = Arena.ofConfined()) {
            long path = arena.allocateFrom("/dev/net/tun").address();
            int fd = libc.open(path, Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
            if (fd < 0) {
                throw new IOException("cannot open /dev/net/tun (" + Errno.text(-fd) + "): "
                        + (fd == -Errno.ENOENT
                                ? "the kernel has no TUN driver, or the container was not given the device"
                                : "run as root or with CAP_NET_ADMIN"));
            }
            long ifreq = ifreq(arena, name);
            Memory.putNativeShort(ifreq + IFREQ_VALUE, flags);
            int result = libc.ioctl(fd, TUNSETIFF, ifreq);
            if (result < 0) {
                libc.close(fd);
                throw new IOException("cannot make the interface " + name + " (" + Errno.text(-result) + ")"
                        + switch (-result) {
                            case Errno.EBUSY ->
                                ": it is there already and in use; 'ip link delete " + name + "' removes it";
                            case Errno.EPERM -> ": run as root or with CAP_NET_ADMIN";
                            case Errno.EINVAL -> ": an interface of this name and another kind is there";
                            default -> "";
                        });
            }
            return new FdQueue(fd);
        }
    }

    /// What WireGuard's own interface does in the kernel: no redirects though traffic between spokes leaves where
    /// it came in, and no link-local IPv6 address, which SaveConfig would write into the file (conformance 1.14).
    private void quieten() {
        for (String setting : List.of(
                "ipv4/conf/" + name + "/send_redirects=0",
                "ipv4/conf/all/send_redirects=0",
                "ipv6/conf/" + name + "/addr_gen_mode=1")) {
            int equals = setting.indexOf('=');
            try {
                Files.writeString(
                        Path.of("/proc/sys/net", setting.substring(0, equals)), setting.substring(equals + 1));
            } catch (IOException ignored) {
                // A read-only /proc/sys (containers), or a kernel without IPv6: nothing depends on it.
            }
        }
    }

    private static long ifreq(Arena arena, String name) {
        long ifreq = arena.allocate(IFREQ_BYTES, 8).address();
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        Memory.copyIn(bytes, 0, ifreq, bytes.length);
        return ifreq;
    }

    private static int index(String name) throws IOException {
        Libc libc = Libc.ofAnyThread();
        try (Arena arena = Arena.ofConfined()) {
            long ifreq = ifreq(arena, name);
            int result = interfaceIoctl(libc, SIOCGIFINDEX, ifreq);
            if (result < 0) {
                throw new IOException("cannot read the index of " + name + ": " + Errno.text(-result));
            }
            return Memory.getNativeInt(ifreq + IFREQ_VALUE);
        }
    }

    private static int interfaceIoctl(Libc libc, long request, long ifreq) {
        int socket = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
        if (socket < 0) {
            return socket;
        }
        try {
            return libc.ioctl(socket, request, ifreq);
        } finally {
            libc.close(socket);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public int mtu() {
        try (Arena arena = Arena.ofConfined()) {
            long ifreq = ifreq(arena, name);
            int result = interfaceIoctl(libc, SIOCGIFMTU, ifreq);
            return result < 0 ? 0 : Memory.getNativeInt(ifreq + IFREQ_VALUE);
        }
    }

    /// @throws IOException if the kernel refuses the value
    public void mtu(int bytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long ifreq = ifreq(arena, name);
            Memory.putNativeInt(ifreq + IFREQ_VALUE, bytes);
            int result = interfaceIoctl(libc, SIOCSIFMTU, ifreq);
            if (result < 0) {
                throw new IOException("cannot set the MTU of " + name + " to " + bytes + ": " + Errno.text(-result));
            }
        }
    }

    @Override
    public boolean up() {
        try (Arena arena = Arena.ofConfined()) {
            long ifreq = ifreq(arena, name);
            int result = interfaceIoctl(libc, SIOCGIFFLAGS, ifreq);
            return result >= 0 && (Memory.getNativeUnsignedShort(ifreq + IFREQ_VALUE) & IFF_UP) != 0;
        }
    }

    /// @throws IOException if the kernel refuses
    public void up(boolean wanted) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long ifreq = ifreq(arena, name);
            int result = interfaceIoctl(libc, SIOCGIFFLAGS, ifreq);
            if (result >= 0) {
                int flags = Memory.getNativeUnsignedShort(ifreq + IFREQ_VALUE);
                Memory.putNativeShort(ifreq + IFREQ_VALUE, wanted ? flags | IFF_UP : flags & ~IFF_UP);
                result = interfaceIoctl(libc, SIOCSIFFLAGS, ifreq);
            }
            if (result < 0) {
                throw new IOException("cannot set " + name + (wanted ? " up: " : " down: ") + Errno.text(-result));
            }
        }
    }

    @Override
    public List<? extends TunQueue> queues() {
        return queues;
    }

    @Override
    public void close() {
        queues.forEach(FdQueue::close);
    }

    private static final class FdQueue implements TunQueue {
        private final Libc libc = Libc.ofAnyThread();
        private int fd;

        FdQueue(int fd) {
            this.fd = fd;
        }

        @Override
        public int read(long address, int capacityBytes) {
            return libc.read(fd, address, capacityBytes);
        }

        @Override
        public int write(long address, int lengthBytes) {
            return libc.write(fd, address, lengthBytes);
        }

        @Override
        public int fd() {
            return fd;
        }

        synchronized void close() {
            if (fd >= 0) {
                libc.close(fd);
                fd = -1;
            }
        }
    }
}
