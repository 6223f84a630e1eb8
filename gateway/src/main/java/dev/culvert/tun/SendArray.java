package dev.culvert.tun;

import static dev.culvert.tun.ControlMessages.IOVEC_BYTES;
import static dev.culvert.tun.ControlMessages.MMSG_BYTES;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;

/// The arguments of sendmmsg(2) for one address family, reused for ever: datagrams by address, each with
/// destination, DS field and, where it matters, the address of ours to send from. Of one thread.
public final class SendArray implements AutoCloseable {
    /// Memory of a message's own, for what is built here: handshakes and keepalives.
    public static final int INLINE_BYTES = 160;

    /// Source, DS field, and later the segment size.
    private static final int CONTROL_BYTES = 128;

    private static final int NAME_BYTES = 32;

    private final Arena arena = Arena.ofShared();
    private final boolean ipv6;
    private final int messages;
    private final long headers;
    private final long iovecs;
    private final long names;
    private final long controls;
    private final long inline;
    private final int[] tos;
    private final long[] sourceHi;
    private final long[] sourceLo;
    private final int[] sourceInterface;

    public SendArray(boolean ipv6, int messages) {
        this.ipv6 = ipv6;
        this.messages = messages;
        headers = arena.allocate((long) messages * MMSG_BYTES, 64).address();
        iovecs = arena.allocate((long) messages * IOVEC_BYTES, 64).address();
        names = arena.allocate((long) messages * NAME_BYTES, 64).address();
        controls = arena.allocate((long) messages * CONTROL_BYTES, 64).address();
        inline = arena.allocate((long) messages * INLINE_BYTES, 64).address();
        tos = new int[messages];
        sourceHi = new long[messages];
        sourceLo = new long[messages];
        sourceInterface = new int[messages];
        for (int i = 0; i < messages; i++) {
            long header = header(i);
            Memory.putNativeLong(header, name(i));
            Memory.putNativeInt(header + ControlMessages.MMSG_NAMELEN, SocketAddressLayout.bytes(ipv6));
            Memory.putNativeLong(header + ControlMessages.MMSG_IOV, iovec(i));
            Memory.putNativeLong(header + ControlMessages.MMSG_IOVLEN, 1);
        }
    }

    long header(int i) {
        return headers + (long) i * MMSG_BYTES;
    }

    private long iovec(int i) {
        return iovecs + (long) i * IOVEC_BYTES;
    }

    private long name(int i) {
        return names + (long) i * NAME_BYTES;
    }

    /// Fills message `i`. A source of zeros and interface 0 leaves the choice to the kernel; a `tosByte` of 0 is
    /// the socket's default.
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
        Memory.putNativeLong(iovec(i), address);
        Memory.putNativeLong(iovec(i) + 8, lengthBytes);
        SocketAddressLayout.write(name(i), ipv6, destinationHi, destinationLo, port, scope);
        tos[i] = tosByte;
        sourceHi[i] = fromHi;
        sourceLo[i] = fromLo;
        sourceInterface[i] = fromInterface;
        writeControl(i);
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
        Memory.putNativeLong(header(i) + ControlMessages.MMSG_CONTROL, at == start ? 0 : start);
        Memory.putNativeLong(header(i) + ControlMessages.MMSG_CONTROLLEN, at - start);
    }

    private static long message(long at, int level, int type, int dataBytes) {
        Memory.putNativeLong(at, ControlMessages.HEADER_BYTES + dataBytes);
        Memory.putNativeInt(at + ControlMessages.LEVEL, level);
        Memory.putNativeInt(at + ControlMessages.TYPE, type);
        return at + ControlMessages.space(dataBytes);
    }

    public boolean ipv6() {
        return ipv6;
    }

    public int messages() {
        return messages;
    }

    /// The address of [#INLINE_BYTES] bytes that belong to message `i`.
    public long inline(int i) {
        return inline + (long) i * INLINE_BYTES;
    }

    public long address(int i) {
        return Memory.getNativeLong(iovec(i));
    }

    public int length(int i) {
        return (int) Memory.getNativeLong(iovec(i) + 8);
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
