package dev.culvert.tun;

/// One queue of a TUN device, not blocking: inner packets, each with the kernel's virtio header right before it.
/// With segmentation offload a packet may be as long as 65,535 bytes
/// and
/// stand for many of one flow. Of one thread.
public interface TunQueue {
    /// `struct virtio_net_hdr`.
    int HEADER_BYTES = 10;

    /// A packet that the host sends.
    ///
    /// @param packet where it is put; its header is put before
    /// @param capacityBytes of the packet
    /// @return its bytes without the header, or -errno (EAGAIN: none there; EBADFD: the device is gone)
    int read(long packet, int capacityBytes);

    /// A packet for the host.
    ///
    /// @param packet with its header before it
    /// @return positive, or -errno (EIO: the link is down; EINVAL: no IP packet)
    int write(long packet, int lengthBytes);

    /// A packet for the host in pieces (`struct iovec`), the first of which begins with its header.
    ///
    /// @return positive, or -errno
    int writeVector(long iovecs, int count);

    /// For epoll.
    int fd();
}
