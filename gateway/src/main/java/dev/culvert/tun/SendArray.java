package dev.culvert.tun;

import static dev.culvert.tun.ControlMessages.IOVEC_BYTES;
import static dev.culvert.tun.ControlMessages.MMSG_BYTES;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;

/// The arguments of sendmmsg(2) for one address family, reused for ever. A message is one datagram, or several to
/// one destination that the kernel cuts apart again (UDP_SEGMENT, udp(7)): all of one length, but that the last
/// may
/// be shorter. Each has a destination, a DS field and, where it matters, the address of ours to send from. The
/// bytes stay where they are. Of one thread.
public final class SendArray implements AutoCloseable {
    /// Datagrams of one message: `UDP_MAX_SEGMENTS` of kernels before 6.9; later ones take 128.
    public static final int SEGMENTS_MAX = 64;

    /// Of one message, as an IPv4 datagram that long would be: 65,535 without both headers.
    public static final int MESSAGE_BYTES_MAX = 65_507;

    /// Source, DS field and segment size.
    private static final int CONTROL_BYTES = 128;

    private static final int NAME_BYTES = 32;

    private final Arena arena = Arena.ofShared();
    private final boolean ipv6;
    private final int messages;
    private final long headers;
    private final long iovecs;
    private final long names;
    private final long controls;
    private final int[] tos;
    private final long[] sourceHi;
    private final long[] sourceLo;
    private final int[] sourceInterface;
    private final int[] segments;
    private final int[] segmentBytes;
    private final int[] totalBytes;

    public SendArray(boolean ipv6, int messages) {
        this.ipv6 = ipv6;
        this.messages = messages;
        headers = arena.allocate((long) messages * MMSG_BYTES, 64).address();
        iovecs =
                arena.allocate((long) messages * SEGMENTS_MAX * IOVEC_BYTES, 64).address();
        names = arena.allocate((long) messages * NAME_BYTES, 64).address();
        controls = arena.allocate((long) messages * CONTROL_BYTES, 64).address();
        tos = new int[messages];
        sourceHi = new long[messages];
        sourceLo = new long[messages];
        sourceInterface = new int[messages];
        segments = new int[messages];
        segmentBytes = new int[messages];
        totalBytes = new int[messages];
        for (int i = 0; i < messages; i++) {
            long header = header(i);
            Memory.putNativeLong(header, name(i));
            Memory.putNativeInt(header + ControlMessages.MMSG_NAMELEN, SocketAddressLayout.bytes(ipv6));
            Memory.putNativeLong(header + ControlMessages.MMSG_IOV, iovec(i, 0));
        }
    }

    long header(int i) {
        return headers + (long) i * MMSG_BYTES;
    }

    private long iovec(int i, int vector) {
        return iovecs + ((long) i * SEGMENTS_MAX + vector) * IOVEC_BYTES;
    }

    private long name(int i) {
        return names + (long) i * NAME_BYTES;
    }

    private int vectors(int i) {
        return (int) Memory.getNativeLong(header(i) + ControlMessages.MMSG_IOVLEN);
    }

    /// Makes message `i` one datagram. A source of zeros and interface 0 leaves the choice to the kernel; a
    /// `tosByte` of 0 is the socket's default.
    public void set(
            int i,
            long address,
            int lengthBytes,
            long destinationHi,
            long destinationLo,
            int port,
            int scope,
            long fromHi,
            long fromLo,
            int fromInterface,
            int tosByte) {
        SocketAddressLayout.write(name(i), ipv6, destinationHi, destinationLo, port, scope);
        tos[i] = tosByte;
        sourceHi[i] = fromHi;
        sourceLo[i] = fromLo;
        sourceInterface[i] = fromInterface;
        bytes(i, address, lengthBytes);
    }

    private void bytes(int i, long address, int lengthBytes) {
        vector(i, 0, address, lengthBytes);
        segments[i] = 1;
        segmentBytes[i] = lengthBytes;
        totalBytes[i] = lengthBytes;
        writeControl(i);
    }

    private void vector(int i, int vector, long address, int lengthBytes) {
        long at = iovec(i, vector);
        Memory.putNativeLong(at, address);
        Memory.putNativeLong(at + 8, lengthBytes);
        Memory.putNativeLong(header(i) + ControlMessages.MMSG_IOVLEN, vector + 1);
    }

    /// Puts a datagram behind those of message `i`, if the kernel can tell them apart again.
    ///
    /// @return false if it cannot: this one is longer, the last one was shorter, or the message is full
    public boolean append(int i, long address, int lengthBytes) {
        int size = segmentBytes[i];
        if (lengthBytes > size
                || segments[i] == SEGMENTS_MAX
                || totalBytes[i] != segments[i] * size
                || totalBytes[i] + lengthBytes > MESSAGE_BYTES_MAX) {
            return false;
        }
        int last = vectors(i) - 1;
        long lastAddress = Memory.getNativeLong(iovec(i, last));
        long lastBytes = Memory.getNativeLong(iovec(i, last) + 8);
        if (lastAddress + lastBytes == address) {
            vector(i, last, lastAddress, (int) lastBytes + lengthBytes);
        } else {
            vector(i, last + 1, address, lengthBytes);
        }
        segments[i]++;
        totalBytes[i] += lengthBytes;
        if (segments[i] == 2) {
            writeControl(i);
        }
        return true;
    }

    /// Sends message `i` from an address of the kernel's choice.
    public void clearSource(int i) {
        sourceHi[i] = 0;
        sourceLo[i] = 0;
        sourceInterface[i] = 0;
        writeControl(i);
    }

    private void writeControl(int i) {
        long start = controls + (long) i * CONTROL_BYTES;
        long at = start;
        if (sourceInterface[i] != 0 || sourceHi[i] != 0 || sourceLo[i] != 0) {
            long data = at + ControlMessages.HEADER_BYTES;
            if (ipv6) {
                at = message(
                        at,
                        ControlMessages.IPPROTO_IPV6,
                        ControlMessages.IPV6_PKTINFO,
                        ControlMessages.IPV6_PKTINFO_BYTES);
                Memory.putLongBe(data, sourceHi[i]);
                Memory.putLongBe(data + 8, sourceLo[i]);
                Memory.putNativeInt(data + 16, sourceInterface[i]);
            } else {
                at = message(
                        at, ControlMessages.IPPROTO_IP, ControlMessages.IP_PKTINFO, ControlMessages.IPV4_PKTINFO_BYTES);
                Memory.putNativeInt(data, sourceInterface[i]);
                Memory.putIntBe(data + 4, (int) (sourceHi[i] >>> 32));
                Memory.putNativeInt(data + 8, 0);
            }
        }
        if (tos[i] != 0) {
            Memory.putNativeInt(at + ControlMessages.HEADER_BYTES, tos[i]);
            at = ipv6
                    ? message(at, ControlMessages.IPPROTO_IPV6, ControlMessages.IPV6_TCLASS, Integer.BYTES)
                    : message(at, ControlMessages.IPPROTO_IP, ControlMessages.IP_TOS, Integer.BYTES);
        }
        if (segments[i] > 1) {
            Memory.putNativeShort(at + ControlMessages.HEADER_BYTES, segmentBytes[i]);
            at = message(at, ControlMessages.SOL_UDP, ControlMessages.UDP_SEGMENT, Short.BYTES);
        }
        Memory.putNativeLong(header(i) + ControlMessages.MMSG_CONTROL, at == start ? 0 : start);
        Memory.putNativeLong(header(i) + ControlMessages.MMSG_CONTROLLEN, at - start);
    }

    private static long message(long at, int level, int type, int dataBytes) {
        Memory.putNativeLong(at, ControlMessages.HEADER_BYTES + dataBytes);
        Memory.putNativeInt(at + ControlMessages.LEVEL, level);
        Memory.putNativeInt(at + ControlMessages.TYPE, type);
        return at + ControlMessages.space(dataBytes);
    }

    /// Makes messages `0` to `segments(i) - 1` of `into` the datagrams of message `i`, one each.
    public void spread(int i, SendArray into) {
        assert into.ipv6 == ipv6 && into.messages >= segments[i];
        for (int k = 0; k < segments[i]; k++) {
            Memory.copy(name(i), into.name(k), NAME_BYTES);
            into.tos[k] = tos[i];
            into.sourceHi[k] = sourceHi[i];
            into.sourceLo[k] = sourceLo[i];
            into.sourceInterface[k] = sourceInterface[i];
            into.bytes(k, address(i, k), length(i, k));
        }
    }

    public boolean ipv6() {
        return ipv6;
    }

    public int messages() {
        return messages;
    }

    /// How many datagrams message `i` is.
    public int segments(int i) {
        return segments[i];
    }

    /// Bytes of each of them but perhaps the last.
    public int segmentBytes(int i) {
        return segmentBytes[i];
    }

    /// Bytes of message `i`, all its datagrams together.
    public int length(int i) {
        return totalBytes[i];
    }

    /// Where datagram `k` of message `i` lies.
    public long address(int i, int k) {
        long offset = (long) k * segmentBytes[i];
        int vector = 0;
        long here = Memory.getNativeLong(iovec(i, 0) + 8);
        while (offset >= here && vector < vectors(i) - 1) {
            offset -= here;
            vector++;
            here = Memory.getNativeLong(iovec(i, vector) + 8);
        }
        return Memory.getNativeLong(iovec(i, vector)) + offset;
    }

    /// Bytes of datagram `k` of message `i`.
    public int length(int i, int k) {
        return Math.min(segmentBytes[i], totalBytes[i] - k * segmentBytes[i]);
    }

    public long destinationHi(int i) {
        return SocketAddressLayout.hi(name(i), ipv6);
    }

    public long destinationLo(int i) {
        return SocketAddressLayout.lo(name(i), ipv6);
    }

    public int port(int i) {
        return SocketAddressLayout.port(name(i));
    }

    public int tos(int i) {
        return tos[i];
    }

    public long sourceHi(int i) {
        return sourceHi[i];
    }

    public long sourceLo(int i) {
        return sourceLo[i];
    }

    public int sourceInterface(int i) {
        return sourceInterface[i];
    }

    @Override
    public void close() {
        arena.close();
    }
}
