package dev.culvert.device;

import dev.culvert.tun.Errno;
import dev.culvert.tun.UdpSocket;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The device's sockets: one IPv4 and one IPv6 socket a lane, all on one port. With several lanes each family is a
/// reuseport group, steered by session index (architecture, decision 2).
///
/// Opened, replaced and closed as a whole, in lane order, by the control plane under the device's configuration
/// lock: the number of a socket in its group moves when a member closes singly.
@AnyThread
final class UdpSockets implements AutoCloseable {
    /// How often both families are tried when IPv4 chose a port that IPv6 has in use (kernel: `wg_socket_init`).
    private static final int PORT_ATTEMPTS_MAX = 100;

    private static final Logger LOG = LoggerFactory.getLogger(UdpSockets.class);

    private final List<UdpSocket> ipv4;
    /// Empty where the host has no IPv6.
    private final List<UdpSocket> ipv6;

    private final int port;

    private UdpSockets(List<UdpSocket> ipv4, List<UdpSocket> ipv6, int port) {
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
        this.port = port;
    }

    /// @param port 0 lets the system choose
    /// @param fwmark 0 for none
    /// @param coalesce has the kernel join what arrives, where it can
    /// @throws DeviceException if the port is taken (EADDRINUSE) or the mark not permitted (EPERM)
    static UdpSockets open(int port, int lanes, int fwmark, boolean coalesce) throws DeviceException {
        for (int attempt = 1; ; attempt++) {
            try {
                UdpSockets opened = openOnce(port, lanes, fwmark);
                if (coalesce) {
                    opened.coalesce();
                }
                return opened;
            } catch (DeviceException e) {
                if (port != 0 || e.errno() != Errno.EADDRINUSE || attempt == PORT_ATTEMPTS_MAX) {
                    throw e;
                }
            }
        }
    }

    private static UdpSockets openOnce(int wantedPort, int lanes, int fwmark) throws DeviceException {
        List<UdpSocket> ipv4 = new ArrayList<>();
        List<UdpSocket> ipv6 = new ArrayList<>();
        try {
            int port = lanes == 1 ? wantedPort : probe(wantedPort);
            port = openFamily(ipv4, false, port, lanes, fwmark);
            if (hasIpv6()) {
                openFamily(ipv6, true, port, lanes, fwmark);
            }
            return new UdpSockets(ipv4, ipv6, port);
        } catch (DeviceException | RuntimeException e) {
            ipv4.forEach(UdpSocket::close);
            ipv6.forEach(UdpSocket::close);
            throw e;
        }
    }

    /// Binds the port without SO_REUSEPORT and lets it go again: with it, a second process of the same user would
    /// silently share our port.
    private static int probe(int wantedPort) throws DeviceException {
        int port = wantedPort;
        for (boolean isIpv6 : new boolean[] {false, true}) {
            if (isIpv6 && !hasIpv6()) {
                continue;
            }
            try (UdpSocket socket = open(isIpv6)) {
                bind(socket, port);
                port = socket.localPort();
            }
        }
        return port;
    }

    private static int openFamily(List<UdpSocket> into, boolean isIpv6, int wantedPort, int lanes, int fwmark)
            throws DeviceException {
        int port = wantedPort;
        for (int lane = 0; lane < lanes; lane++) {
            UdpSocket socket = open(isIpv6);
            into.add(socket);
            if (lanes > 1) {
                socket.reusePort();
            }
            if (fwmark != 0) {
                mark(socket, fwmark);
            }
            bind(socket, port);
            port = socket.localPort();
        }
        if (lanes > 1) {
            int error = into.getFirst().steer(lanes);
            if (error < 0) {
                throw failure(-error, "the kernel refused the steering program of the sockets");
            }
        }
        return port;
    }

    private static boolean hasIpv6() {
        try (UdpSocket socket = UdpSocket.open(true)) {
            return socket.fd() >= 0;
        } catch (IOException e) {
            return false; // a host without IPv6: the device goes on with IPv4 (conformance 1.13)
        }
    }

    private static UdpSocket open(boolean isIpv6) throws DeviceException {
        try {
            return UdpSocket.open(isIpv6);
        } catch (IOException e) {
            throw new DeviceException(Errno.EIO, "cannot open a UDP socket: " + e.getMessage());
        }
    }

    private static void bind(UdpSocket socket, int port) throws DeviceException {
        int error = socket.bind(port);
        if (error < 0) {
            throw failure(
                    -error,
                    error == -Errno.EADDRINUSE
                            ? "UDP port " + port
                                    + " is in use: choose another ListenPort or end the program that has it"
                            : "cannot bind UDP port " + port);
        }
    }

    private static void mark(UdpSocket socket, int fwmark) throws DeviceException {
        int error = socket.mark(fwmark);
        if (error < 0) {
            throw failure(-error, "cannot set the fwmark (it takes CAP_NET_ADMIN)");
        }
    }

    private static DeviceException failure(int errno, String what) {
        return new DeviceException(errno, what + ": " + Errno.text(errno));
    }

    private void coalesce() {
        boolean all = true;
        for (UdpSocket socket : ipv4) {
            all &= socket.coalesce();
        }
        for (UdpSocket socket : ipv6) {
            all &= socket.coalesce();
        }
        if (!all) {
            LOG.info("this kernel does not join received datagrams (UDP_GRO); Culvert goes on without");
        }
    }

    int port() {
        return port;
    }

    UdpSocket ipv4(int lane) {
        return ipv4.get(lane);
    }

    @Nullable
    UdpSocket ipv6(int lane) {
        return ipv6.isEmpty() ? null : ipv6.get(lane);
    }

    /// Changes the mark of the open sockets.
    void fwmark(int fwmark) throws DeviceException {
        for (UdpSocket socket : ipv4) {
            mark(socket, fwmark);
        }
        for (UdpSocket socket : ipv6) {
            mark(socket, fwmark);
        }
    }

    /// The sockets themselves: their channels are closed before.
    @Override
    public void close() {
        ipv4.forEach(UdpSocket::close);
        ipv6.forEach(UdpSocket::close);
    }
}
