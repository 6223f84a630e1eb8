package dev.culvert.device;

import dev.culvert.wire.IpPacket;

/// First on the way out: reads inner packets from the lane's TUN queue and finds the peer by destination. A peer
/// of
/// another lane gets the packet, or the one that stands for many, by slot reference.
@LaneConfined
final class TunIngress implements AutoCloseable {
    /// Packets a turn: then the sockets have theirs.
    static final int PACKETS_PER_TURN = 256;
    /// The same in bytes, for packets that stand for many.
    private static final int BYTES_PER_TURN = 1 << 20;
    /// What was read is sent, and shown to other lanes, after so many packets at the latest.
    private static final int PACKETS_PER_FLUSH = 64;

    private final Lane lane;
    /// Read into; another one when it was lent.
    private int slot;

    TunIngress(Lane lane) {
        this.lane = lane;
        slot = lane.slots.take();
        assert slot >= 0 : "the pool is made larger than what the readers hold";
    }

    /// The TUN queue is readable: one turn of the lane.
    void readable() {
        lane.beginTurn();
        int bytes = 0;
        for (int packets = 1; packets <= PACKETS_PER_TURN && bytes < BYTES_PER_TURN; packets++) {
            long packet = lane.slots.address(slot) + SlotPool.HEADROOM_BYTES;
            int lengthBytes = lane.tun.read(packet, lane.slots.capacityBytes());
            if (lengthBytes <= 0) {
                break; // EAGAIN, or an error that the registration of the queue deals with
            }
            bytes += lengthBytes;
            lane.counters.tunRead(lengthBytes);
            route(packet, lengthBytes);
            slot = lane.handOver.replaceIfLent(slot);
            lane.handOver.roundEnded();
            if (packets % PACKETS_PER_FLUSH == 0) {
                lane.sender.flush();
                lane.handOver.publish();
            }
        }
        lane.endTurn();
    }

    private void route(long packet, int lengthBytes) {
        if (IpPacket.totalLength(packet, lengthBytes) < 0) {
            lane.counters.dropped(DropReason.NOT_IP);
            return;
        }
        Peer peer = lane.router.peerFor(
                IpPacket.isIpv6(packet), IpPacket.destinationHi(packet), IpPacket.destinationLo(packet));
        if (peer == null) {
            lane.counters.dropped(DropReason.NO_ROUTE);
            lane.unreachable.answer(packet, lengthBytes);
            return;
        }
        LanePeer home = lane.device.assignment.home(peer);
        if (home == null) {
            lane.counters.dropped(DropReason.PEER_REMOVED);
        } else if (home.lane == lane) {
            lane.sender.send(home, packet, lengthBytes);
        } else {
            lane.handOver.packetTo(home, slot, packet, lengthBytes);
        }
    }

    @Override
    public void close() {
        lane.slots.release(slot);
    }
}
