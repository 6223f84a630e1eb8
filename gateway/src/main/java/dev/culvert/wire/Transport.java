package dev.culvert.wire;

import dev.culvert.crypto.Memory;

/// The fields of TCP (RFC 9293) and UDP (RFC 768) that are touched where packets of a flow are cut and joined.
final class Transport {
    static final int TCP = 6;
    static final int UDP = 17;
    static final int UDP_HEADER_BYTES = 8;
    static final int TCP_HEADER_BYTES_MIN = 20;
    static final int TCP_SEQUENCE = 4;
    static final int TCP_ACKNOWLEDGEMENT = 8;
    static final int TCP_DATA_OFFSET = 12;
    static final int TCP_FLAGS = 13;
    static final int TCP_WINDOW = 14;
    static final int TCP_CHECKSUM = 16;
    static final int TCP_URGENT = 18;
    static final int TCP_OPTIONS = 20;
    static final int UDP_LENGTH = 4;
    static final int UDP_CHECKSUM = 6;
    static final int FIN = 0x01;
    static final int PSH = 0x08;
    static final int ACK = 0x10;
    static final int CWR = 0x80;

    private Transport() {}

    static int tcpHeaderBytes(long tcp) {
        return (Memory.getUnsignedByte(tcp + TCP_DATA_OFFSET) >>> 4) * 4;
    }

    static int checksumOffset(boolean isTcp) {
        return isTcp ? TCP_CHECKSUM : UDP_CHECKSUM;
    }

    /// The sum of the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1), not complemented.
    ///
    /// @param bytes of transport header and payload
    static long pseudoHeaderSum(long packet, boolean isIpv6, boolean isTcp, int bytes) {
        int addresses = isIpv6 ? IpPacket.IPV6_SOURCE : IpPacket.IPV4_SOURCE;
        int length = isIpv6 ? 32 : 8;
        return InternetChecksum.add((isTcp ? TCP : UDP) + bytes, packet + addresses, length);
    }
}
