package dev.culvert.tun;

/// The control messages (cmsg(3)) of WireGuard's sockets, by number, and the layout of `struct cmsghdr` and
/// `struct mmsghdr` on 64-bit Linux.
final class ControlMessages {
    static final int IPPROTO_IP = 0;
    static final int IP_TOS = 1;
    static final int IP_PKTINFO = 8;
    static final int IPPROTO_IPV6 = 41;
    static final int IPV6_PKTINFO = 50;
    static final int IPV6_TCLASS = 67;
    static final int SOL_UDP = 17;
    static final int UDP_SEGMENT = 103;
    static final int UDP_GRO = 104;

    /// cmsghdr: len u64, level i32 at 8, type i32 at 12, data at 16.
    static final int HEADER_BYTES = 16;

    static final int LEVEL = 8;
    static final int TYPE = 12;

    /// `in_pktinfo`: ifindex i32, spec_dst, addr. `in6_pktinfo`: addr, ifindex i32.
    static final int IPV4_PKTINFO_BYTES = 12;

    static final int IPV6_PKTINFO_BYTES = 20;

    /// mmsghdr: name* 0, namelen u32 8, iov* 16, iovlen 24, control* 32, controllen 40, flags i32 48, msg_len u32
    /// 56.
    static final int MMSG_BYTES = 64;

    static final int MMSG_NAMELEN = 8;
    static final int MMSG_IOV = 16;
    static final int MMSG_IOVLEN = 24;
    static final int MMSG_CONTROL = 32;
    static final int MMSG_CONTROLLEN = 40;
    static final int MMSG_FLAGS = 48;
    static final int MMSG_LENGTH = 56;
    static final int IOVEC_BYTES = 16;

    private ControlMessages() {}

    static int aligned(int bytes) {
        return bytes + 7 & ~7;
    }

    /// CMSG_SPACE.
    static int space(int dataBytes) {
        return HEADER_BYTES + aligned(dataBytes);
    }
}
