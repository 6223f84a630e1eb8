package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells when an interface goes up or down, changes its MTU or disappears (rtnetlink(7), group RTMGRP_LINK), in
/// whatever network namespace it is. Of one event loop's thread.
public final class LinkWatch implements AutoCloseable {
    /// Called on the loop.
    public interface Listener {
        /// @param mtu bytes
        void changed(boolean up, int mtu);

        void deleted();

        /// Whether [#localRoutes] is to be called.
        default boolean wantsLocalRoutes() {
            return false;
        }

        /// @param routes what the kernel takes for its own in the interface's network namespace; null while that
        /// is
        ///     not known
        default void localRoutes(@Nullable List<LocalRoute> routes) {}
    }

    private static final int NETLINK_ROUTE = 0;
    private static final int RTMGRP_LINK = 1;
    private static final int RTM_NEWLINK = 16;
    private static final int RTM_DELLINK = 17;
    private static final int AF_UNSPEC = 0;
    private static final int IFF_UP = 1;
    private static final int NLM_F_REQUEST = 1;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_GSO_MAX_SEGS = 40;
    private static final int REQUEST_BYTES = 64;
    /// Of a datagram, beyond the inner packet.
    private static final int OVERHEAD_BYTES = 32;
    private static final int BUFFER_BYTES = 32 << 10;
    private static final int MESSAGES_PER_DRAIN = 64;
    private static final int MOVES_MAX = 8;
    /// nlmsghdr: len u32, type u16, flags u16, seq, pid. ifinfomsg: family, type, index i32 at 4, flags u32 at 8,
    /// change.
    private static final int NLMSG_HEADER_BYTES = 16;

    private static final int IFINFO_BYTES = 16;

    private static final Logger LOG = LoggerFactory.getLogger(LinkWatch.class);

    private final Arena arena = Arena.ofShared();
    private final Libc libc = new Libc(arena);
    private final long buffer = arena.allocate(BUFFER_BYTES, 8).address();
    private final long request = arena.allocate(REQUEST_BYTES, 8).address();
    private final LinuxTun link;
    private final IoEventLoop loop;
    private final Listener listener;
    private final @Nullable LocalRouteWatch localRoutes;
    private int fd;
    /// For which gso_max_segs was set.
    private int segmentsMtu;

    private @Nullable ReadableHandle handle;

    private LinkWatch(LinuxTun link, IoEventLoop loop, Listener listener) {
        this.link = link;
        this.loop = loop;
        this.listener = listener;
        localRoutes = listener.wantsLocalRoutes() ? new LocalRouteWatch(loop, listener::localRoutes) : null;
        fd = subscribe(libc);
    }

    /// Tells the link's present state, and every change of it from now on, on the thread of `loop`.
    ///
    /// @throws IOException if the kernel refuses the socket
    public static LinkWatch start(LinuxTun link, IoEventLoop loop, Listener listener) throws IOException {
        LinkWatch watch = new LinkWatch(link, loop, listener);
        if (watch.fd < 0) {
            int errno = -watch.fd;
            watch.close();
            throw new IOException("cannot watch the link " + link.name() + ": " + Errno.text(errno));
        }
        loop.submit(watch::begin).syncUninterruptibly();
        return watch;
    }

    /// A socket of the calling thread's network namespace that hears of its links, or -errno.
    private int subscribe(Libc libc) {
        int refused = localRoutes == null ? 0 : localRoutes.subscribe(libc);
        if (refused < 0) {
            return refused;
        }
        int socket = libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW, NETLINK_ROUTE);
        if (socket < 0) {
            return socket;
        }
        try (Arena own = Arena.ofConfined()) {
            long address = own.allocate(12, 8).address(); // sockaddr_nl: family, pad, pid, groups
            Memory.putNativeShort(address, Libc.AF_NETLINK);
            Memory.putNativeInt(address + 8, RTMGRP_LINK);
            int result = libc.bind(socket, address, 12);
            if (result < 0) {
                libc.close(socket);
                return result;
            }
            return socket;
        }
    }

    private void begin() {
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
                        LOG.error("{} is not watched any more", link.name(), done.cause());
                    }
                });
        if (localRoutes != null) {
            localRoutes.begin();
        }
        tell(link.up(), link.mtu());
    }

    private void tell(boolean up, int mtu) {
        if ((link.tcpSegments() || link.udpSegments()) && mtu > 0 && mtu != segmentsMtu) {
            segmentsMtu = mtu;
            limitSegments(Math.clamp(SendArray.MESSAGE_BYTES_MAX / (mtu + OVERHEAD_BYTES), 1, SendArray.SEGMENTS_MAX));
        }
        listener.changed(up, mtu);
    }

    /// Has the kernel hand out packets of no more segments than one UDP message takes. Where it refuses, each
    /// packet
    /// becomes two messages.
    private void limitSegments(int segments) {
        int length = NLMSG_HEADER_BYTES + IFINFO_BYTES + 8;
        Memory.zero(request, length);
        Memory.putNativeInt(request, length);
        Memory.putNativeShort(request + 4, RTM_NEWLINK);
        Memory.putNativeShort(request + 6, NLM_F_REQUEST);
        Memory.putNativeInt(request + NLMSG_HEADER_BYTES + 4, link.index());
        long attribute = request + NLMSG_HEADER_BYTES + IFINFO_BYTES;
        Memory.putNativeShort(attribute, 8);
        Memory.putNativeShort(attribute + 2, IFLA_GSO_MAX_SEGS);
        Memory.putNativeInt(attribute + 4, segments);
        int sent = libc.write(fd, request, length);
        if (sent < 0) {
            LOG.debug("{}: gso_max_segs cannot be set: {}", link.name(), Errno.text(-sent));
        }
    }

    /// Reads what the kernel told and calls the listener.
    private void drain() {
        for (int i = 0; i < MESSAGES_PER_DRAIN; i++) {
            int bytes = libc.recv(fd, buffer, BUFFER_BYTES, 0);
            if (bytes == -Errno.ENOBUFS) {
                tell(link.up(), link.mtu()); // messages were lost: the state itself is there to read
            } else if (bytes <= 0 || !messages(bytes)) {
                return;
            }
        }
    }

    /// The interface has left this network namespace: it was deleted, or moved to another one, where it is watched
    /// from now on. The UDP sockets stay where they are, as the kernel's do.
    private void gone() {
        try {
            for (int move = 0; move < MOVES_MAX; move++) {
                int[] opened = {-Errno.ENODEV};
                if (localRoutes != null) {
                    localRoutes.stop();
                }
                if (!link.follow(libcThere -> opened[0] = subscribe(libcThere))) {
                    listener.deleted();
                    return;
                }
                if (opened[0] < 0) {
                    throw new IOException(Errno.text(-opened[0]));
                }
                stop();
                fd = opened[0];
                if (link.index() != 0) { // else it moved on before there was a socket to hear of it
                    LOG.info("{} was moved to another network namespace and is watched there", link.name());
                    begin();
                    return;
                }
            }
            throw new IOException("it never stays anywhere");
        } catch (IOException e) {
            LOG.warn("{} was moved, and is taken to be up from now on: {}", link.name(), e.getMessage());
            tell(true, link.mtu());
        }
    }

    private void stop() {
        ReadableHandle watched = handle;
        handle = null;
        if (watched != null) {
            watched.cancel();
        }
        if (fd >= 0) {
            libc.close(fd);
            fd = -1;
        }
    }

    private void stopAll() {
        stop();
        if (localRoutes != null) {
            localRoutes.stop();
        }
    }

    /// @return false if nothing more is to be read here
    private boolean messages(int bytes) {
        int at = 0;
        while (at + NLMSG_HEADER_BYTES + IFINFO_BYTES <= bytes) {
            int length = Memory.getNativeInt(buffer + at);
            int type = Memory.getNativeUnsignedShort(buffer + at + 4);
            if (length < NLMSG_HEADER_BYTES + IFINFO_BYTES || length > bytes - at) {
                break;
            }
            long info = buffer + at + NLMSG_HEADER_BYTES;
            // Other families speak of other things: a port that leaves a bridge sends an RTM_DELLINK of AF_BRIDGE.
            if (Memory.getUnsignedByte(info) == AF_UNSPEC && Memory.getNativeInt(info + 4) == link.index()) {
                if (type == RTM_NEWLINK) {
                    boolean up = (Memory.getNativeInt(info + 8) & IFF_UP) != 0;
                    tell(up, mtu(info + IFINFO_BYTES, buffer + at + length));
                } else if (type == RTM_DELLINK) {
                    gone();
                    return false;
                }
            }
            at += length + 3 & ~3;
        }
        return true;
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

    /// Any thread but the loop's; nothing is told afterwards.
    @Override
    public void close() {
        if (loop.isShuttingDown()) {
            stopAll();
        } else {
            loop.submit(this::stopAll).syncUninterruptibly();
        }
        if (localRoutes != null) {
            localRoutes.close();
        }
        arena.close();
    }
}
