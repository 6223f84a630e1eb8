package dev.culvert.tun;

/// Tells the kernel at which queue of a TUN a packet that the host sends is to come out, by its destination. A
/// destination without an entry is the kernel's to place; each has one queue at a time. Any thread.
public interface QueueSteering {
    /// Gives the prefix to the queue, whichever had it.
    ///
    /// @param hi the upper 64 bits of the prefix, left-aligned in 128; an IPv4 address is their upper half
    /// @param lo the lower ones
    /// @return 0 or -errno (ENOSPC, ENOMEM: no room)
    int put(boolean ipv6, long hi, long lo, int prefixLength, int queue);

    /// Takes the entry of the exact prefix away.
    ///
    /// @return 0 or -errno (ENOENT: there was none)
    int remove(boolean ipv6, long hi, long lo, int prefixLength);
}
