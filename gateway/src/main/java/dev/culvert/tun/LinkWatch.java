package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;

/// Tells when an interface goes up or down, changes its MTU or disappears (rtnetlink(7), group RTMGRP_LINK). Of
/// one thread.
public final class LinkWatch implements AutoCloseable {
    /// Called by [#drain].
    public interface Listener {
        /// @param mtu bytes
        void changed(boolean up, int mtu);

        void deleted();
    }

    private static final int NETLINK_ROUTE = 0;
    private static final int RTMGRP_LINK = 1;
    private static final int RTM_NEWLINK = 16;
    private static final int RTM_DELLINK = 17;
    private static final int AF_UNSPEC = 0;
    private static final int IFF_UP = 1;
    private static final int IFLA_MTU = 4;
    private static final int BUFFER_BYTES = 32 << 10;
    private static final int MESSAGES_PER_DRAIN = 64;
    /// nlmsghdr: len u32, type u16, flags u16, seq, pid. ifinfomsg: family, type, index i32 at 4, flags u32 at 8,
    /// change.
    private static final int NLMSG_HEADER_BYTES = 16;

    private static final int IFINFO_BYTES = 16;

    private final Arena arena = Arena.ofShared();
    private final Libc libc = new Libc(arena);
    private final long buffer = arena.allocate(BUFFER_BYTES, 8).address();
    private final Tun link;
    private final Listener listener;
    private final int fd;

    private LinkWatch(Tun link, Listener listener) throws IOException {
        this.link = link;
        this.listener = listener;
        fd = libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW, NETLINK_ROUTE);
        int result = fd;
        if (fd >= 0) {
            long address = arena.allocate(12, 8).address(); // sockaddr_nl: family, pad, pid, groups
            Memory.putNativeShort(address, Libc.AF_NETLINK);
            Memory.putNativeInt(address + 8, RTMGRP_LINK);
            result = libc.bind(fd, address, 12);
        }
        if (result < 0) {
            close();
            throw new IOException("cannot watch the link " + link.name() + ": " + Errno.text(-result));
        }
    }

    /// Only changes from now on are told: read the present state afterwards.
    ///
    /// @throws IOException if the kernel refuses the socket
    public static LinkWatch open(Tun link, Listener listener) throws IOException {
        return new LinkWatch(link, listener);
    }

    /// For epoll.
    public int fd() {
        return fd;
    }

    /// Reads what the kernel told and calls the listener.
    public void drain() {
        for (int i = 0; i < MESSAGES_PER_DRAIN; i++) {
            int bytes = libc.recv(fd, buffer, BUFFER_BYTES, 0);
            if (bytes == -Errno.ENOBUFS) {
                listener.changed(link.up(), link.mtu()); // messages were lost: the state itself is there to read
            } else if (bytes <= 0) {
                return;
            } else {
                messages(bytes);
            }
        }
    }

    private void messages(int bytes) {
        int at = 0;
        while (at + NLMSG_HEADER_BYTES + IFINFO_BYTES <= bytes) {
            int length = Memory.getNativeInt(buffer + at);
            int type = Memory.getNativeUnsignedShort(buffer + at + 4);
            if (length < NLMSG_HEADER_BYTES + IFINFO_BYTES || length > bytes - at) {
                return;
            }
            long info = buffer + at + NLMSG_HEADER_BYTES;
            // Other families speak of other things: a port that leaves a bridge sends an RTM_DELLINK of AF_BRIDGE.
            if (Memory.getUnsignedByte(info) == AF_UNSPEC && Memory.getNativeInt(info + 4) == link.index()) {
                if (type == RTM_NEWLINK) {
                    boolean up = (Memory.getNativeInt(info + 8) & IFF_UP) != 0;
                    listener.changed(up, mtu(info + IFINFO_BYTES, buffer + at + length));
                } else if (type == RTM_DELLINK) {
                    listener.deleted();
                }
            }
            at += length + 3 & ~3;
        }
    }

    private int mtu(long from, long end) {
        long at = from;
        while (at + 4 <= end) {
            int length = Memory.getNativeUnsignedShort(at);
            if (length < 4 || length > end - at) {
                break;
            }
            if (Memory.getNativeUnsignedShort(at + 2) == IFLA_MTU && length >= 8) {
                return Memory.getNativeInt(at + 4);
            }
            at += length + 3 & ~3;
        }
        return link.mtu();
    }

    @Override
    public void close() {
        if (fd >= 0) {
            libc.close(fd);
        }
        arena.close();
    }
}
