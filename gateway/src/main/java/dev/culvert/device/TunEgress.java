package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.Errno;
import dev.culvert.wire.SegmentCoalescer;
import dev.culvert.wire.SegmentSplitter;
import dev.culvert.wire.VirtioNetHeader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes the inner packets of a batch to the lane's TUN queue, those of one flow together where they can be
/// joined.
@LaneConfined
final class TunEgress implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TunEgress.class);

    private final Lane lane;
    private final SegmentCoalescer coalescer;
    private final SegmentSplitter splitter = new SegmentSplitter();

    TunEgress(Lane lane) {
        this.lane = lane;
        coalescer = new SegmentCoalescer(lane.device.offloads.tunTcp(), lane.device.offloads.tunUdp());
    }

    /// Takes a packet whose memory, with the 16 bytes before it, stays as it is until [#flush].
    void write(long packet, int lengthBytes) {
        coalescer.add(packet, lengthBytes);
    }

    /// Writes everything; what the kernel refuses is a counted drop.
    void flush() {
        int units = coalescer.finish();
        for (int unit = 0; unit < units; unit++) {
            int packets = coalescer.packets(unit);
            int bytes = coalescer.lengthBytes(unit);
            int written = packets == 1
                    ? lane.tun.write(coalescer.packet(unit), bytes)
                    : lane.tun.writeVector(coalescer.iovecs(unit), packets);
            if (written >= 0) {
                lane.counters.tunWritten(packets, bytes);
            } else if (packets > 1 && written == -Errno.EINVAL) {
                writeSingly(unit);
            } else {
                dropped(written, packets);
            }
        }
        coalescer.clear();
    }

    private void dropped(int result, int packets) {
        lane.counters.dropped(result == -Errno.EIO ? DropReason.TUN_DOWN : DropReason.TUN_FULL, packets);
    }

    /// The kernel does not take this kind of joined packet: cuts it again, and joins no more of them.
    private void writeSingly(int unit) {
        int packets = coalescer.packets(unit);
        int whole = lane.slots.take();
        int single = lane.slots.take();
        if (whole >= 0 && single >= 0) {
            coalescer.refused(unit);
            LOG.warn(
                    "lane {}: the kernel refuses joined {} packets for the TUN; they are written one by one from now on",
                    lane.number,
                    coalescer.isTcp(unit) ? "TCP" : "UDP");
            long packet = lane.slots.address(whole) + SlotPool.HEADROOM_BYTES;
            long part = lane.slots.address(single) + SlotPool.HEADROOM_BYTES;
            gather(coalescer.iovecs(unit), packets, packet - VirtioNetHeader.BYTES);
            int parts = splitter.open(packet, coalescer.lengthBytes(unit));
            for (int i = 0; i < parts; i++) {
                VirtioNetHeader.clear(part - VirtioNetHeader.BYTES);
                splitter.write(i, part);
                int written = lane.tun.write(part, splitter.lengthBytes(i));
                if (written < 0) {
                    dropped(written, 1);
                } else {
                    lane.counters.tunWritten(1, splitter.lengthBytes(i));
                }
            }
        } else {
            dropped(-Errno.EINVAL, packets);
        }
        for (int slot : new int[] {whole, single}) {
            if (slot >= 0) {
                lane.slots.release(slot);
            }
        }
    }

    private static void gather(long iovecs, int count, long to) {
        long end = to;
        for (int i = 0; i < count; i++) {
            long bytes = SegmentCoalescer.iovecBytes(iovecs, i);
            Memory.copy(SegmentCoalescer.iovecAddress(iovecs, i), end, bytes);
            end += bytes;
        }
    }

    @Override
    public void close() {
        coalescer.close();
    }
}
