package dev.culvert.wire;

import dev.culvert.crypto.Memory;

/// Cuts a packet that stands for many of one TCP or UDP flow into those, as a network card does (TSO, USO; kernel:
/// tcp_gso_segment, __udp_gso_segment), and completes what the kernel left undone of any packet from a TUN.
///
/// [#open] one packet at a time; its memory stays as it is until the last [#write]. Of one thread.
public final class SegmentSplitter {
    /// From [#open]: its virtio header and the packet do not fit together.
    public static final int MALFORMED = -1;

    private long packet;
    private int packetBytes;
    private int segments;
    private boolean ipv6;
    private boolean tcp;
    private int transport;
    private int headerBytes;
    private int segmentBytes;

    /// @param address of the packet, with its [VirtioNetHeader] right before it; it has passed
    /// [IpPacket#totalLength]
    /// @return how many packets it is, or [#MALFORMED]
    public int open(long address, int lengthBytes) {
        packet = address;
        packetBytes = lengthBytes;
        long header = address - VirtioNetHeader.BYTES;
        int type = VirtioNetHeader.type(header);
        if (type == VirtioNetHeader.NONE) {
            segments = !VirtioNetHeader.needsChecksum(header) || completeChecksum(header) ? 1 : MALFORMED;
        } else {
            segments = openSegments(header, type);
        }
        return segments;
    }

    private boolean completeChecksum(long header) {
        int start = VirtioNetHeader.checksumStart(header);
        int field = start + VirtioNetHeader.checksumOffset(header);
        if (field + 2 > packetBytes) {
            return false;
        }
        int checksum = InternetChecksum.of(packet + start, packetBytes - start);
        boolean isUdp = field - start == Transport.UDP_CHECKSUM;
        Memory.putShortBe(packet + field, isUdp && checksum == 0 ? 0xffff : checksum);
        return true;
    }

    /// The header length that the kernel tells may be that of the whole first packet, so it is not used.
    private int openSegments(long header, int type) {
        tcp = type != VirtioNetHeader.UDP_SEGMENTS;
        ipv6 = IpPacket.isIpv6(packet);
        transport = VirtioNetHeader.checksumStart(header);
        segmentBytes = VirtioNetHeader.segmentBytes(header);
        boolean fits = (!tcp || type == (ipv6 ? VirtioNetHeader.TCP_IPV6 : VirtioNetHeader.TCP_IPV4))
                && transport >= (ipv6 ? IpPacket.IPV6_HEADER_BYTES : IpPacket.IPV4_HEADER_BYTES)
                && (ipv6 || transport == IpPacket.ipv4HeaderBytes(packet))
                && transport + (tcp ? Transport.TCP_HEADER_BYTES_MIN : Transport.UDP_HEADER_BYTES) < packetBytes
                && segmentBytes > 0;
        if (!fits) {
            return MALFORMED;
        }
        int own = tcp ? Transport.tcpHeaderBytes(packet + transport) : Transport.UDP_HEADER_BYTES;
        headerBytes = transport + own;
        if (tcp && own < Transport.TCP_HEADER_BYTES_MIN || headerBytes >= packetBytes) {
            return MALFORMED;
        }
        return (packetBytes - headerBytes + segmentBytes - 1) / segmentBytes;
    }

    /// Bytes of packet `i`, headers included.
    public int lengthBytes(int i) {
        return segments == 1 ? packetBytes : headerBytes + payloadBytes(i);
    }

    private int payloadBytes(int i) {
        return Math.min(segmentBytes, packetBytes - headerBytes - i * segmentBytes);
    }

    /// Writes packet `i`, as if it had never been part of another.
    ///
    /// @param to room for [#lengthBytes]; does not overlap the packet
    public void write(int i, long to) {
        if (segments == 1) {
            Memory.copy(packet, to, packetBytes);
            return;
        }
        int payload = payloadBytes(i);
        int length = headerBytes + payload;
        Memory.copy(packet, to, headerBytes);
        Memory.copy(packet + headerBytes + (long) i * segmentBytes, to + headerBytes, payload);
        if (ipv6) {
            IpPacket.writeIpv6Length(to, length);
        } else {
            IpPacket.writeIpv4LengthAndId(to, length, IpPacket.ipv4Id(packet) + i);
        }
        long header = to + transport;
        long field = header + Transport.checksumOffset(tcp);
        if (tcp) {
            Memory.putIntBe(
                    header + Transport.TCP_SEQUENCE,
                    Memory.getIntBe(header + Transport.TCP_SEQUENCE) + i * segmentBytes);
            int notHere = (i == segments - 1 ? 0 : Transport.FIN | Transport.PSH) | (i == 0 ? 0 : Transport.CWR);
            int flags = Memory.getUnsignedByte(header + Transport.TCP_FLAGS);
            Memory.putByte(header + Transport.TCP_FLAGS, flags & ~notHere);
        } else {
            Memory.putShortBe(header + Transport.UDP_LENGTH, length - transport);
        }
        Memory.putShortBe(field, 0);
        long pseudo = Transport.pseudoHeaderSum(to, ipv6, tcp, length - transport);
        int checksum = InternetChecksum.finish(InternetChecksum.add(pseudo, header, length - transport));
        Memory.putShortBe(field, !tcp && checksum == 0 ? 0xffff : checksum);
    }
}
