package dev.culvert.tun;

import static dev.culvert.tun.ControlMessages.HEADER_BYTES;
import static dev.culvert.tun.ControlMessages.IOVEC_BYTES;
import static dev.culvert.tun.ControlMessages.MMSG_BYTES;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;

/// The arguments of recvmmsg(2) for one socket, reused for ever, and what the last call brought: lengths, sources,
/// our own address that was asked, ECN and GRO segment sizes. Of one thread.
public final class ReceiveArray implements AutoCloseable {
    private static final int CONTROL_BYTES = 128;
    private static final int NAME_BYTES = 32;
    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_CTRUNC = 0x8;

    private final Arena arena = Arena.ofShared();
    private final boolean ipv6;
    private final int slots;
    private final long headers;
    private final long iovecs;
    private final long names;
    private final long controls;

    /// Messages to prepare again: all of them at first.
    private int used;

    private final int[] segmentSize;
    private final int[] ecn;
    private final long[] localHi;
    private final long[] localLo;
    private final int[] localInterface;

    /// @param slots datagrams (or GRO buffers) a call
    public ReceiveArray(boolean ipv6, int slots) {
        this.ipv6 = ipv6;
        this.slots = slots;
        used = slots;
        headers = arena.allocate((long) slots * MMSG_BYTES, 64).address();
        iovecs = arena.allocate((long) slots * IOVEC_BYTES, 64).address();
        names = arena.allocate((long) slots * NAME_BYTES, 64).address();
        controls = arena.allocate((long) slots * CONTROL_BYTES, 64).address();
        segmentSize = new int[slots];
        ecn = new int[slots];
        localHi = new long[slots];
        localLo = new long[slots];
        localInterface = new int[slots];
        for (int i = 0; i < slots; i++) {
            long header = header(i);
            Memory.putNativeLong(header, name(i));
            Memory.putNativeLong(header + ControlMessages.MMSG_IOV, iovec(i));
            Memory.putNativeLong(header + ControlMessages.MMSG_IOVLEN, 1);
            Memory.putNativeLong(header + ControlMessages.MMSG_CONTROL, control(i));
        }
    }

    private long header(int i) {
        return headers + (long) i * MMSG_BYTES;
    }

    private long iovec(int i) {
        return iovecs + (long) i * IOVEC_BYTES;
    }

    private long name(int i) {
        return names + (long) i * NAME_BYTES;
    }

    private long control(int i) {
        return controls + (long) i * CONTROL_BYTES;
    }

    /// Where message `i` is received from now on.
    public void buffer(int i, long address, int capacityBytes) {
        Memory.putNativeLong(iovec(i), address);
        Memory.putNativeLong(iovec(i) + 8, capacityBytes);
    }

    public int slots() {
        return slots;
    }

    public boolean ipv6() {
        return ipv6;
    }

    /// The kernel overwrites these of the messages that a call received: a lone datagram must not pay for all.
    long prepare() {
        for (int i = 0; i < used; i++) {
            long header = header(i);
            Memory.putNativeInt(header + ControlMessages.MMSG_NAMELEN, NAME_BYTES);
            Memory.putNativeLong(header + ControlMessages.MMSG_CONTROLLEN, CONTROL_BYTES);
            Memory.putNativeInt(header + ControlMessages.MMSG_FLAGS, 0);
        }
        used = 0;
        return headers;
    }

    /// Reads the control messages of the first `received` messages.
    void parse(int received) {
        used = received;
        for (int i = 0; i < received; i++) {
            segmentSize[i] = 0;
            ecn[i] = 0;
            localHi[i] = 0;
            localLo[i] = 0;
            localInterface[i] = 0;
            long at = control(i);
            long end = at + Math.min(Memory.getNativeLong(header(i) + ControlMessages.MMSG_CONTROLLEN), CONTROL_BYTES);
            while (at + HEADER_BYTES <= end) {
                long bytes = Memory.getNativeLong(at);
                if (bytes < HEADER_BYTES || bytes > end - at) {
                    break; // nothing that the kernel writes; never read beyond it
                }
                controlMessage(i, at, (int) bytes - HEADER_BYTES);
                at += ControlMessages.aligned((int) bytes);
            }
        }
    }

    private void controlMessage(int i, long at, int dataBytes) {
        int level = Memory.getNativeInt(at + ControlMessages.LEVEL);
        int type = Memory.getNativeInt(at + ControlMessages.TYPE);
        long data = at + HEADER_BYTES;
        if (level == ControlMessages.IPPROTO_IP
                && type == ControlMessages.IP_PKTINFO
                && dataBytes >= ControlMessages.IPV4_PKTINFO_BYTES) {
            localInterface[i] = Memory.getNativeInt(data);
            localHi[i] = (Memory.getIntBe(data + 4) & 0xffffffffL) << 32; // spec_dst: what to answer from
        } else if (level == ControlMessages.IPPROTO_IP && type == ControlMessages.IP_TOS && dataBytes >= 1) {
            ecn[i] = Memory.getUnsignedByte(data) & 3;
        } else if (level == ControlMessages.IPPROTO_IPV6
                && type == ControlMessages.IPV6_PKTINFO
                && dataBytes >= ControlMessages.IPV6_PKTINFO_BYTES) {
            localHi[i] = Memory.getLongBe(data);
            localLo[i] = Memory.getLongBe(data + 8);
            localInterface[i] = Memory.getNativeInt(data + 16);
        } else if (level == ControlMessages.IPPROTO_IPV6 && type == ControlMessages.IPV6_TCLASS && dataBytes >= 4) {
            ecn[i] = Memory.getNativeInt(data) & 3;
        } else if (level == ControlMessages.SOL_UDP && type == ControlMessages.UDP_GRO && dataBytes >= 4) {
            segmentSize[i] = Memory.getNativeInt(data);
        }
    }

    public long address(int i) {
        return Memory.getNativeLong(iovec(i));
    }

    public int length(int i) {
        return Memory.getNativeInt(header(i) + ControlMessages.MMSG_LENGTH);
    }

    /// The datagram, or its control messages, were longer than the buffer.
    public boolean truncated(int i) {
        return (Memory.getNativeInt(header(i) + ControlMessages.MMSG_FLAGS) & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    }

    /// Bytes a segment if the kernel coalesced several datagrams, else 0.
    public int segmentSize(int i) {
        return segmentSize[i];
    }

    /// The outer header's ECN bits.
    public int ecn(int i) {
        return ecn[i];
    }

    public long sourceHi(int i) {
        return SocketAddressLayout.hi(name(i), ipv6);
    }

    public long sourceLo(int i) {
        return SocketAddressLayout.lo(name(i), ipv6);
    }

    public int sourcePort(int i) {
        return SocketAddressLayout.port(name(i));
    }

    public int sourceScope(int i) {
        return SocketAddressLayout.scope(name(i), ipv6);
    }

    public long localHi(int i) {
        return localHi[i];
    }

    public long localLo(int i) {
        return localLo[i];
    }

    /// The interface it came in by; 0 if unknown.
    public int localInterface(int i) {
        return localInterface[i];
    }

    @Override
    public void close() {
        arena.close();
    }
}
