package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.noise.Keypair;
import dev.culvert.noise.Protocol;
import dev.culvert.wire.Ecn;
import dev.culvert.wire.IpPacket;
import dev.culvert.wire.SegmentSplitter;
import dev.culvert.wire.TransportData;
import dev.culvert.wire.VirtioNetHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/// The way out of a lane (kernel: send.c). A packet for a peer of this lane is put into the datagram that is to be
/// sent, cut into segments if it stands for many, sealed there, and queued for the lane's next sendmmsg; without a
/// usable key it is staged and a handshake is wanted.
///
/// Called by [TunIngress], by the hand-over from other lanes, by [Timers] and [Handshakes]. [#flush] ends each
/// turn.
@LaneConfined
final class Sender implements AutoCloseable {
    /// DS field of initiations and responses, AF41 (conformance 1.13).
    static final int HANDSHAKE_TOS = 0x88;

    /// Datagrams that one sendmmsg sends: four of the largest, so that they stay in the core's own cache.
    private static final int OUTGOING_BYTES = 4 << 16;

    private final Lane lane;
    private final SendQueue ipv4;
    private final SendQueue ipv6;
    private final SegmentSplitter splitter = new SegmentSplitter();
    /// The datagrams of both queues, one behind the other, up to `used`. From malloc: see [SlotPool].
    private final ByteBuf outgoing = new UnpooledByteBufAllocator(true, true).directBuffer(OUTGOING_BYTES);

    private int used;

    Sender(Lane lane) {
        this.lane = lane;
        ipv4 = new SendQueue(lane, false);
        ipv6 = new SendQueue(lane, true);
    }

    SendQueue queue(boolean isIpv6) {
        return isIpv6 ? ipv6 : ipv4;
    }

    /// Sends an inner packet, or one that stands for many ([TunQueue]). The memory is the caller's again when this
    /// returns.
    ///
    /// @param packet with [SlotPool#HEADROOM_BYTES] before it, the last of which are its virtio header, and
    ///     [SlotPool#TAILROOM_BYTES] behind
    void send(LanePeer peer, long packet, int lengthBytes) {
        int segments = splitter.open(packet, lengthBytes);
        if (segments < 1) {
            lane.counters.dropped(DropReason.NOT_IP, peer.peer);
            return;
        }
        Endpoint to = peer.endpoint;
        if (to == null) {
            lane.counters.dropped(DropReason.NO_ENDPOINT, peer.peer, segments);
            if (lane.device.incidents.allows(IncidentLog.Of.PACKET, lane.nowNs)) {
                lane.device.incidents.ofPeer(peer.peer, Cause.NO_ENDPOINT, null, "");
            }
            lane.unreachable.answer(packet, lengthBytes);
            return;
        }
        Keypair keypair = peer.keypairs.current();
        if (keypair == null || !keypair.sendable(lane.nowNs)) {
            if (peer.peer.removed || !lane.device.up) {
                // A packet that another lane handed over just before: nothing would ever take it out again.
                lane.counters.dropped(peer.peer.removed ? DropReason.PEER_REMOVED : DropReason.DEVICE_DOWN, segments);
                return;
            }
            stageSegments(peer, 0, segments);
            lane.handshakes.initiationWanted(peer, false);
            return;
        }
        if (!peer.staged.isEmpty()) {
            sendStaged(peer);
        }
        sealSegments(peer, to, keypair, segments);
    }

    private void sealSegments(LanePeer peer, Endpoint to, Keypair keypair, int segments) {
        for (int i = 0; i < segments; i++) {
            if (i > 0 && !keypair.sendable(lane.nowNs)) {
                stageSegments(peer, i, segments); // the last counters were spent
                break;
            }
            int lengthBytes = splitter.lengthBytes(i);
            long datagram = claimData(to, lengthBytes);
            splitter.write(i, datagram + TransportData.HEADER_BYTES);
            seal(peer, to, keypair, datagram, lengthBytes);
        }
        sent(peer, keypair);
    }

    /// Sends an inner packet of another peer, sealed from where it lies into the datagram. The memory is the
    /// caller's again when this returns.
    ///
    /// @param packet with [TransportData#HEADER_BYTES] before it and [TransportData#TAG_BYTES] behind that may be
    ///     overwritten
    void forward(LanePeer peer, long packet, int lengthBytes) {
        Endpoint to = peer.endpoint;
        if (to == null) {
            lane.counters.dropped(DropReason.NO_ENDPOINT, peer.peer);
            return;
        }
        Keypair keypair = peer.keypairs.current();
        if (keypair == null || !keypair.sendable(lane.nowNs) || !peer.staged.isEmpty()) {
            VirtioNetHeader.clear(packet - VirtioNetHeader.BYTES);
            send(peer, packet, lengthBytes);
            return;
        }
        seal(peer, to, keypair, claimData(to, lengthBytes), packet, lengthBytes);
        sent(peer, keypair);
    }

    /// Sends what waited for a key, in order; without a usable key a handshake is wanted instead.
    void sendStaged(LanePeer peer) {
        while (!peer.staged.isEmpty()) {
            Keypair keypair = peer.keypairs.current();
            if (keypair == null || !keypair.sendable(lane.nowNs)) {
                lane.handshakes.initiationWanted(peer, false);
                return;
            }
            ByteBuf packet = peer.staged.poll();
            assert packet != null;
            Endpoint to = peer.endpoint;
            if (to == null) {
                lane.counters.dropped(DropReason.NO_ENDPOINT, peer.peer);
            } else {
                int lengthBytes = packet.readableBytes();
                long datagram = claimData(to, lengthBytes);
                Memory.copy(packet.memoryAddress(), datagram + TransportData.HEADER_BYTES, lengthBytes);
                seal(peer, to, keypair, datagram, lengthBytes);
                sent(peer, keypair);
            }
            packet.release();
        }
    }

    /// Sends an empty packet unless others wait, which then go instead (kernel: `wg_packet_send_keepalive`).
    void sendKeepalive(LanePeer peer) {
        Endpoint to = peer.endpoint;
        if (to == null) {
            return;
        }
        if (peer.staged.isEmpty()) {
            Keypair keypair = peer.keypairs.current();
            if (keypair != null && keypair.sendable(lane.nowNs)) {
                seal(peer, to, keypair, claimData(to, 0), 0);
                sent(peer, keypair);
                return;
            }
            stage(peer, ByteBufAllocator.DEFAULT.directBuffer(1, 1));
        }
        sendStaged(peer);
    }

    /// Sends a finished initiation or response.
    void sendHandshake(LanePeer peer, byte[] message) {
        Endpoint to = peer.endpoint;
        if (to == null) {
            lane.counters.dropped(DropReason.NO_ENDPOINT, peer.peer);
            return;
        }
        send(to, message, HANDSHAKE_TOS, peer);
    }

    void sendCookieReply(Endpoint to, byte[] message) {
        send(to, message, 0, null);
    }

    private void send(Endpoint to, byte[] message, int tos, @Nullable LanePeer peer) {
        long address = claim(to, message.length);
        Memory.copyIn(message, 0, address, message.length);
        queue(to.ipv6).add(to, address, message.length, tos, peer, false);
    }

    /// Hands everything queued to the kernel.
    void flush() {
        ipv4.flush();
        ipv6.flush();
        used = 0;
    }

    /// Memory for a datagram to `to`, and room for it in the queue.
    private long claim(Endpoint to, int bytes) {
        if (queue(to.ipv6).isFull() || used + bytes > OUTGOING_BYTES) {
            flush();
        }
        long datagram = outgoing.memoryAddress() + used;
        used += bytes;
        return datagram;
    }

    private long claimData(Endpoint to, int innerBytes) {
        return claim(to, TransportData.paddedLength(innerBytes, lane.device.mtu) + TransportData.OVERHEAD_BYTES);
    }

    /// Seals the inner packet that lies in the datagram, behind the header's place.
    private void seal(LanePeer peer, Endpoint to, Keypair keypair, long datagram, int lengthBytes) {
        seal(peer, to, keypair, datagram, datagram + TransportData.HEADER_BYTES, lengthBytes);
    }

    private void seal(LanePeer peer, Endpoint to, Keypair keypair, long datagram, long inner, int lengthBytes) {
        int padded = TransportData.paddedLength(lengthBytes, lane.device.mtu);
        int tos = lengthBytes == 0 ? 0 : Ecn.encapsulate(IpPacket.ecn(inner));
        if (padded != lengthBytes) {
            Memory.zero(inner + lengthBytes, padded - lengthBytes);
        }
        long counter = keypair.nextCounter();
        TransportData.writeHeader(datagram, keypair.remoteIndex(), counter);
        lane.aead.seal(keypair.sendKey(), datagram + TransportData.HEADER_BYTES, inner, padded, counter);
        queue(to.ipv6).add(to, datagram, padded + TransportData.OVERHEAD_BYTES, tos, peer, lengthBytes != 0);
    }

    /// What follows from one or more packets of a keypair.
    private void sent(LanePeer peer, Keypair keypair) {
        lane.timers.anyAuthenticatedPacketTraversal(peer);
        lane.timers.anyAuthenticatedPacketSent(peer);
        keepKeyFresh(peer, keypair);
    }

    /// Kernel: `keep_key_fresh` of send.c.
    private void keepKeyFresh(LanePeer peer, Keypair keypair) {
        boolean spent = Long.compareUnsigned(keypair.sendCounter(), Protocol.REKEY_AFTER_MESSAGES) > 0;
        boolean old = keypair.isInitiator() && lane.nowNs - keypair.birthdateNs() >= Protocol.REKEY_AFTER_TIME_NS;
        if (spent || old) {
            lane.handshakes.initiationWanted(peer, false);
        }
    }

    /// Copies segments to blocks of their own size: a waiting packet must not pin the caller's memory.
    private void stageSegments(LanePeer peer, int from, int end) {
        for (int i = from; i < end; i++) {
            int lengthBytes = splitter.lengthBytes(i);
            ByteBuf copy = ByteBufAllocator.DEFAULT.directBuffer(lengthBytes, lengthBytes);
            splitter.write(i, copy.memoryAddress());
            stage(peer, copy.writerIndex(lengthBytes));
        }
    }

    private void stage(LanePeer peer, ByteBuf packet) {
        peer.staged.stage(packet).countIn(lane.counters, peer.peer);
    }

    @Override
    public void close() {
        ipv4.close();
        ipv6.close();
        outgoing.release();
    }
}
