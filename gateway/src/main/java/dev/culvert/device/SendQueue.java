package dev.culvert.device;

import dev.culvert.tun.DatagramSink;
import dev.culvert.tun.Errno;
import dev.culvert.tun.SendArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The datagrams of one address family that a lane will send with its next sendmmsg. The bytes stay where they are
/// until [#flush] returns.
///
/// Data for a peer joins the peer's last message where the kernel can cut it off again (UDP_SEGMENT), whatever
/// went to other peers in between. When the kernel refuses such a message as a whole its datagrams are sent one by
/// one, under the counters that they have.
@LaneConfined
final class SendQueue implements AutoCloseable {
    static final int MESSAGES_MAX = 128;
    /// How often one flush repeats a call that a signal interrupted.
    private static final int INTERRUPTS_MAX = 16;

    private static final Logger LOG = LoggerFactory.getLogger(SendQueue.class);

    private final Lane lane;
    private final boolean ipv6;
    private final SendArray array;
    private final @Nullable LanePeer[] peers = new LanePeer[MESSAGES_MAX];
    private final @Nullable Endpoint[] destinations = new Endpoint[MESSAGES_MAX];
    private final boolean[] data = new boolean[MESSAGES_MAX];
    private int count;
    /// Which peers' last messages are of this filling of the queue.
    private long round;

    /// Null while the device is down or the family is not there.
    private @Nullable DatagramSink sink;

    private boolean segments;
    /// For the datagrams of a message that the kernel refused; made when first needed.
    private @Nullable SendArray singles;

    SendQueue(Lane lane, boolean ipv6) {
        this.lane = lane;
        this.ipv6 = ipv6;
        array = new SendArray(ipv6, MESSAGES_MAX);
        round = lane.newSendRound();
    }

    void sink(@Nullable DatagramSink replacement) {
        flush();
        sink = replacement;
        segments = replacement != null && lane.device.offloads.udpGso() && replacement.segments();
    }

    boolean isFull() {
        return count == MESSAGES_MAX;
    }

    /// Whether datagrams are joined to messages.
    boolean segments() {
        return segments;
    }

    /// Adds a datagram; there must be room.
    ///
    /// @param peer whose counters and timers it concerns, null for a cookie reply
    /// @param isData carries an inner packet (kernel: `data_sent`)
    /// @param tos the outer DS field with ECN
    @SuppressWarnings("ReferenceEquality") // the same destination, or the peer has moved meanwhile
    void add(Endpoint to, long address, int lengthBytes, int tos, @Nullable LanePeer peer, boolean isData) {
        if (peer != null && isData && peer.sendRound == round) {
            int last = peer.sendMessage;
            if (data[last]
                    && destinations[last] == to
                    && array.tos(last) == tos
                    && peer.takesSegments(to, array.segmentBytes(last))
                    && array.append(last, address, lengthBytes)) {
                return;
            }
        }
        assert !isFull();
        array.set(
                count,
                address,
                lengthBytes,
                to.hi,
                to.lo,
                to.port,
                to.scope,
                to.localHi,
                to.localLo,
                to.localInterface,
                tos);
        peers[count] = peer;
        destinations[count] = to;
        data[count] = isData;
        if (peer != null && segments) {
            peer.sendRound = round;
            peer.sendMessage = count;
        }
        count++;
    }

    /// Sends everything; what the kernel refuses is a counted drop. A counter that was used is never used again.
    void flush() {
        if (count == 0) {
            return;
        }
        int next = 0;
        while (next < count) {
            int result = send(array, next, count - next);
            if (result > 0) {
                for (int i = next; i < next + result; i++) {
                    sent(i, array.length(i), array.segments(i));
                }
                next += result;
            } else if (result == -Errno.EAGAIN) {
                for (; next < count; next++) {
                    dropped(next, DropReason.SEND_QUEUE_FULL, array.segments(next));
                }
            } else if (mayBeTheSource(-result) && hasSource(next)) {
                forgetSource(next);
            } else if (array.segments(next) > 1 && mayBeSegmentation(-result)) {
                sendSingly(next, -result);
                next++;
            } else {
                refused(next, -result, array.segments(next));
                next++;
            }
        }
        for (int i = 0; i < count; i++) {
            peers[i] = null;
            destinations[i] = null;
        }
        count = 0;
        round = lane.newSendRound();
    }

    private int send(SendArray from, int first, int messages) {
        int result = -Errno.EINTR;
        for (int interrupts = 0; result == -Errno.EINTR && interrupts < INTERRUPTS_MAX; interrupts++) {
            result = sink == null ? -Errno.ENETDOWN : sink.send(from, first, messages);
        }
        return result;
    }

    /// The datagrams of message `i` as messages of their own, and no more such messages where that was the reason.
    private void sendSingly(int i, int errno) {
        SendArray own = singles;
        if (own == null) {
            own = new SendArray(ipv6, SendArray.SEGMENTS_MAX);
            singles = own;
        }
        array.spread(i, own);
        int datagrams = array.segments(i);
        int next = 0;
        boolean anySent = false;
        while (next < datagrams) {
            int result = send(own, next, datagrams - next);
            if (result > 0) {
                for (int k = next; k < next + result; k++) {
                    sent(i, own.length(k), 1);
                }
                next += result;
                anySent = true;
            } else if (result == -Errno.EAGAIN) {
                dropped(i, DropReason.SEND_QUEUE_FULL, datagrams - next);
                next = datagrams;
            } else {
                refused(i, -result, 1);
                next++;
            }
        }
        if (anySent) {
            segmentsRefused(i, errno);
        }
    }

    /// EIO: the network card cannot checksum what it would have to cut (kernels before 6.9); that holds for every
    /// peer. Else the datagrams are too long for the way to this peer, and are fragmented when sent singly.
    private void segmentsRefused(int i, int errno) {
        LanePeer peer = peers[i];
        if (errno == Errno.EIO || peer == null) {
            segments = false;
            LOG.warn(
                    "lane {}: the kernel refuses UDP_SEGMENT ({}); datagrams over {} are sent one by one from now on",
                    lane.number,
                    Errno.text(errno),
                    ipv6 ? "IPv6" : "IPv4");
        } else {
            peer.segmentsRefusedTo = destinations[i];
            peer.segmentsRefusedBytes = array.segmentBytes(i);
        }
    }

    private void refused(int i, int errno, int datagrams) {
        dropped(i, errno == Errno.ENOBUFS ? DropReason.SEND_QUEUE_FULL : DropReason.SEND_FAILED, datagrams);
        LanePeer peer = peers[i];
        if (errno != Errno.ENOBUFS && peer != null && lane.device.incidents.allows(IncidentLog.Of.PACKET, lane.nowNs)) {
            boolean tooBig = errno == Errno.EMSGSIZE;
            lane.device.incidents.ofPeer(
                    peer.peer,
                    tooBig ? Cause.PACKET_TOO_BIG : Cause.SEND_FAILED,
                    destinations[i],
                    tooBig ? "a datagram of " + array.segmentBytes(i) + " bytes" : Errno.text(errno));
        }
        if (errno != Errno.ENOBUFS && peer != null && lane.device.sendErrorLog.allows(lane.nowNs)) {
            LOG.warn(
                    "the kernel refuses to send to peer {}: {}; see routes, firewall and MTU. More is counted, not logged",
                    peer.peer.publicKey(),
                    Errno.text(errno));
        }
    }

    private void dropped(int i, DropReason reason, int datagrams) {
        LanePeer peer = peers[i];
        if (peer == null) {
            lane.counters.dropped(reason, datagrams);
        } else {
            lane.counters.dropped(reason, peer.peer, datagrams);
        }
    }

    private void sent(int i, int lengthBytes, int datagrams) {
        lane.counters.datagramsSent(datagrams, lengthBytes);
        LanePeer peer = peers[i];
        if (peer != null) {
            peer.sent(lengthBytes);
            if (data[i]) {
                lane.timers.dataSent(peer);
            }
        }
    }

    private static boolean mayBeSegmentation(int errno) {
        return errno == Errno.EIO || errno == Errno.EINVAL || errno == Errno.EMSGSIZE;
    }

    /// The errors of a source address that is no longer ours (conformance 1.13).
    private static boolean mayBeTheSource(int errno) {
        return errno == Errno.EINVAL
                || errno == Errno.ENETUNREACH
                || errno == Errno.ENODEV
                || errno == Errno.EADDRNOTAVAIL;
    }

    private boolean hasSource(int i) {
        return array.sourceInterface(i) != 0 || array.sourceHi(i) != 0 || array.sourceLo(i) != 0;
    }

    private void forgetSource(int i) {
        array.clearSource(i);
        LanePeer peer = peers[i];
        if (peer != null) {
            peer.forgetSource();
        }
    }

    @Override
    public void close() {
        sink = null;
        flush();
        array.close();
        SendArray own = singles;
        if (own != null) {
            own.close();
        }
    }
}
