package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;

/// A UDP socket of one family, unconnected and not blocking, with what WireGuard needs: the address that was asked
/// and the ECN bits of each datagram, the don't-fragment bit clear, large buffers (conformance 1.13).
public final class UdpSocket implements DatagramSink, AutoCloseable {
    private static final int BUFFER_BYTES = 4 << 20;
    private static final int MSG_DONTWAIT = 0x40;

    private static final int SOL_SOCKET = 1;
    private static final int SO_REUSEPORT = 15;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SO_MARK = 36;
    private static final int SO_ATTACH_REUSEPORT_CBPF = 51;
    private static final int IP_MTU_DISCOVER = 10;
    private static final int IP_RECVTOS = 13;
    private static final int IPV6_MTU_DISCOVER = 23;
    private static final int IPV6_V6ONLY = 26;
    private static final int IPV6_RECVPKTINFO = 49;
    private static final int IPV6_RECVTCLASS = 66;
    private static final int PMTUDISC_DONT = 0;

    private final Arena arena = Arena.ofShared();
    private final Libc libc = new Libc(arena);
    private final boolean ipv6;
    private final int fd;
    private boolean closed;

    private UdpSocket(boolean ipv6) throws IOException {
        this.ipv6 = ipv6;
        fd = libc.socket(ipv6 ? Libc.AF_INET6 : Libc.AF_INET, Libc.SOCK_DGRAM, 0);
        if (fd < 0) {
            arena.close();
            throw new IOException(Errno.text(-fd));
        }
    }

    /// Not bound yet.
    ///
    /// @throws IOException if the host has no such family, or the process no file descriptor left
    public static UdpSocket open(boolean ipv6) throws IOException {
        UdpSocket socket = new UdpSocket(ipv6);
        try {
            socket.configure();
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private void configure() throws IOException {
        if (ipv6) {
            set(ControlMessages.IPPROTO_IPV6, IPV6_V6ONLY, 1);
            set(ControlMessages.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
            set(ControlMessages.IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
            set(ControlMessages.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DONT);
        } else {
            set(ControlMessages.IPPROTO_IP, ControlMessages.IP_PKTINFO, 1);
            set(ControlMessages.IPPROTO_IP, IP_RECVTOS, 1);
            set(ControlMessages.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DONT);
        }
        buffer(SO_RCVBUF, SO_RCVBUFFORCE);
        buffer(SO_SNDBUF, SO_SNDBUFFORCE);
    }

    private void set(int level, int option, int value) throws IOException {
        int result = libc.setsockopt(fd, level, option, value);
        if (result < 0) {
            throw new IOException("socket option " + level + "/" + option + ": " + Errno.text(-result));
        }
    }

    /// Beyond the system's limit where we may, up to it where not.
    private void buffer(int option, int forced) {
        if (libc.setsockopt(fd, SOL_SOCKET, forced, BUFFER_BYTES) < 0) {
            int unused = libc.setsockopt(fd, SOL_SOCKET, option, BUFFER_BYTES);
            assert unused <= 0;
        }
    }

    /// Lets the lanes' sockets share a port; before [#bind].
    public void reusePort() {
        int result = libc.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        assert result == 0 : Errno.text(-result);
    }

    /// Has the kernel join datagrams of one source and length to units (UDP_GRO, kernel 5.0). An older one goes on
    /// without.
    ///
    /// @return whether it does
    public boolean coalesce() {
        return libc.setsockopt(fd, ControlMessages.SOL_UDP, ControlMessages.UDP_GRO, 1) == 0;
    }

    /// Whether the kernel knows UDP_SEGMENT (4.18). What it says of a message only sending shows.
    @Override
    public boolean segments() {
        return libc.getsockopt(fd, ControlMessages.SOL_UDP, ControlMessages.UDP_SEGMENT) >= 0;
    }

    /// To the wildcard address.
    ///
    /// @param port 0 lets the kernel choose
    /// @return 0 or -errno
    public int bind(int port) {
        try (Arena scratch = Arena.ofConfined()) {
            int bytes = SocketAddressLayout.bytes(ipv6);
            long address = scratch.allocate(bytes, 8).address();
            SocketAddressLayout.write(address, ipv6, 0, 0, port, 0);
            return libc.bind(fd, address, bytes);
        }
    }

    /// 0 before [#bind].
    public int localPort() {
        try (Arena scratch = Arena.ofConfined()) {
            long address =
                    scratch.allocate(SocketAddressLayout.IPV6_BYTES + 4, 8).address();
            long length = address + SocketAddressLayout.IPV6_BYTES;
            Memory.putNativeInt(length, SocketAddressLayout.IPV6_BYTES);
            return libc.getsockname(fd, address, length) < 0 ? 0 : SocketAddressLayout.port(address);
        }
    }

    /// SO_MARK; 0 for none.
    ///
    /// @return 0 or -errno (EPERM without CAP_NET_ADMIN)
    public int mark(int fwmark) {
        return libc.setsockopt(fd, SOL_SOCKET, SO_MARK, fwmark);
    }

    /// Has the kernel choose the socket of this reuseport group by the lane that a session index names. Types 3
    /// and 4 carry the receiver index at byte 4, type 2 at byte 8; its low byte mod `lanes` is the lane.
    /// Everything else is hashed over the group, since the program answers no socket's number. Sockets count in
    /// the order of binding.
    ///
    /// @return 0 or -errno
    public int steer(int lanes) {
        int none = 0xffff;
        // {code, jump if true, jump if false, k}: classic BPF (linux/filter.h); data begins at the UDP payload.
        int[][] program = {
            {0x80, 0, 0, 0}, // 0: A = length
            {0x35, 0, 9, 9}, // 1: shorter than 9 bytes: to 11
            {0x30, 0, 0, 0}, // 2: A = type
            {0x15, 2, 0, 3}, // 3: 3: to 6
            {0x15, 1, 0, 4}, // 4: 4: to 6
            {0x15, 2, 5, 2}, // 5: 2: to 8, else to 11
            {0x30, 0, 0, 4}, // 6: A = byte 4
            {0x05, 0, 0, 1}, // 7: to 9
            {0x30, 0, 0, 8}, // 8: A = byte 8
            {0x94, 0, 0, lanes}, // 9: A %= lanes
            {0x16, 0, 0, 0}, // 10: return A
            {0x06, 0, 0, none}, // 11: return none
        };
        try (Arena scratch = Arena.ofConfined()) {
            long filters = scratch.allocate(8L * program.length, 8).address();
            for (int i = 0; i < program.length; i++) {
                long at = filters + 8L * i;
                Memory.putNativeShort(at, program[i][0]);
                Memory.putByte(at + 2, program[i][1]);
                Memory.putByte(at + 3, program[i][2]);
                Memory.putNativeInt(at + 4, program[i][3]);
            }
            long fprog = scratch.allocate(16, 8).address();
            Memory.putNativeShort(fprog, program.length);
            Memory.putNativeLong(fprog + 8, filters);
            return libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, fprog, 16);
        }
    }

    /// For epoll.
    public int fd() {
        return fd;
    }

    /// Receives what is there, up to the array's slots.
    ///
    /// @return how many, or -errno (EAGAIN: nothing)
    public int receive(ReceiveArray array) {
        int received = libc.recvmmsg(fd, array.prepare(), array.slots(), MSG_DONTWAIT);
        if (received > 0) {
            array.parse(received);
        }
        return received;
    }

    @Override
    public int send(SendArray array, int from, int count) {
        return libc.sendmmsg(fd, array.header(from), count, MSG_DONTWAIT);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            libc.close(fd);
            arena.close();
        }
    }
}
