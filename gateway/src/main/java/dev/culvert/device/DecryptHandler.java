package dev.culvert.device;

import dev.culvert.noise.Keypair;
import dev.culvert.noise.Protocol;
import dev.culvert.wire.TransportData;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/// Third on the way in: transport data. Index to keypair, replay, open in place, and then what an authenticated
/// packet does to its session (conformance 1.9 "In", steps 1 to 4): endpoint, key confirmation, keep-key-fresh,
/// timers.
///
/// Nothing of a peer changes before its packet has been authenticated.
@LaneConfined
@Sharable // by the two sockets of one lane
final class DecryptHandler extends ChannelInboundHandlerAdapter {
    private final Lane lane;

    DecryptHandler(Lane lane) {
        this.lane = lane;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        PacketBatch batch = (PacketBatch) message;
        // Packets come in trains of one session: the last index looked up is the likeliest next one.
        int lastIndex = 0;
        @Nullable IndexEntry last = null;
        for (int i = 0; i < batch.segments; i++) {
            if (batch.state[i] != PacketBatch.DATA) {
                continue;
            }
            int index = TransportData.receiverIndex(batch.address[i]);
            if (last == null || index != lastIndex) {
                if (lane.handOver.toHomeOf(index, batch, i)) {
                    batch.state[i] = PacketBatch.DONE;
                    continue;
                }
                last = lane.sessions.find(index);
                lastIndex = index;
            }
            DropReason refusal = last == null ? DropReason.UNKNOWN_INDEX : open(batch, i, last);
            if (refusal != null) {
                batch.state[i] = PacketBatch.DONE;
                if (refusal == DropReason.UNKNOWN_INDEX || last == null) {
                    lane.counters.dropped(DropReason.UNKNOWN_INDEX);
                    noSuchSession(batch, i);
                } else {
                    lane.counters.dropped(refusal, last.peer.peer);
                }
            } else {
                batch.state[i] = PacketBatch.PLAINTEXT;
                assert last != null;
                if (authenticated(batch, i, last.peer)) {
                    last = null; // the rotation may have dropped the keypair that the cache holds
                }
            }
        }
        context.fireChannelRead(batch);
    }

    /// Nothing is made for it beyond the allowance.
    private void noSuchSession(PacketBatch batch, int segment) {
        if (lane.device.incidents.allows(IncidentLog.Of.SOURCE, lane.nowNs)) {
            Endpoint source = Endpoint.ofUnit(batch, batch.unit[segment]);
            lane.device.incidents.ofSource(source, Cause.NO_SUCH_SESSION, null);
        }
    }

    private @Nullable DropReason open(PacketBatch batch, int segment, IndexEntry entry) {
        Keypair keypair = entry.keypair;
        if (keypair == null) {
            return DropReason.UNKNOWN_INDEX; // of an initiation that still waits
        }
        if (!keypair.receivable(lane.nowNs)) {
            return DropReason.EXPIRED_SESSION;
        }
        long datagram = batch.address[segment];
        long counter = TransportData.counter(datagram);
        if (!keypair.window().mayAccept(counter)) {
            return DropReason.REPLAYED;
        }
        long inner = datagram + TransportData.HEADER_BYTES;
        int innerBytes = batch.length[segment] - TransportData.OVERHEAD_BYTES;
        if (!lane.aead.open(keypair.receiveKey(), inner, inner, innerBytes, counter)) {
            return DropReason.FORGED;
        }
        if (!keypair.window().accept(counter)) {
            return DropReason.REPLAYED;
        }
        batch.address[segment] = inner;
        batch.length[segment] = innerBytes;
        batch.peer[segment] = entry.peer;
        batch.keypair[segment] = keypair;
        return null;
    }

    /// @return true if the packet was the first under the *next* keypair, so that keypairs moved
    private boolean authenticated(PacketBatch batch, int segment, LanePeer peer) {
        Keypair keypair = batch.keypair[segment];
        assert keypair != null;
        peer.updateEndpoint(batch, batch.unit[segment]);
        boolean rotated = peer.keypairs.received(keypair, lane);
        if (rotated) {
            lane.timers.handshakeComplete(peer);
            lane.sender.sendStaged(peer);
        }
        keepKeyFresh(peer);
        lane.timers.anyAuthenticatedPacketReceived(peer);
        lane.timers.anyAuthenticatedPacketTraversal(peer);
        if (batch.length[segment] != 0) {
            lane.timers.dataReceived(peer);
        }
        return rotated;
    }

    /// Kernel: `keep_key_fresh` of receive.c. An initiator that only receives renews its key in the last minute,
    /// once.
    private void keepKeyFresh(LanePeer peer) {
        Keypair current = peer.keypairs.current();
        if (!peer.sentLastMinuteHandshake
                && current != null
                && current.isInitiator()
                && lane.nowNs - current.birthdateNs() >= Protocol.REKEY_AFTER_TIME_RECEIVING_NS) {
            peer.sentLastMinuteHandshake = true;
            lane.handshakes.initiationWanted(peer, false);
        }
    }
}
