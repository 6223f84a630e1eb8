package dev.culvert.wire;

import dev.culvert.crypto.Memory;

/// The little we read of an inner IPv4 (RFC 791) or IPv6 (RFC 8200) packet at a raw address, and the one field we
/// change. Never looks at options, extension headers or payload.
///
/// ```
///             IPv4                     IPv6
/// version     byte 0, upper half       byte 0, upper half
/// ECN         byte 1, lower two bits   byte 1, bits 4 and 5
/// length      2..3, of everything      4..5, without the header of 40
/// checksum    10..11                   –
/// source      12..15                   8..23
/// destination 16..19                   24..39
/// ```
///
/// An address is two longs, left-aligned in 128 bits: an IPv4 address stands in the upper half of `hi`. But for
/// [#totalLength] every method requires that the packet has passed it.
public final class IpPacket {
    public static final int IPV4_HEADER_BYTES = 20;
    public static final int IPV6_HEADER_BYTES = 40;

    /// From [#totalLength]: neither IPv4 nor IPv6.
    public static final int BAD_VERSION = -1;
    /// From [#totalLength]: less than the smallest header of its version is there.
    public static final int HEADER_TOO_SHORT = -2;
    /// From [#totalLength]: it claims to be longer than what is there, or shorter than its own header.
    public static final int LENGTH_MISMATCH = -3;

    static final int IPV4_SOURCE = 12;
    static final int IPV6_SOURCE = 8;

    private static final int IPV4_TOTAL_LENGTH = 2;
    private static final int IPV4_ID = 4;
    private static final int IPV4_FRAGMENT = 6;
    private static final int IPV4_TTL = 8;
    private static final int IPV4_PROTOCOL = 9;
    private static final int IPV4_CHECKSUM = 10;
    private static final int IPV4_DESTINATION = 16;
    private static final int IPV6_PAYLOAD_LENGTH = 4;
    private static final int IPV6_NEXT_HEADER = 6;
    private static final int IPV6_HOP_LIMIT = 7;
    private static final int IPV6_DESTINATION = 24;

    private IpPacket() {}

    /// 4, 6 or, of a packet that [#totalLength] refuses, anything from 0 to 15.
    public static int version(long address) {
        return Memory.getUnsignedByte(address) >>> 4;
    }

    public static boolean isIpv6(long address) {
        return version(address) == 6;
    }

    /// The length that the packet gives itself, header included, if it is believable (kernel
    /// `wg_packet_consume_data_done`); otherwise [#BAD_VERSION], [#HEADER_TOO_SHORT] or [#LENGTH_MISMATCH], all
    /// negative.
    ///
    /// @param availableBytes that may be read: the packet and perhaps padding behind it
    public static int totalLength(long address, int availableBytes) {
        if (availableBytes < 1) {
            return HEADER_TOO_SHORT;
        }
        int length;
        switch (version(address)) {
            case 4 -> {
                if (availableBytes < IPV4_HEADER_BYTES) {
                    return HEADER_TOO_SHORT;
                }
                length = Memory.getUnsignedShortBe(address + IPV4_TOTAL_LENGTH);
                if (length < IPV4_HEADER_BYTES) {
                    return LENGTH_MISMATCH;
                }
            }
            case 6 -> {
                if (availableBytes < IPV6_HEADER_BYTES) {
                    return HEADER_TOO_SHORT;
                }
                length = Memory.getUnsignedShortBe(address + IPV6_PAYLOAD_LENGTH) + IPV6_HEADER_BYTES;
            }
            default -> {
                return BAD_VERSION;
            }
        }
        return length <= availableBytes ? length : LENGTH_MISMATCH;
    }

    public static long sourceHi(long address) {
        return isIpv6(address) ? Memory.getLongBe(address + IPV6_SOURCE) : ipv4(address + IPV4_SOURCE);
    }

    public static long sourceLo(long address) {
        return isIpv6(address) ? Memory.getLongBe(address + IPV6_SOURCE + 8) : 0;
    }

    public static long destinationHi(long address) {
        return isIpv6(address) ? Memory.getLongBe(address + IPV6_DESTINATION) : ipv4(address + IPV4_DESTINATION);
    }

    public static long destinationLo(long address) {
        return isIpv6(address) ? Memory.getLongBe(address + IPV6_DESTINATION + 8) : 0;
    }

    private static long ipv4(long address) {
        return (long) Memory.getIntBe(address) << 32;
    }

    /// IPv4's protocol, or IPv6's next header, which may be an extension.
    static int protocol(long address) {
        return Memory.getUnsignedByte(address + (isIpv6(address) ? IPV6_NEXT_HEADER : IPV4_PROTOCOL));
    }

    /// Whether this next header of IPv6 is followed by another one (RFC 8200, 4; IANA's list).
    static boolean isExtensionHeader(int nextHeader) {
        return switch (nextHeader) {
            case 0, 43, 44, 51, 60, 135, 139, 140 -> true;
            default -> false;
        };
    }

    /// Options included; may be less than 20 or beyond the packet's end.
    static int ipv4HeaderBytes(long address) {
        return (Memory.getUnsignedByte(address) & 0xf) * 4;
    }

    static boolean isIpv4Fragment(long address) {
        return (Memory.getUnsignedShortBe(address + IPV4_FRAGMENT) & 0x3fff) != 0;
    }

    static boolean isIpv4Unfragmentable(long address) {
        return (Memory.getUnsignedShortBe(address + IPV4_FRAGMENT) & 0x4000) != 0;
    }

    static int ipv4Id(long address) {
        return Memory.getUnsignedShortBe(address + IPV4_ID);
    }

    /// DS field, flags and time to live are the same.
    static boolean sameIpv4Service(long a, long b) {
        return Memory.getByte(a + 1) == Memory.getByte(b + 1)
                && Memory.getUnsignedShortBe(a + IPV4_FRAGMENT) == Memory.getUnsignedShortBe(b + IPV4_FRAGMENT)
                && Memory.getByte(a + IPV4_TTL) == Memory.getByte(b + IPV4_TTL);
    }

    static int versionAndHeaderLength(long address) {
        return Memory.getUnsignedByte(address);
    }

    static int ipv4Ttl(long address) {
        return Memory.getUnsignedByte(address + IPV4_TTL);
    }

    static int ipv6HopLimit(long address) {
        return Memory.getUnsignedByte(address + IPV6_HOP_LIMIT);
    }

    /// Changes total length and identification, and makes the header checksum anew.
    static void writeIpv4LengthAndId(long address, int totalBytes, int id) {
        Memory.putShortBe(address + IPV4_TOTAL_LENGTH, totalBytes);
        Memory.putShortBe(address + IPV4_ID, id);
        Memory.putShortBe(address + IPV4_CHECKSUM, 0);
        Memory.putShortBe(address + IPV4_CHECKSUM, InternetChecksum.of(address, ipv4HeaderBytes(address)));
    }

    /// @param totalBytes header included
    static void writeIpv6Length(long address, int totalBytes) {
        Memory.putShortBe(address + IPV6_PAYLOAD_LENGTH, totalBytes - IPV6_HEADER_BYTES);
    }

    /// The ECN field, 0..3; see [Ecn] for the names.
    public static int ecn(long address) {
        int second = Memory.getUnsignedByte(address + 1);
        return (isIpv6(address) ? second >>> 4 : second) & Ecn.MASK;
    }

    /// Changes the ECN field and, of IPv4, the header checksum with it.
    public static void writeEcn(long address, int ecn) {
        assert (ecn & ~Ecn.MASK) == 0 : "the field has two bits";
        int second = Memory.getUnsignedByte(address + 1);
        if (isIpv6(address)) {
            Memory.putByte(address + 1, second & ~(Ecn.MASK << 4) | ecn << 4);
            return;
        }
        int before = Memory.getUnsignedShortBe(address);
        int after = before & ~Ecn.MASK | ecn;
        Memory.putByte(address + 1, after);
        Memory.putShortBe(
                address + IPV4_CHECKSUM,
                updatedChecksum(Memory.getUnsignedShortBe(address + IPV4_CHECKSUM), before, after));
    }

    /// Takes one off IPv4's time to live, with the header checksum, or off IPv6's hop limit; neither is zero.
    public static void decreaseTtl(long address) {
        if (isIpv6(address)) {
            Memory.putByte(address + IPV6_HOP_LIMIT, ipv6HopLimit(address) - 1);
            return;
        }
        int before = Memory.getUnsignedShortBe(address + IPV4_TTL); // with the protocol
        int after = before - 0x100;
        Memory.putShortBe(address + IPV4_TTL, after);
        Memory.putShortBe(
                address + IPV4_CHECKSUM,
                updatedChecksum(Memory.getUnsignedShortBe(address + IPV4_CHECKSUM), before, after));
    }

    /// RFC 1624, equation 3.
    private static int updatedChecksum(int checksum, int before, int after) {
        int sum = (~checksum & 0xffff) + (~before & 0xffff) + after;
        sum = (sum & 0xffff) + (sum >>> 16);
        sum = (sum & 0xffff) + (sum >>> 16);
        return ~sum & 0xffff;
    }
}
