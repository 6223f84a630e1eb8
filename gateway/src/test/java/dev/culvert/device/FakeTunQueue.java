package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.Errno;
import dev.culvert.tun.TunQueue;
import dev.culvert.wire.SegmentCoalescer;
import dev.culvert.wire.SegmentSplitter;
import dev.culvert.wire.VirtioNetHeader;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;

/// A TUN queue in memory: what the host sends, and what it was given.
@LaneConfined
final class FakeTunQueue implements TunQueue {
    final Queue<byte[]> toRead = new ArrayDeque<>();
    /// The virtio headers of packets in `toRead` that have one.
    final IdentityHashMap<byte[], byte[]> headers = new IdentityHashMap<>();

    final List<byte[]> written = new ArrayList<>();
    int writeError;
    /// What joined packets are refused with.
    int vectorError;

    int vectorsRefused;

    @Override
    public int read(long packet, int capacityBytes) {
        byte[] next = toRead.poll();
        if (next == null) {
            return -Errno.EAGAIN;
        }
        VirtioNetHeader.clear(packet - VirtioNetHeader.BYTES);
        byte[] header = headers.remove(next);
        if (header != null) {
            Memory.copyIn(header, 0, packet - VirtioNetHeader.BYTES, VirtioNetHeader.BYTES);
        }
        Memory.copyIn(next, 0, packet, next.length);
        return next.length;
    }

    @Override
    public int write(long packet, int lengthBytes) {
        if (writeError != 0) {
            return -writeError;
        }
        byte[] copy = new byte[lengthBytes];
        Memory.copyOut(packet, copy, 0, lengthBytes);
        written.add(copy);
        return lengthBytes;
    }

    /// As the kernel does it: the packet that stands for many is cut.
    @Override
    public int writeVector(long iovecs, int count) {
        if (vectorError != 0) {
            vectorsRefused++;
            return -vectorError;
        }
        try (Arena arena = Arena.ofConfined()) {
            long header = arena.allocate(VirtioNetHeader.BYTES + (1 << 16)).address();
            long end = header;
            for (int i = 0; i < count; i++) {
                long bytes = SegmentCoalescer.iovecBytes(iovecs, i);
                Memory.copy(SegmentCoalescer.iovecAddress(iovecs, i), end, bytes);
                end += bytes;
            }
            long packet = header + VirtioNetHeader.BYTES;
            long segment = arena.allocate(1 << 16).address();
            SegmentSplitter splitter = new SegmentSplitter();
            int segments = splitter.open(packet, (int) (end - packet));
            for (int i = 0; i < segments; i++) {
                splitter.write(i, segment);
                if (write(segment, splitter.lengthBytes(i)) < 0) {
                    return -writeError;
                }
            }
            return 1;
        }
    }

    @Override
    public int fd() {
        return -1;
    }
}
