package dev.culvert.tun;

/// UDP_SEGMENT as an option of the socket (udp(7)): whatever is longer leaves as datagrams of one size.
public final class SegmentOption {
    private static final int SOL_UDP = 17;
    private static final int UDP_SEGMENT = 103;

    private SegmentOption() {}

    /// @param bytes of UDP payload a datagram; 0 ends it
    /// @return 0 or -errno
    public static int set(UdpSocket socket, int bytes) {
        return Libc.ofAnyThread().setsockopt(socket.fd(), SOL_UDP, UDP_SEGMENT, bytes);
    }
}
