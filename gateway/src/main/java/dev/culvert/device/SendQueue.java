package dev.culvert.device;

import dev.culvert.tun.DatagramSink;
import dev.culvert.tun.Errno;
import dev.culvert.tun.SendArray;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The datagrams of one address family that a lane will send with its next sendmmsg. The bytes stay where they are
/// (a TUN slot, a staged block, the message's inline memory) until [#flush] returns.
@LaneConfined
final class SendQueue implements AutoCloseable {
    static final int MESSAGES_MAX = 256;
    /// How often one flush repeats a call that a signal interrupted.
    private static final int INTERRUPTS_MAX = 16;

    private static final Logger LOG = LoggerFactory.getLogger(SendQueue.class);

    private final Lane lane;
    private final SendArray array;
    private final @Nullable LanePeer[] peers = new LanePeer[MESSAGES_MAX];
    private final boolean[] data = new boolean[MESSAGES_MAX];
    private final @Nullable ByteBuf[] owners = new ByteBuf[MESSAGES_MAX];
    private int count;

    /// Null while the device is down or the family is not there.
    private @Nullable DatagramSink sink;

    SendQueue(Lane lane, boolean ipv6) {
        this.lane = lane;
        array = new SendArray(ipv6, MESSAGES_MAX);
    }

    void sink(@Nullable DatagramSink replacement) {
        flush();
        sink = replacement;
    }

    boolean isFull() {
        return count == MESSAGES_MAX;
    }

    /// 160 bytes that belong to the next message, for what is built here: handshakes and keepalives.
    long inlineMemory() {
        assert !isFull();
        return array.inline(count);
    }

    /// Adds a datagram; there must be room.
    ///
    /// @param peer whose counters and timers it concerns, null for a cookie reply
    /// @param isData carries an inner packet (kernel: `data_sent`)
    /// @param tos the outer DS field with ECN
    /// @param owner released after the flush
    void add(
            Endpoint to,
            long address,
            int lengthBytes,
            int tos,
            @Nullable LanePeer peer,
            boolean isData,
            @Nullable ByteBuf owner) {
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
        data[count] = isData;
        owners[count] = owner;
        count++;
    }

    /// Sends everything; what the kernel refuses is a counted drop. A counter that was used is never used again.
    void flush() {
        if (count == 0) {
            return;
        }
        int next = 0;
        int sourceCleared = -1;
        int interrupts = 0;
        while (next < count) {
            int result = sink == null ? -Errno.ENETDOWN : sink.send(array, next, count - next);
            if (result > 0) {
                for (int i = next; i < next + result; i++) {
                    sent(i);
                }
                next += result;
            } else if (result == -Errno.EINTR && interrupts < INTERRUPTS_MAX) {
                interrupts++;
            } else if (result == -Errno.EAGAIN) {
                for (; next < count; next++) {
                    lane.counters.dropped(DropReason.SEND_QUEUE_FULL);
                }
            } else if (mayBeTheSource(-result) && sourceCleared != next && hasSource(next)) {
                sourceCleared = next;
                forgetSource(next);
            } else {
                refused(next, -result);
                next++;
            }
        }
        for (int i = 0; i < count; i++) {
            ByteBuf owner = owners[i];
            if (owner != null) {
                owner.release();
                owners[i] = null;
            }
            peers[i] = null;
        }
        count = 0;
    }

    private void refused(int i, int errno) {
        lane.counters.dropped(errno == Errno.ENOBUFS ? DropReason.SEND_QUEUE_FULL : DropReason.SEND_FAILED);
        LanePeer peer = peers[i];
        if (errno != Errno.ENOBUFS && peer != null && lane.device.sendErrorLog.allows(lane.nowNs)) {
            LOG.warn(
                    "the kernel refuses to send to peer {}: {}; see routes, firewall and MTU. More is counted, not logged",
                    peer.peer.publicKey(),
                    Errno.text(errno));
        }
    }

    private void sent(int i) {
        int lengthBytes = array.length(i);
        lane.counters.datagramSent(lengthBytes);
        LanePeer peer = peers[i];
        if (peer != null) {
            peer.sent(lengthBytes);
            if (data[i]) {
                lane.timers.dataSent(peer);
            }
        }
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
    }
}
