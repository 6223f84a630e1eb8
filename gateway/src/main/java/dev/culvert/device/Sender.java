package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.noise.Keypair;
import dev.culvert.noise.Protocol;
import dev.culvert.wire.Ecn;
import dev.culvert.wire.IpPacket;
import dev.culvert.wire.TransportData;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/// The way out of a lane (kernel: send.c). A packet for a peer of this lane is sealed in place, in the memory
/// where it was read, and queued for the lane's next sendmmsg; without a usable key it is staged and a handshake
/// is wanted.
///
/// Called by [TunIngress], by the hand-over from other lanes, by [Timers] and [Handshakes]. [#flush] ends each
/// turn.
@LaneConfined
final class Sender implements AutoCloseable {
    /// DS field of initiations and responses, AF41 (conformance 1.13).
    static final int HANDSHAKE_TOS = 0x88;

    private final Lane lane;
    private final SendQueue ipv4;
    private final SendQueue ipv6;

    Sender(Lane lane) {
        this.lane = lane;
        ipv4 = new SendQueue(lane, false);
        ipv6 = new SendQueue(lane, true);
    }

    SendQueue queue(boolean isIpv6) {
        return isIpv6 ? ipv6 : ipv4;
    }

    /// Sends an inner packet, which lies at `packet` with [SlotPool#HEADROOM_BYTES] before and room for padding
    /// and tag behind it. The memory is in use until [#flush].
    void send(LanePeer peer, long packet, int lengthBytes) {
        if (peer.endpoint == null) {
            lane.counters.dropped(DropReason.NO_ENDPOINT);
            lane.unreachable.answer(packet, lengthBytes);
            return;
        }
        Keypair keypair = peer.keypairs.current();
        if (keypair == null || !keypair.sendable(lane.nowNs)) {
            if (peer.peer.removed || !lane.device.up) {
                // A packet that another lane handed over just before: nothing would ever take it out again.
                lane.counters.dropped(peer.peer.removed ? DropReason.PEER_REMOVED : DropReason.DEVICE_DOWN);
                return;
            }
            stage(peer, packet, lengthBytes);
            lane.handshakes.initiationWanted(peer, false);
            return;
        }
        if (!peer.staged.isEmpty()) {
            sendStaged(peer);
        }
        seal(peer, keypair, packet, lengthBytes, null);
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
            if (peer.endpoint == null) {
                packet.release();
                lane.counters.dropped(DropReason.NO_ENDPOINT);
                continue;
            }
            seal(peer, keypair, packet.memoryAddress() + packet.readerIndex(), packet.readableBytes(), packet);
        }
    }

    /// Sends an empty packet unless others wait, which then go instead (kernel: `wg_packet_send_keepalive`).
    void sendKeepalive(LanePeer peer) {
        if (peer.endpoint == null) {
            return;
        }
        if (peer.staged.isEmpty()) {
            Keypair keypair = peer.keypairs.current();
            if (keypair != null && keypair.sendable(lane.nowNs)) {
                SendQueue queue = roomFor(peer.endpoint);
                seal(peer, keypair, queue.inlineMemory() + TransportData.HEADER_BYTES, 0, null);
                return;
            }
            stage(peer, 0, 0);
        }
        sendStaged(peer);
    }

    /// Sends a finished initiation or response.
    void sendHandshake(LanePeer peer, byte[] message) {
        Endpoint to = peer.endpoint;
        if (to == null) {
            lane.counters.dropped(DropReason.NO_ENDPOINT);
            return;
        }
        send(to, message, HANDSHAKE_TOS, peer);
    }

    void sendCookieReply(Endpoint to, byte[] message) {
        send(to, message, 0, null);
    }

    private void send(Endpoint to, byte[] message, int tos, @Nullable LanePeer peer) {
        SendQueue queue = roomFor(to);
        long address = queue.inlineMemory();
        Memory.copyIn(message, 0, address, message.length);
        queue.add(to, address, message.length, tos, peer, false, null);
    }

    /// Hands everything queued to the kernel. The memory of the packets is free afterwards.
    void flush() {
        ipv4.flush();
        ipv6.flush();
    }

    private SendQueue roomFor(@Nullable Endpoint to) {
        assert to != null;
        SendQueue queue = queue(to.ipv6);
        if (queue.isFull()) {
            queue.flush();
        }
        return queue;
    }

    private void seal(LanePeer peer, Keypair keypair, long packet, int lengthBytes, @Nullable ByteBuf owner) {
        Endpoint to = peer.endpoint;
        assert to != null;
        SendQueue queue = roomFor(to);
        int padded = TransportData.paddedLength(lengthBytes, lane.device.mtu);
        int tos = lengthBytes == 0 ? 0 : Ecn.encapsulate(IpPacket.ecn(packet));
        if (padded != lengthBytes) {
            Memory.zero(packet + lengthBytes, padded - lengthBytes);
        }
        long datagram = packet - TransportData.HEADER_BYTES;
        long counter = keypair.nextCounter();
        TransportData.writeHeader(datagram, keypair.remoteIndex(), counter);
        lane.aead.seal(keypair.sendKey(), packet, packet, padded, counter);
        queue.add(to, datagram, padded + TransportData.OVERHEAD_BYTES, tos, peer, lengthBytes != 0, owner);
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

    /// Copies the packet to a block of its own size: a waiting packet must not pin a 64 KiB slot.
    private void stage(LanePeer peer, long packet, int lengthBytes) {
        int capacity = TransportData.OVERHEAD_BYTES + lengthBytes + Protocol.PADDING_MULTIPLE;
        ByteBuf copy = ByteBufAllocator.DEFAULT.directBuffer(capacity, capacity);
        copy.setIndex(TransportData.HEADER_BYTES, TransportData.HEADER_BYTES + lengthBytes);
        if (lengthBytes != 0) {
            Memory.copy(packet, copy.memoryAddress() + TransportData.HEADER_BYTES, lengthBytes);
        }
        StagedPackets.Outcome outcome = peer.staged.stage(copy);
        outcome.countIn(lane.counters);
    }

    @Override
    public void close() {
        ipv4.close();
        ipv6.close();
    }
}
