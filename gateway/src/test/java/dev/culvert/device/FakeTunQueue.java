package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.Errno;
import dev.culvert.tun.TunQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/// A TUN queue in memory: what the host sends, and what it was given.
@LaneConfined
final class FakeTunQueue implements TunQueue {
    final Queue<byte[]> toRead = new ArrayDeque<>();
    final List<byte[]> written = new ArrayList<>();
    int writeError;

    @Override
    public int read(long address, int capacityBytes) {
        byte[] packet = toRead.poll();
        if (packet == null) {
            return -Errno.EAGAIN;
        }
        Memory.copyIn(packet, 0, address, packet.length);
        return packet.length;
    }

    @Override
    public int write(long address, int lengthBytes) {
        if (writeError != 0) {
            return -writeError;
        }
        byte[] packet = new byte[lengthBytes];
        Memory.copyOut(address, packet, 0, lengthBytes);
        written.add(packet);
        return lengthBytes;
    }

    @Override
    public int fd() {
        return -1;
    }
}
