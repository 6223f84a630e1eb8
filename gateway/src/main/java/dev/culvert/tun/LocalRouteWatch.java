package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import io.netty.channel.IoEventLoop;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells what the kernel takes for its own, from the routing table *local* (rtnetlink(7), RTM_GETROUTE), and again
/// whenever addresses or that table change. Of one event loop's thread but for the beginning and the end; its
/// [LinkWatch] takes it along when the interface moves to another network namespace.
final class LocalRouteWatch implements AutoCloseable {
    private static final int NETLINK_ROUTE = 0;
    private static final int SOL_NETLINK = 270;
    /// Has the kernel look at the table that a dump asks for (4.20); an older one tells all tables.
    private static final int NETLINK_GET_STRICT_CHK = 12;

    private static final int RTMGRP_IPV4_IFADDR = 0x10;
    private static final int RTMGRP_IPV4_ROUTE = 0x40;
    private static final int RTMGRP_IPV6_IFADDR = 0x100;
    private static final int RTMGRP_IPV6_ROUTE = 0x400;
    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int RTM_NEWADDR = 20;
    private static final int RTM_DELADDR = 21;
    private static final int RTM_NEWROUTE = 24;
    private static final int RTM_DELROUTE = 25;
    private static final int RTM_GETROUTE = 26;
    private static final int NLM_F_REQUEST = 1;
    private static final int NLM_F_DUMP_INTR = 0x10;
    private static final int NLM_F_DUMP = 0x300;
    private static final int RT_TABLE_LOCAL = 255;
    private static final int RTN_UNICAST = 1;
    private static final int RTA_DST = 1;
    /// nlmsghdr: length u32, type u16, flags u16, sequence u32, port u32. rtmsg: family, bits of the destination,
    /// of the source, TOS, table, protocol, scope, type, flags u32.
    private static final int NLMSG_HEADER_BYTES = 16;

    private static final int RTMSG_BYTES = 12;
    private static final int REQUEST_BYTES = NLMSG_HEADER_BYTES + RTMSG_BYTES;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int MESSAGES_PER_DRAIN = 64;

    private static final Logger LOG = LoggerFactory.getLogger(LocalRouteWatch.class);

    private final Arena arena = Arena.ofShared();
    private final Libc libc = new Libc(arena);
    private final long buffer = arena.allocate(BUFFER_BYTES, 8).address();
    private final long request = arena.allocate(REQUEST_BYTES, 8).address();
    private final IoEventLoop loop;
    private final Consumer<@Nullable List<LocalRoute>> told;
    private int fd = -1;
    private @Nullable ReadableHandle handle;

    // Of the dump under way.
    private int sequence;
    private int family;
    private boolean dumping;
    /// What is being told is out of date already.
    private boolean again;

    private List<LocalRoute> routes = new ArrayList<>();

    /// @param told on the loop: all of them, or null as long as they are not known
    LocalRouteWatch(IoEventLoop loop, Consumer<@Nullable List<LocalRoute>> told) {
        this.loop = loop;
        this.told = told;
    }

    /// Opens the socket in the network namespace of the calling thread, by that thread's `own`.
    ///
    /// @return 0 or -errno
    int subscribe(Libc own) {
        fd = own.socket(Libc.AF_NETLINK, Libc.SOCK_RAW, NETLINK_ROUTE);
        if (fd < 0) {
            return fd;
        }
        int unused = own.setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
        assert unused <= 0;
        try (Arena scratch = Arena.ofConfined()) {
            long address = scratch.allocate(12, 8).address(); // sockaddr_nl: family, pad, pid, groups
            Memory.putNativeShort(address, Libc.AF_NETLINK);
            Memory.putNativeInt(
                    address + 8, RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE);
            return own.bind(fd, address, 12);
        }
    }

    /// Begins to tell.
    void begin() {
        ReadableHandle.register(loop, fd, new ReadableHandle.Callback() {
                    @Override
                    public void readable() {
                        drain();
                    }

                    @Override
                    public boolean broken() {
                        drain(); // ENOBUFS
                        return true;
                    }
                })
                .addListener(done -> {
                    if (done.isSuccess()) {
                        handle = (ReadableHandle) done.getNow();
                    } else {
                        unknown("epoll: " + done.cause());
                    }
                });
        dump();
    }

    private void dump() {
        again = dumping;
        if (!dumping) {
            dumping = true;
            routes = new ArrayList<>();
            ask(Libc.AF_INET);
        }
    }

    private void ask(int ofFamily) {
        family = ofFamily;
        Memory.zero(request, REQUEST_BYTES);
        Memory.putNativeInt(request, REQUEST_BYTES);
        Memory.putNativeShort(request + 4, RTM_GETROUTE);
        Memory.putNativeShort(request + 6, NLM_F_REQUEST | NLM_F_DUMP);
        Memory.putNativeInt(request + 8, ++sequence);
        Memory.putByte(request + NLMSG_HEADER_BYTES, ofFamily);
        Memory.putByte(request + NLMSG_HEADER_BYTES + 4, RT_TABLE_LOCAL);
        int sent = libc.write(fd, request, REQUEST_BYTES);
        if (sent < 0) {
            unknown(Errno.text(-sent));
        }
    }

    private void drain() {
        for (int i = 0; i < MESSAGES_PER_DRAIN; i++) {
            int bytes = libc.recv(fd, buffer, BUFFER_BYTES, 0);
            if (bytes == -Errno.ENOBUFS) {
                dump(); // some changes were not told
            } else if (bytes <= 0) {
                return;
            } else {
                messages(bytes);
            }
        }
    }

    private void messages(int bytes) {
        int at = 0;
        while (at + NLMSG_HEADER_BYTES <= bytes) {
            int length = Memory.getNativeInt(buffer + at);
            if (length < NLMSG_HEADER_BYTES || length > bytes - at) {
                return;
            }
            message(buffer + at, length);
            at += length + 3 & ~3;
        }
    }

    private void message(long message, int length) {
        boolean ofDump = dumping && Memory.getNativeInt(message + 8) == sequence;
        if (ofDump && (Memory.getNativeUnsignedShort(message + 6) & NLM_F_DUMP_INTR) != 0) {
            again = true;
        }
        long body = message + NLMSG_HEADER_BYTES;
        switch (Memory.getNativeUnsignedShort(message + 4)) {
            case NLMSG_ERROR -> {
                if (ofDump && family == Libc.AF_INET6) {
                    dumped(); // a kernel without IPv6
                } else if (ofDump) {
                    unknown(Errno.text(-Memory.getNativeInt(body)));
                }
            }
            case NLMSG_DONE -> {
                if (ofDump) {
                    dumped();
                }
            }
            case RTM_NEWROUTE, RTM_DELROUTE -> {
                boolean local = length >= REQUEST_BYTES && Memory.getUnsignedByte(body + 4) == RT_TABLE_LOCAL;
                if (local && ofDump) {
                    add(body, message + length);
                } else if (local) {
                    dump();
                }
            }
            case RTM_NEWADDR, RTM_DELADDR -> dump();
            default -> {}
        }
    }

    private void add(long rtmsg, long end) {
        boolean ipv6 = family == Libc.AF_INET6;
        int addressBytes = ipv6 ? 16 : 4;
        if (Memory.getUnsignedByte(rtmsg + 7) == RTN_UNICAST) {
            return;
        }
        long hi = 0;
        long lo = 0;
        for (long at = rtmsg + RTMSG_BYTES; at + 4 <= end; ) {
            int length = Memory.getNativeUnsignedShort(at);
            if (length < 4 || length > end - at) {
                break;
            }
            if (Memory.getNativeUnsignedShort(at + 2) == RTA_DST && length >= 4 + addressBytes) {
                hi = ipv6 ? Memory.getLongBe(at + 4) : (long) Memory.getIntBe(at + 4) << 32;
                lo = ipv6 ? Memory.getLongBe(at + 12) : 0;
            }
            at += length + 3 & ~3;
        }
        routes.add(new LocalRoute(ipv6, hi, lo, Memory.getUnsignedByte(rtmsg + 1)));
    }

    private void dumped() {
        if (family == Libc.AF_INET) {
            ask(Libc.AF_INET6);
            return;
        }
        dumping = false;
        if (again) {
            dump();
        } else {
            told.accept(List.copyOf(routes));
        }
    }

    private void unknown(String reason) {
        dumping = false;
        LOG.warn("the host's own addresses cannot be read ({}): packets between peers go through its kernel", reason);
        told.accept(null);
    }

    /// The interface has left the namespace: nothing is known until [#begin].
    void stop() {
        ReadableHandle watched = handle;
        handle = null;
        if (watched != null) {
            watched.cancel();
        }
        if (fd >= 0) {
            libc.close(fd);
            fd = -1;
        }
        dumping = false;
        told.accept(null);
    }

    /// After [#stop].
    @Override
    public void close() {
        arena.close();
    }
}
