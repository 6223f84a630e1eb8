package dev.culvert.wire;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;

/// Joins packets of one TCP or UDP flow to one that stands for all of them, which the host's stack takes for the
/// price of one (kernel: GRO, tcp_gro_receive; the TUN's virtio header says how to cut it again). What
/// [SegmentSplitter] makes of it is what was joined, but that the IDs of IPv4 packets that must not be fragmented
/// may be others.
///
/// [#add] the packets of a batch, [#finish], write the units, [#clear]. A packet is only joined to the last unit
/// of
/// its flow, so that a flow keeps its order; what cannot be joined is a unit of its own. Nothing is copied:
/// headers
/// are changed in the first packet of a unit. Of one thread.
public final class SegmentCoalescer implements AutoCloseable {
    /// Between two [#clear]s.
    public static final int PACKETS_MAX = 256;

    static final int UNIT_PACKETS_MAX = 64;
    private static final int UNIT_BYTES_MAX = 65_535;
    private static final int FLOWS = 256;
    private static final int IOVEC_BYTES = 16;
    private static final long HASH = 0x9E3779B97F4A7C15L;

    /// What [#parse] found.
    private static final int OTHER = 0; // neither TCP nor UDP

    private static final int UNREADABLE = 1; // perhaps TCP or UDP: a fragment, or behind extension headers
    private static final int ALONE = 2; // of a flow, but not to be joined
    private static final int JOINABLE = 3;

    private final Arena arena = Arena.ofShared();
    private final long iovecs =
            arena.allocate((long) UNIT_PACKETS_MAX * IOVEC_BYTES, 8).address();
    private boolean joinsTcp;
    private boolean joinsUdp;

    // Packets.
    private int packets;
    private final long[] address = new long[PACKETS_MAX];
    private final int[] payloadBytes = new int[PACKETS_MAX];
    /// In the same unit.
    private final int[] next = new int[PACKETS_MAX];

    // Units.
    private int units;
    private final int[] first = new int[PACKETS_MAX];
    private final int[] last = new int[PACKETS_MAX];
    private final int[] count = new int[PACKETS_MAX];
    private final int[] bytes = new int[PACKETS_MAX];
    private final int[] transportOffset = new int[PACKETS_MAX];
    private final boolean[] isTcp = new boolean[PACKETS_MAX];
    /// Nothing may follow in this unit.
    private final boolean[] full = new boolean[PACKETS_MAX];
    /// The first packet's checksum is right.
    private final boolean[] verified = new boolean[PACKETS_MAX];

    /// `flowsBegin` plus the last unit of a flow, by its hash; less than that is of an earlier batch.
    private final long[] flows = new long[FLOWS];

    private long flowsBegin = 1;

    // Of the packet that was parsed last.
    private boolean ipv6;
    private boolean tcp;
    private int transport;
    private int headerBytes;

    /// @param tcp whether the TUN takes joined TCP packets
    /// @param udp the same of UDP
    public SegmentCoalescer(boolean tcp, boolean udp) {
        joinsTcp = tcp;
        joinsUdp = udp;
    }

    /// The kernel refused a unit of this kind: no more of them.
    public void refused(int unit) {
        if (isTcp[unit]) {
            joinsTcp = false;
        } else {
            joinsUdp = false;
        }
    }

    public boolean isTcp(int unit) {
        return isTcp[unit];
    }

    /// @param packet has passed [IpPacket#totalLength]; the [VirtioNetHeader#BYTES] before it are overwritten
    /// @param lengthBytes what the packet says of itself
    public void add(long packet, int lengthBytes) {
        VirtioNetHeader.clear(packet - VirtioNetHeader.BYTES);
        int kind = parse(packet, lengthBytes);
        int slot = 0;
        if (kind == UNREADABLE) {
            flowsBegin += PACKETS_MAX;
        } else if (kind != OTHER) {
            slot = slotOfFlow(packet);
            int unit = (int) (flows[slot] - flowsBegin);
            if (unit >= 0 && sameFlow(address[first[unit]], unit, packet)) {
                if (kind == JOINABLE && joins(unit, packet, lengthBytes)) {
                    append(unit, packet, lengthBytes);
                    return;
                }
                flows[slot] = 0;
            }
        }
        int unit = open(packet, lengthBytes);
        if (kind == JOINABLE) {
            flows[slot] = flowsBegin + unit;
        }
    }

    private int parse(long packet, int lengthBytes) {
        ipv6 = IpPacket.isIpv6(packet);
        int protocol = IpPacket.protocol(packet);
        tcp = protocol == Transport.TCP;
        if (!tcp && protocol != Transport.UDP) {
            return ipv6 && IpPacket.isExtensionHeader(protocol) ? UNREADABLE : OTHER;
        }
        transport = ipv6 ? IpPacket.IPV6_HEADER_BYTES : IpPacket.ipv4HeaderBytes(packet);
        if (!ipv6 && (IpPacket.isIpv4Fragment(packet) || transport < IpPacket.IPV4_HEADER_BYTES)) {
            return UNREADABLE;
        }
        int own = tcp ? Transport.TCP_HEADER_BYTES_MIN : Transport.UDP_HEADER_BYTES;
        if (transport + own > lengthBytes) {
            return UNREADABLE;
        }
        long header = packet + transport;
        boolean joinable;
        if (tcp) {
            own = Transport.tcpHeaderBytes(header);
            int flags = Memory.getUnsignedByte(header + Transport.TCP_FLAGS);
            joinable = joinsTcp
                    && own >= Transport.TCP_HEADER_BYTES_MIN
                    && (flags & ~Transport.PSH) == Transport.ACK
                    && (Memory.getUnsignedByte(header + Transport.TCP_DATA_OFFSET) & 0xf) == 0;
        } else {
            joinable = joinsUdp
                    && Memory.getUnsignedShortBe(header + Transport.UDP_LENGTH) == lengthBytes - transport
                    && Memory.getUnsignedShortBe(header + Transport.UDP_CHECKSUM) != 0;
        }
        headerBytes = transport + own;
        boolean plainIp = ipv6 || transport == IpPacket.IPV4_HEADER_BYTES;
        return joinable && plainIp && headerBytes < lengthBytes ? JOINABLE : ALONE;
    }

    private int slotOfFlow(long packet) {
        long hash = (Memory.getInt(packet + transport) + (tcp ? 1L << 32 : 0)) * HASH; // both ports
        int from = ipv6 ? IpPacket.IPV6_SOURCE : IpPacket.IPV4_SOURCE;
        for (int at = from; at < (ipv6 ? IpPacket.IPV6_HEADER_BYTES : IpPacket.IPV4_HEADER_BYTES); at += 8) {
            hash = (hash ^ Memory.getLong(packet + at)) * HASH;
            hash ^= hash >>> 32;
        }
        return (int) (hash >>> 56) & FLOWS - 1;
    }

    private boolean sameFlow(long head, int unit, long packet) {
        if (isTcp[unit] != tcp
                || IpPacket.isIpv6(head) != ipv6
                || Memory.getInt(head + transportOffset[unit]) != Memory.getInt(packet + transport)) {
            return false;
        }
        return ipv6 ? same(head, packet, IpPacket.IPV6_SOURCE, 32) : same(head, packet, IpPacket.IPV4_SOURCE, 8);
    }

    private static boolean same(long a, long b, int from, int length) {
        int at = from;
        for (; at + 8 <= from + length; at += 8) {
            if (Memory.getLong(a + at) != Memory.getLong(b + at)) {
                return false;
            }
        }
        return at == from + length || Memory.getInt(a + at) == Memory.getInt(b + at);
    }

    /// Whether the packet, of the unit's flow, continues it so that both can be told apart again.
    private boolean joins(int unit, long packet, int lengthBytes) {
        long head = address[first[unit]];
        int payload = lengthBytes - headerBytes;
        int segment = payloadBytes[first[unit]];
        int joined = bytes[unit] - headerBytes;
        if (full[unit]
                || count[unit] == UNIT_PACKETS_MAX
                || payload > segment
                || joined != count[unit] * segment
                || bytes[unit] + payload > UNIT_BYTES_MAX
                || !sameIp(head, packet, count[unit])
                || tcp && !continues(head + transport, packet + transport, joined)) {
            return false;
        }
        if (!verified[unit]) {
            verified[unit] = isVerified(head, headerBytes + segment);
            full[unit] = !verified[unit];
        }
        return verified[unit] && isVerified(packet, lengthBytes);
    }

    /// Everything of the IP header that is copied into each packet is the same.
    private boolean sameIp(long head, long packet, int position) {
        if (ipv6) {
            return Memory.getInt(head) == Memory.getInt(packet)
                    && IpPacket.ipv6HopLimit(head) == IpPacket.ipv6HopLimit(packet);
        }
        return IpPacket.sameIpv4Service(head, packet)
                && (IpPacket.isIpv4Unfragmentable(packet)
                        || IpPacket.ipv4Id(packet) == (IpPacket.ipv4Id(head) + position & 0xffff));
    }

    private boolean continues(long head, long header, int joined) {
        return Memory.getIntBe(header + Transport.TCP_SEQUENCE)
                        == Memory.getIntBe(head + Transport.TCP_SEQUENCE) + joined
                && Memory.getInt(header + Transport.TCP_ACKNOWLEDGEMENT)
                        == Memory.getInt(head + Transport.TCP_ACKNOWLEDGEMENT)
                && Memory.getByte(header + Transport.TCP_DATA_OFFSET)
                        == Memory.getByte(head + Transport.TCP_DATA_OFFSET)
                && Memory.getUnsignedShortBe(header + Transport.TCP_WINDOW)
                        == Memory.getUnsignedShortBe(head + Transport.TCP_WINDOW)
                && Memory.getUnsignedShortBe(header + Transport.TCP_URGENT)
                        == Memory.getUnsignedShortBe(head + Transport.TCP_URGENT)
                && same(head, header, Transport.TCP_OPTIONS, headerBytes - transport - Transport.TCP_OPTIONS);
    }

    /// A wrong checksum must stay wrong: of a joined packet the kernel would compute a right one.
    private boolean isVerified(long packet, int lengthBytes) {
        if (!ipv6 && InternetChecksum.of(packet, IpPacket.IPV4_HEADER_BYTES) != 0) {
            return false;
        }
        int length = lengthBytes - transport;
        long sum = Transport.pseudoHeaderSum(packet, ipv6, tcp, length);
        return InternetChecksum.finish(InternetChecksum.add(sum, packet + transport, length)) == 0;
    }

    private int open(long packet, int lengthBytes) {
        int unit = units++;
        int number = packets++;
        address[number] = packet;
        payloadBytes[number] = lengthBytes - headerBytes;
        first[unit] = number;
        last[unit] = number;
        count[unit] = 1;
        bytes[unit] = lengthBytes;
        transportOffset[unit] = transport;
        isTcp[unit] = tcp;
        full[unit] = tcp && (Memory.getUnsignedByte(packet + transport + Transport.TCP_FLAGS) & Transport.PSH) != 0;
        verified[unit] = false;
        return unit;
    }

    private void append(int unit, long packet, int lengthBytes) {
        int number = packets++;
        int payload = lengthBytes - headerBytes;
        address[number] = packet + headerBytes;
        payloadBytes[number] = payload;
        next[last[unit]] = number;
        last[unit] = number;
        count[unit]++;
        bytes[unit] += payload;
        if (tcp) {
            int flags = Memory.getUnsignedByte(packet + transport + Transport.TCP_FLAGS);
            if ((flags & Transport.PSH) != 0) {
                Memory.putByte(address[first[unit]] + transport + Transport.TCP_FLAGS, flags);
                full[unit] = true;
            }
        }
    }

    /// Gives joined packets their headers.
    ///
    /// @return how many units there are, in the order in which they are to be written
    public int finish() {
        for (int unit = 0; unit < units; unit++) {
            if (count[unit] > 1) {
                finish(unit);
            }
        }
        return units;
    }

    private void finish(int unit) {
        long packet = address[first[unit]];
        boolean isIpv6 = IpPacket.isIpv6(packet);
        boolean unitIsTcp = isTcp[unit];
        int offset = transportOffset[unit];
        long header = packet + offset;
        int own = unitIsTcp ? Transport.tcpHeaderBytes(header) : Transport.UDP_HEADER_BYTES;
        if (isIpv6) {
            IpPacket.writeIpv6Length(packet, bytes[unit]);
        } else {
            IpPacket.writeIpv4LengthAndId(packet, bytes[unit], IpPacket.ipv4Id(packet));
        }
        int length = bytes[unit] - offset;
        if (!unitIsTcp) {
            Memory.putShortBe(header + Transport.UDP_LENGTH, length);
        }
        int checksumOffset = Transport.checksumOffset(unitIsTcp);
        int pseudo = InternetChecksum.fold(Transport.pseudoHeaderSum(packet, isIpv6, unitIsTcp, length));
        Memory.putShortBe(header + checksumOffset, pseudo);
        int type = !unitIsTcp
                ? VirtioNetHeader.UDP_SEGMENTS
                : isIpv6 ? VirtioNetHeader.TCP_IPV6 : VirtioNetHeader.TCP_IPV4;
        VirtioNetHeader.write(
                packet - VirtioNetHeader.BYTES, type, offset + own, payloadBytes[first[unit]], offset, checksumOffset);
    }

    /// How many packets the unit is.
    public int packets(int unit) {
        return count[unit];
    }

    /// The first packet of the unit, its virtio header before it.
    public long packet(int unit) {
        return address[first[unit]];
    }

    /// Bytes of the unit without the virtio header.
    public int lengthBytes(int unit) {
        return bytes[unit];
    }

    /// The unit's pieces as an array of `struct iovec`, as many as it has packets, the virtio header in the first.
    /// Valid until it is asked for another unit.
    public long iovecs(int unit) {
        int number = first[unit];
        int headBytes = bytes[unit];
        for (int i = 1; i < count[unit]; i++) {
            number = next[number];
            iovec(i, address[number], payloadBytes[number]);
            headBytes -= payloadBytes[number];
        }
        iovec(0, address[first[unit]] - VirtioNetHeader.BYTES, VirtioNetHeader.BYTES + headBytes);
        return iovecs;
    }

    private void iovec(int i, long at, int length) {
        Memory.putNativeLong(iovecs + (long) i * IOVEC_BYTES, at);
        Memory.putNativeLong(iovecs + (long) i * IOVEC_BYTES + 8, length);
    }

    /// Of piece `i` of [#iovecs].
    public static long iovecAddress(long iovecs, int i) {
        return Memory.getNativeLong(iovecs + (long) i * IOVEC_BYTES);
    }

    public static long iovecBytes(long iovecs, int i) {
        return Memory.getNativeLong(iovecs + (long) i * IOVEC_BYTES + 8);
    }

    /// Forgets the batch.
    public void clear() {
        packets = 0;
        units = 0;
        flowsBegin += PACKETS_MAX;
    }

    @Override
    public void close() {
        arena.close();
    }
}
