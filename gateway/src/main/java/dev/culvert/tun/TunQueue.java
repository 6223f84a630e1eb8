package dev.culvert.tun;

/// One queue of a TUN device: inner packets, one a call, not blocking. Of one thread.
public interface TunQueue {
    /// A packet that the host sends: its bytes, or -errno (EAGAIN: none there; EBADFD: the device is gone).
    int read(long address, int capacityBytes);

    /// A packet for the host: its bytes, or -errno (EIO: the link is down; EINVAL: no IP packet).
    int write(long address, int lengthBytes);

    /// For epoll.
    int fd();
}
