package dev.culvert.device;

import dev.culvert.tun.TunQueue;
import dev.culvert.wire.IpPacket;

/// First on the way out: reads a round of inner packets from the lane's TUN queue, each into a slot with room for
/// header and tag, and finds the peer by destination. A peer of another lane gets the packet by slot reference.
@LaneConfined
final class TunIngress implements AutoCloseable {
    static final int PACKETS_PER_ROUND = 64;
    /// Rounds a turn: then the sockets have theirs.
    static final int ROUNDS_PER_TURN = 4;

    private final Lane lane;
    private final int[] slot = new int[PACKETS_PER_ROUND];
    private final int[] length = new int[PACKETS_PER_ROUND];

    TunIngress(Lane lane) {
        this.lane = lane;
        for (int i = 0; i < PACKETS_PER_ROUND; i++) {
            slot[i] = lane.slots.take();
            assert slot[i] >= 0 : "the pool is made larger than what the readers hold";
        }
    }

    /// The TUN queue is readable: one turn of the lane.
    void readable() {
        lane.beginTurn();
        for (int round = 0; round < ROUNDS_PER_TURN; round++) {
            int packets = read(lane.tun);
            for (int i = 0; i < packets; i++) {
                route(slot[i], length[i]);
            }
            lane.sender.flush(); // the slots are read into again
            lane.handOver.publish();
            for (int i = 0; i < packets; i++) {
                slot[i] = lane.handOver.replaceIfLent(slot[i]);
            }
            lane.handOver.roundEnded();
            if (packets < PACKETS_PER_ROUND) {
                break;
            }
        }
        lane.endTurn();
    }

    private int read(TunQueue tun) {
        int packets = 0;
        while (packets < PACKETS_PER_ROUND) {
            long address = lane.slots.address(slot[packets]) + SlotPool.HEADROOM_BYTES;
            int bytes = tun.read(address, lane.slots.capacityBytes());
            if (bytes <= 0) {
                break; // EAGAIN, or an error that the registration of the queue deals with
            }
            lane.counters.tunRead(bytes);
            length[packets++] = bytes;
        }
        return packets;
    }

    private void route(int packetSlot, int lengthBytes) {
        long packet = lane.slots.address(packetSlot) + SlotPool.HEADROOM_BYTES;
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
            lane.handOver.packetTo(home, packetSlot, packet, lengthBytes);
        }
    }

    @Override
    public void close() {
        for (int s : slot) {
            lane.slots.release(s);
        }
    }
}
