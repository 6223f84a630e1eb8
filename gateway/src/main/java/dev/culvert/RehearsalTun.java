package dev.culvert;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.BootClock;
import dev.culvert.tun.Errno;
import dev.culvert.tun.TimerFd;
import dev.culvert.tun.Tun;
import dev.culvert.tun.TunQueue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// An interface in memory for `culvert rehearse`: a host that sends bursts of packets, of all sizes, to the
/// other end of the rehearsal, and takes what comes. Needs neither a TUN nor a privilege.
///
/// The interface's name ends with the number of its host, 1 or 2, which has the inner address 192.0.2.1 or
/// 192.0.2.2 (RFC 5737).
final class RehearsalTun implements Tun {
    private static final int MTU = 1420;
    private static final int IPV4_HEADER_BYTES = 20;
    private static final int BURST_PACKETS = 64;
    private static final long BURST_NS = 5_000_000;
    private static final int NETWORK = 192 << 24 | 2 << 8;

    private final String name;
    private final int host;
    private final List<Queue> queues = new ArrayList<>();

    private RehearsalTun(String name) {
        this.name = name;
        host = name.endsWith("1") ? 1 : 2;
    }

    static RehearsalTun open(String name, int queues) throws IOException {
        RehearsalTun tun = new RehearsalTun(name);
        for (int i = 0; i < queues; i++) {
            tun.queues.add(new Queue(tun.host));
        }
        return tun;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int index() {
        return host;
    }

    @Override
    public int mtu() {
        return MTU;
    }

    @Override
    public boolean up() {
        return true;
    }

    @Override
    public boolean tcpSegments() {
        return true;
    }

    @Override
    public boolean udpSegments() {
        return true;
    }

    @Override
    public List<? extends TunQueue> queues() {
        return queues;
    }

    @Override
    public void close() {
        queues.forEach(queue -> queue.alarm.close());
    }

    /// Readable every [#BURST_NS], for [#BURST_PACKETS].
    private static final class Queue implements TunQueue {
        private final TimerFd alarm;
        private final int host;
        private int left = BURST_PACKETS;
        private int sent;

        Queue(int host) throws IOException {
            this.host = host;
            alarm = TimerFd.open();
            alarm.arm(BootClock.bootNs());
        }

        @Override
        public int read(long address, int capacityBytes) {
            if (left == 0) {
                left = BURST_PACKETS;
                alarm.drain();
                alarm.arm(BootClock.bootNs() + BURST_NS);
                return -Errno.EAGAIN;
            }
            left--;
            sent++;
            int length = sent % 4 == 0 ? IPV4_HEADER_BYTES + sent % (MTU - IPV4_HEADER_BYTES) : MTU;
            Memory.zero(address - HEADER_BYTES, HEADER_BYTES + length);
            Memory.putByte(address, 0x45);
            Memory.putByte(address + 2, length >>> 8);
            Memory.putByte(address + 3, length);
            Memory.putByte(address + 8, 64); // TTL
            Memory.putByte(address + 9, 59); // no next header
            putAddress(address + 12, host);
            putAddress(address + 16, 3 - host);
            return length;
        }

        private static void putAddress(long address, int host) {
            for (int i = 0; i < Integer.BYTES; i++) {
                Memory.putByte(address + i, (NETWORK | host) >>> 24 - 8 * i);
            }
        }

        @Override
        public int write(long address, int lengthBytes) {
            return lengthBytes;
        }

        @Override
        public int writeVector(long iovecs, int count) {
            return count;
        }

        @Override
        public int fd() {
            return alarm.fd();
        }
    }
}
