package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.wire.IpPacket;
import io.netty.channel.ChannelPipeline;

/// A lane's side of the hand-over (architecture, decision 1): packets that belong to another lane go there by slot
/// reference, and those that others hand to this lane come in as a turn of their own. A full ring is a counted
/// drop, never a wait. Slots come back by a return ring and are freed by the lane that owns them.
///
/// A misdirected datagram goes over as it came, to be opened at home; a packet of the TUN goes over as
/// plaintext, and so do those from another peer ([DirectForwarding]), by the run.
@LaneConfined
final class HandOver implements AutoCloseable {
    /// What a ring's entry is.
    static final int DATAGRAM = 0;

    static final int INNER_PACKET = 1;

    /// Packets of another peer, to be forwarded as they are.
    static final int INNER_RUN = 2;

    private final Lane lane;
    private final LaneExchange exchange;
    private final boolean[] offered;
    /// References lent to each lane and not yet back.
    private final int[] outstanding;
    private final Runnable drain = this::drain;
    private final PacketBatch batch = new PacketBatch();
    /// Slots lent in this round of the reader, each of which takes a free one at the round's end.
    private int replacementsOwed;

    HandOver(Lane lane, LaneExchange exchange) {
        this.lane = lane;
        this.exchange = exchange;
        offered = new boolean[exchange.lanes()];
        outstanding = new int[exchange.lanes()];
    }

    // Giving.

    /// Hands the segment over if its receiver index belongs to another lane.
    ///
    /// @return true if it does: the segment is done with here, handed over or dropped
    boolean toHomeOf(int index, PacketBatch from, int segment) {
        int home = DeviceState.laneOf(index, exchange.lanes());
        if (home == lane.number) {
            return false;
        }
        int unit = from.unit[segment];
        int slot = from.unitSlot[unit];
        assert slot >= 0 : "what was handed over once has come home";
        HandOverRing ring = exchange.packets(lane.number, home);
        int entry = canLend(slot, home) ? ring.claim() : -1;
        if (entry < 0) {
            lane.counters.dropped(DropReason.LANE_FULL);
            return true;
        }
        ring.packet(entry, DATAGRAM, slot, from.address[segment], from.length[segment], null);
        ring.source(
                entry,
                from.unitIpv6[unit],
                from.unitSourceHi[unit],
                from.unitSourceLo[unit],
                from.unitSourcePort[unit],
                from.unitSourceScope[unit]);
        ring.local(
                entry,
                from.unitLocalHi[unit],
                from.unitLocalLo[unit],
                from.unitLocalInterface[unit],
                from.unitEcn[unit]);
        lent(home, slot, 1);
        return true;
    }

    /// Hands an inner packet to the lane of its peer.
    void packetTo(LanePeer peer, int slot, long packet, int lengthBytes) {
        int home = peer.lane.number;
        HandOverRing ring = exchange.packets(lane.number, home);
        int entry = canLend(slot, home) ? ring.claim() : -1;
        if (entry < 0) {
            lane.counters.dropped(DropReason.LANE_FULL, peer.peer);
            return;
        }
        ring.packet(entry, INNER_PACKET, slot, packet, lengthBytes, peer);
        lent(home, slot, 1);
    }

    /// Hands packets of another peer, which lie `strideBytes` apart, to the lane of the one that they are for.
    ///
    /// @return false if they were dropped
    boolean runTo(LanePeer peer, int slot, long first, int strideBytes, int packets) {
        int home = peer.lane.number;
        HandOverRing ring = exchange.packets(lane.number, home);
        int entry = canLend(slot, home) ? ring.claim() : -1;
        if (entry < 0) {
            lane.counters.dropped(DropReason.LANE_FULL, peer.peer, packets);
            return false;
        }
        ring.run(entry, INNER_RUN, slot, first, strideBytes, packets, peer);
        lent(home, slot, packets);
        return true;
    }

    /// As [#runTo] one packet, whose memory is not this lane's to lend.
    boolean copyTo(LanePeer peer, long packet, int lengthBytes) {
        if (lane.slots.free() <= replacementsOwed) {
            takeReturned();
        }
        int slot = lane.slots.free() > replacementsOwed ? lane.slots.take() : -1;
        if (slot < 0) {
            lane.counters.dropped(DropReason.LANE_FULL, peer.peer);
            return false;
        }
        long copy = lane.slots.address(slot) + SlotPool.HEADROOM_BYTES;
        Memory.copy(packet, copy, lengthBytes);
        lane.slots.retain(slot); // as if a reader held it, so that no replacement is owed
        boolean taken = runTo(peer, slot, copy, 0, 1);
        lane.slots.release(slot);
        lane.slots.release(slot);
        return taken;
    }

    private void lent(int home, int slot, int packets) {
        if (lane.slots.references(slot) == 1) {
            replacementsOwed++;
        }
        lane.slots.retain(slot);
        outstanding[home]++;
        offered[home] = true;
        lane.counters.handedOver(packets);
    }

    /// A slot is lent only while another one can take its place at the reader (one that is lent already needs
    /// none), and while its way back has room.
    private boolean canLend(int slot, int home) {
        if (outstanding[home] == Lane.LENT_SLOTS_MAX || lane.slots.free() <= replacementsOwed) {
            takeReturned();
        }
        return outstanding[home] < Lane.LENT_SLOTS_MAX
                && (lane.slots.references(slot) > 1 || lane.slots.free() > replacementsOwed);
    }

    /// After a reader's round: a slot that was lent is replaced by a free one.
    int replaceIfLent(int slot) {
        if (lane.slots.references(slot) == 1) {
            return slot;
        }
        int fresh = lane.slots.take();
        assert fresh >= 0 : "canLend kept one free";
        lane.slots.release(slot);
        return fresh;
    }

    /// The reader has replaced all slots that it lent.
    void roundEnded() {
        replacementsOwed = 0;
    }

    /// Shows the other lanes what was handed to them in this turn and wakes those that sleep.
    void publish() {
        Lane[] lanes = lane.device.lanes();
        for (int to = 0; to < offered.length; to++) {
            if (offered[to]) {
                offered[to] = false;
                if (exchange.packets(lane.number, to).publish()) {
                    lanes[to].executor.execute(lanes[to].handOver.drain);
                }
            }
        }
    }

    // Taking.

    private void drain() {
        if (lane.isClosed()) {
            return;
        }
        lane.beginTurn();
        for (int from = 0; from < exchange.lanes(); from++) {
            if (from != lane.number) {
                drain(exchange.packets(from, lane.number), from);
            }
        }
        lane.endTurn();
    }

    private void drain(HandOverRing ring, int from) {
        int count = ring.available();
        for (int position = 0; position < count; position++) {
            int entry = ring.entry(position);
            lane.counters.takenOver(ring.packets(entry));
            switch (ring.kind(entry)) {
                case INNER_PACKET -> lane.sender.send(peer(ring, entry), ring.address(entry), ring.length(entry));
                case INNER_RUN -> forward(ring, entry);
                default -> {
                    if (!batch.hasRoomFor(1)) {
                        fire();
                    }
                    add(ring, entry);
                }
            }
        }
        fire();
        SlotReturnRing returns = exchange.returns(from, lane.number);
        for (int position = 0; position < count; position++) {
            returns.offer(ring.slot(ring.entry(position)));
        }
        ring.consumed(count);
    }

    private static LanePeer peer(HandOverRing ring, int entry) {
        LanePeer peer = ring.peer(entry);
        assert peer != null;
        return peer;
    }

    private void forward(HandOverRing ring, int entry) {
        LanePeer peer = peer(ring, entry);
        long packet = ring.address(entry);
        for (int i = 0; i < ring.packets(entry); i++) {
            lane.sender.forward(peer, packet, IpPacket.totalLength(packet, SlotPool.PACKET_BYTES));
            packet += ring.stride(entry);
        }
    }

    private void add(HandOverRing ring, int entry) {
        int unit = batch.addUnit(-1, ring.ecn(entry));
        ring.originTo(entry, batch, unit);
        batch.addSegments(unit, ring.address(entry), ring.length(entry), 0);
    }

    private void fire() {
        ChannelPipeline inbound = lane.inbound;
        if (batch.segments != 0 && inbound != null) {
            inbound.fireChannelRead(batch);
        }
        batch.clear();
    }

    private void takeReturned() {
        for (int borrower = 0; borrower < exchange.lanes(); borrower++) {
            if (borrower != lane.number) {
                SlotReturnRing returns = exchange.returns(lane.number, borrower);
                for (int slot = returns.poll(); slot >= 0; slot = returns.poll()) {
                    lane.slots.release(slot);
                    outstanding[borrower]--;
                }
            }
        }
    }

    @Override
    public void close() {
        takeReturned();
    }
}
