package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A TUN device of Linux (drivers/net/tun.c): no packet information header, a virtio header, one file descriptor a
/// queue.
///
/// The interface may be renamed and may be moved to another network namespace, while the queues stay ours: its
/// name is asked of the queue each time, and everything else of the namespace that [#follow] found it in.
public final class LinuxTun implements Tun {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_=+.-]{1,15}");
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNGETIFF = 0x800454d2L;
    private static final long TUNGETDEVNETNS = 0x54e3;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final long TUNSETVNETHDRSZ = 0x400454d8L;
    private static final long SIOCGIFFLAGS = 0x8913;
    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCGIFMTU = 0x8921;
    private static final long SIOCSIFMTU = 0x8922;
    private static final long SIOCGIFINDEX = 0x8933;
    private static final int IFF_UP = 1;
    private static final int IFF_TUN = 1;
    private static final int IFF_MULTI_QUEUE = 0x100;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    /// With several queues, a second process could add queues of its own to our interface.
    private static final int IFF_TUN_EXCL = 0x8000;
    private static final int TUN_F_CSUM = 1;
    private static final int TUN_F_TSO4 = 2;
    private static final int TUN_F_TSO6 = 4;
    /// Since kernel 6.2.
    private static final int TUN_F_USO4 = 0x20;

    private static final int TUN_F_USO6 = 0x40;
    private static final int IFREQ_BYTES = 40;
    private static final int IFREQ_VALUE = 16;

    private final String name;
    private final List<FdQueue> queues;
    private final Libc libc = Libc.ofAnyThread();
    /// A socket of the namespace that the interface is in: whom to ask about it.
    private int inquiry;

    private volatile int index;
    private boolean tcpSegments;
    private boolean udpSegments;
    private @Nullable EbpfSteering steering;

    private LinuxTun(String name, List<FdQueue> queues) throws IOException {
        this.name = name;
        this.queues = List.copyOf(queues);
        inquiry = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
        index = readIndex();
        if (index < 0) {
            int errno = -index;
            close();
            throw new IOException("cannot read the index of " + name + ": " + Errno.text(errno));
        }
    }

    /// Makes the interface in this process's network namespace; it is down.
    ///
    /// @param queues one a lane
    /// @param tcp whether the kernel may hand out, and take, packets that stand for many of a TCP flow
    /// @param udp the same of UDP
    /// @throws IOException says what to do
    public static LinuxTun open(String name, int queues, boolean tcp, boolean udp) throws IOException {
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw new IOException("'" + name + "' is no interface name: 1 to 15 letters, digits or one of _=+.-");
        }
        List<FdQueue> opened = new ArrayList<>();
        try {
            int flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | (queues > 1 ? IFF_MULTI_QUEUE : 0);
            for (int i = 0; i < queues; i++) {
                opened.add(openQueue(name, i == 0 ? flags | IFF_TUN_EXCL : flags));
            }
            LinuxTun tun = new LinuxTun(name, opened);
            tun.quieten();
            tun.offload(tcp, udp);
            return tun;
        } catch (IOException | RuntimeException e) {
            opened.forEach(FdQueue::close);
            throw e;
        }
    }

    /// Takes over an interface that somebody else has made, by its one open queue (`WG_TUN_FD`).
    ///
    /// @param fd inherited; closed with this object. Offloads take one that was made with IFF_VNET_HDR.
    /// @param tcp as with [#open]
    /// @param udp as with [#open]
    /// @throws IOException says what it is instead
    public static LinuxTun adopt(int fd, boolean tcp, boolean udp) throws IOException {
        Libc libc = Libc.ofAnyThread();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ifreq = arena.allocate(IFREQ_BYTES, 8);
            int result = libc.ioctl(fd, TUNGETIFF, ifreq.address());
            if (result < 0) {
                throw new IOException("WG_TUN_FD is " + fd + ", which is "
                        + switch (-result) {
                            case Errno.EBADF -> "no open descriptor: hand one over, or unset it";
                            case Errno.EBADFD ->
                                "/dev/net/tun without an interface: make one on it (TUNSETIFF), or unset it";
                            default -> "no TUN (" + Errno.text(-result) + "): hand one over, or unset it";
                        });
            }
            int flags = Memory.getNativeUnsignedShort(ifreq.address() + IFREQ_VALUE);
            if ((flags & (IFF_TUN | IFF_NO_PI)) != (IFF_TUN | IFF_NO_PI)) {
                throw new IOException(
                        "WG_TUN_FD is " + fd
                                + ", an interface of another kind: make it with IFF_TUN and IFF_NO_PI, and best with IFF_VNET_HDR");
            }
            libc.fcntl(fd, Libc.F_SETFD, Libc.FD_CLOEXEC);
            libc.fcntl(fd, Libc.F_SETFL, libc.fcntl(fd, Libc.F_GETFL, 0) | Libc.O_NONBLOCK);
            boolean hasHeader = (flags & IFF_VNET_HDR) != 0;
            String name = ifreq.getString(0, StandardCharsets.US_ASCII);
            if (hasHeader) {
                setHeaderSize(libc, fd, name);
            }
            LinuxTun tun = new LinuxTun(name, List.of(new FdQueue(fd, hasHeader)));
            if (hasHeader) {
                tun.offload(tcp, udp);
            }
            return tun;
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
            setHeaderSize(libc, fd, name);
            return new FdQueue(fd, true);
        }
    }

    /// @throws IOException if the kernel refuses; then the queue is closed
    private static void setHeaderSize(Libc libc, int fd, String name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long size = arena.allocate(Integer.BYTES, Integer.BYTES).address();
            Memory.putNativeInt(size, TunQueue.HEADER_BYTES);
            int result = libc.ioctl(fd, TUNSETVNETHDRSZ, size);
            if (result < 0) {
                libc.close(fd);
                throw new IOException("cannot set the header size of " + name + ": " + Errno.text(-result));
            }
        }
    }

    /// What an older kernel refuses is done without.
    private void offload(boolean tcp, boolean udp) {
        int fd = queues.getFirst().fd();
        int forTcp = tcp ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0;
        int forUdp = udp ? TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6 : 0;
        udpSegments = udp && libc.ioctl(fd, TUNSETOFFLOAD, forTcp | forUdp) >= 0;
        tcpSegments = tcp && (udpSegments || libc.ioctl(fd, TUNSETOFFLOAD, forTcp) >= 0);
    }

    /// What WireGuard's own interface does in the kernel: no redirects though traffic between spokes leaves
    /// where it came in, and no link-local IPv6 address, which SaveConfig would write into the file
    /// (conformance 1.14).
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

    /// Asks the kernel about the interface, or tells it, by the interface's present name.
    ///
    /// @return the value after the call, or -errno
    private synchronized int inquire(long request, int value) {
        try (Arena arena = Arena.ofConfined()) {
            long ifreq = arena.allocate(IFREQ_BYTES, 8).address();
            int result = libc.ioctl(queues.getFirst().fd(), TUNGETIFF, ifreq);
            if (result >= 0) {
                Memory.zero(ifreq + IFREQ_VALUE, IFREQ_BYTES - IFREQ_VALUE);
                Memory.putNativeInt(ifreq + IFREQ_VALUE, value);
                result = libc.ioctl(inquiry, request, ifreq);
            }
            return result < 0 ? result : Memory.getNativeInt(ifreq + IFREQ_VALUE);
        }
    }

    private int readIndex() {
        return inquire(SIOCGIFINDEX, 0);
    }

    /// Finds the interface again when it has left its network namespace.
    ///
    /// @param openThere is called on a thread in the interface's namespace: opens what is to live there
    /// @return false if the interface is in no namespace any more, because it was deleted
    /// @throws IOException if the process may not enter that namespace
    boolean follow(Consumer<Libc> openThere) throws IOException {
        int namespace = libc.ioctl(queues.getFirst().fd(), TUNGETDEVNETNS, 0);
        if (namespace == -Errno.EBADFD) {
            return false;
        }
        if (namespace < 0) {
            throw new IOException("cannot find the network namespace of " + name + ": " + Errno.text(-namespace));
        }
        try {
            int[] result = {0};
            // A namespace is a thread's: this one enters it, opens the sockets and ends.
            Thread visitor = Thread.ofPlatform().name(name + "-visitor").unstarted(() -> {
                Libc own = Libc.ofAnyThread();
                result[0] = own.setns(namespace, Libc.CLONE_NEWNET);
                if (result[0] >= 0) {
                    inquireHere(own);
                    openThere.accept(own);
                }
            });
            visitor.start();
            visitor.join();
            if (result[0] < 0) {
                throw new IOException("cannot enter the network namespace of " + name + ": " + Errno.text(-result[0]));
            }
            index = Math.max(0, readIndex()); // 0, which is no interface, if it has just moved on
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while entering the network namespace of " + name, e);
        } finally {
            libc.close(namespace);
        }
    }

    private synchronized void inquireHere(Libc own) {
        int socket = own.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
        if (socket >= 0) {
            libc.close(inquiry);
            inquiry = socket;
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
        return Math.max(0, inquire(SIOCGIFMTU, 0));
    }

    /// @throws IOException if the kernel refuses the value
    public void mtu(int bytes) throws IOException {
        int result = inquire(SIOCSIFMTU, bytes);
        if (result < 0) {
            throw new IOException("cannot set the MTU of " + name + " to " + bytes + ": " + Errno.text(-result));
        }
    }

    @Override
    public boolean up() {
        int flags = inquire(SIOCGIFFLAGS, 0);
        return flags >= 0 && (flags & IFF_UP) != 0;
    }

    /// @throws IOException if the kernel refuses
    public void up(boolean wanted) throws IOException {
        int result = inquire(SIOCGIFFLAGS, 0);
        if (result >= 0) {
            int flags = result & 0xffff;
            result = inquire(SIOCSIFFLAGS, wanted ? flags | IFF_UP : flags & ~IFF_UP);
        }
        if (result < 0) {
            throw new IOException("cannot set " + name + (wanted ? " up: " : " down: ") + Errno.text(-result));
        }
    }

    @Override
    public List<? extends TunQueue> queues() {
        return queues;
    }

    /// From now on a packet's queue is what [#steering] says of its destination; else the kernel lets a flow come out
    /// where its other direction went in last. Before the queues are read.
    ///
    /// @throws IOException if the kernel refuses; then nothing has changed
    public void steerByDestination() throws IOException {
        steering = EbpfSteering.attach(queues.getFirst().fd());
    }

    @Override
    public @Nullable QueueSteering steering() {
        return steering;
    }

    @Override
    public boolean tcpSegments() {
        return tcpSegments;
    }

    @Override
    public boolean udpSegments() {
        return udpSegments;
    }

    @Override
    public synchronized void close() {
        queues.forEach(FdQueue::close);
        if (steering != null) {
            steering.close();
        }
        if (inquiry >= 0) {
            libc.close(inquiry);
            inquiry = -1;
        }
    }

    private static final class FdQueue implements TunQueue {
        private final Libc libc = Libc.ofAnyThread();
        private int fd;

        /// Of what the kernel takes and gives: none on an interface that was made without.
        private final int headerBytes;

        FdQueue(int fd, boolean hasHeader) {
            this.fd = fd;
            headerBytes = hasHeader ? TunQueue.HEADER_BYTES : 0;
        }

        @Override
        public int read(long packet, int capacityBytes) {
            if (headerBytes == 0) {
                Memory.zero(packet - TunQueue.HEADER_BYTES, TunQueue.HEADER_BYTES);
            }
            int bytes = libc.read(fd, packet - headerBytes, headerBytes + capacityBytes);
            return bytes < 0 ? bytes : bytes - headerBytes;
        }

        @Override
        public int write(long packet, int lengthBytes) {
            return libc.write(fd, packet - headerBytes, headerBytes + lengthBytes);
        }

        @Override
        public int writeVector(long iovecs, int count) {
            return libc.writev(fd, iovecs, count);
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
