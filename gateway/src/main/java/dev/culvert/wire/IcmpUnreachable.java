package dev.culvert.wire;

import dev.culvert.crypto.Memory;

/// The answer to a packet that no peer can get: ICMP host unreachable (RFC 792, type 3 code 1) or ICMPv6
/// address unreachable (RFC 4443, type 1 code 3), as the kernel's WireGuard sends it (`wg_xmit`).
///
/// Its source is the packet's destination: an own IPv4 address as source would be dropped as martian when it
/// comes in through a TUN (conformance 1.14).
///
/// ```
///        IPv4                      IPv6
/// 0      header of 20              header of 40
/// 20/40  type, code, checksum, 4 zero bytes
/// 28/48  the packet, up to 576 or 1280 bytes in all
/// ```
public final class IcmpUnreachable {
    /// Room that [#write] needs before the packet.
    public static final int PREFIX_BYTES_MAX = 48;

    private static final int ICMP_HEADER_BYTES = 8;
    private static final int IPV4_PREFIX_BYTES = IpPacket.IPV4_HEADER_BYTES + ICMP_HEADER_BYTES;
    private static final int IPV6_PREFIX_BYTES = IpPacket.IPV6_HEADER_BYTES + ICMP_HEADER_BYTES;
    /// RFC 1122, 3.2.2, and RFC 1812, 4.3.2.3.
    private static final int IPV4_BYTES_MAX = 576;
    /// RFC 4443, 2.4 (c).
    private static final int IPV6_BYTES_MAX = 1280;

    private static final int ICMP = 1;
    private static final int ICMPV6 = 58;
    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int EXTENSIONS_MAX = 8;

    private static final int TTL = 64;
    /// Internetwork control (RFC 1812, 4.3.2.5).
    private static final int PRECEDENCE = 0xc0;

    private static final int HOST_UNREACHABLE = 0x0301;
    private static final int ADDRESS_UNREACHABLE = 0x0103;

    private IcmpUnreachable() {}

    /// Whether an error may answer the packet at all (RFC 1122, 3.2.2; RFC 4443, 2.4 (e)): never an error, a
    /// later fragment, or a packet from or to more than one host.
    ///
    /// @param lengthBytes what [IpPacket#totalLength] gave
    public static boolean mayAnswer(long packet, int lengthBytes) {
        return IpPacket.isIpv6(packet) ? mayAnswerIpv6(packet, lengthBytes) : mayAnswerIpv4(packet, lengthBytes);
    }

    private static boolean mayAnswerIpv4(long packet, int lengthBytes) {
        int headerBytes = (Memory.getUnsignedByte(packet) & 0xf) * 4;
        if (headerBytes < IpPacket.IPV4_HEADER_BYTES || headerBytes > lengthBytes) {
            return false;
        }
        boolean laterFragment = (Memory.getUnsignedShortBe(packet + 6) & 0x1fff) != 0;
        int source = (int) (IpPacket.sourceHi(packet) >>> 56);
        int destination = (int) (IpPacket.destinationHi(packet) >>> 56);
        if (laterFragment || source == 0 || source == 127 || source >= 224 || destination >= 224) {
            return false;
        }
        if (Memory.getUnsignedByte(packet + 9) != ICMP) {
            return true;
        }
        return headerBytes < lengthBytes
                && switch (Memory.getUnsignedByte(packet + headerBytes)) {
                    case 3, 4, 5, 11, 12 -> false; // an error, or a redirect
                    default -> true;
                };
    }

    private static boolean mayAnswerIpv6(long packet, int lengthBytes) {
        long sourceHi = IpPacket.sourceHi(packet);
        boolean unspecified = sourceHi == 0 && IpPacket.sourceLo(packet) == 0;
        if (unspecified || sourceHi >>> 56 == 0xff || IpPacket.destinationHi(packet) >>> 56 == 0xff) {
            return false;
        }
        int next = Memory.getUnsignedByte(packet + 6);
        int at = IpPacket.IPV6_HEADER_BYTES;
        for (int i = 0; i < EXTENSIONS_MAX; i++) {
            switch (next) {
                case HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS -> {
                    if (at + 8 > lengthBytes) {
                        return false;
                    }
                    boolean fragment = next == FRAGMENT;
                    if (fragment && (Memory.getUnsignedShortBe(packet + at + 2) & 0xfff8) != 0) {
                        return false;
                    }
                    next = Memory.getUnsignedByte(packet + at);
                    at += fragment ? 8 : (Memory.getUnsignedByte(packet + at + 1) + 1) * 8;
                }
                case ICMPV6 -> {
                    return at < lengthBytes && Memory.getUnsignedByte(packet + at) >= 128; // below are the errors
                }
                default -> {
                    return true;
                }
            }
        }
        return false;
    }

    /// How many bytes before the packet the answer begins.
    public static int prefixBytes(long packet) {
        return IpPacket.isIpv6(packet) ? IPV6_PREFIX_BYTES : IPV4_PREFIX_BYTES;
    }

    /// Writes the answer around the packet, which [#mayAnswer] let pass and which becomes its end: it begins
    /// [#prefixBytes] before `packet`.
    ///
    /// @return its length
    public static int write(long packet, int lengthBytes) {
        return IpPacket.isIpv6(packet) ? writeIpv6(packet, lengthBytes) : writeIpv4(packet, lengthBytes);
    }

    private static int writeIpv4(long packet, int lengthBytes) {
        int quoted = Math.min(lengthBytes, IPV4_BYTES_MAX - IPV4_PREFIX_BYTES);
        long header = packet - IPV4_PREFIX_BYTES;
        long icmp = packet - ICMP_HEADER_BYTES;
        Memory.putByte(header, 0x45);
        Memory.putByte(header + 1, PRECEDENCE);
        Memory.putShortBe(header + 2, IPV4_PREFIX_BYTES + quoted);
        Memory.putIntBe(header + 4, 0);
        Memory.putByte(header + 8, TTL);
        Memory.putByte(header + 9, ICMP);
        Memory.putShortBe(header + 10, 0);
        Memory.putIntBe(header + 12, Memory.getIntBe(packet + 16));
        Memory.putIntBe(header + 16, Memory.getIntBe(packet + 12));
        Memory.putShortBe(header + 10, InternetChecksum.of(header, IpPacket.IPV4_HEADER_BYTES));
        writeIcmp(icmp, HOST_UNREACHABLE, 0, quoted);
        return IPV4_PREFIX_BYTES + quoted;
    }

    private static int writeIpv6(long packet, int lengthBytes) {
        int quoted = Math.min(lengthBytes, IPV6_BYTES_MAX - IPV6_PREFIX_BYTES);
        long header = packet - IPV6_PREFIX_BYTES;
        Memory.putIntBe(header, 0x60000000);
        Memory.putShortBe(header + 4, ICMP_HEADER_BYTES + quoted);
        Memory.putByte(header + 6, ICMPV6);
        Memory.putByte(header + 7, TTL);
        Memory.copy(packet + 24, header + 8, 16);
        Memory.copy(packet + 8, header + 24, 16);
        // The pseudo header of RFC 8200, 8.1: both addresses, the length, the protocol.
        long pseudo = InternetChecksum.add(0, header + 8, 32) + ICMP_HEADER_BYTES + quoted + ICMPV6;
        writeIcmp(packet - ICMP_HEADER_BYTES, ADDRESS_UNREACHABLE, pseudo, quoted);
        return IPV6_PREFIX_BYTES + quoted;
    }

    private static void writeIcmp(long icmp, int typeAndCode, long sum, int quoted) {
        Memory.putShortBe(icmp, typeAndCode);
        Memory.putShortBe(icmp + 2, 0);
        Memory.putIntBe(icmp + 4, 0);
        Memory.putShortBe(
                icmp + 2, InternetChecksum.finish(InternetChecksum.add(sum, icmp, ICMP_HEADER_BYTES + quoted)));
    }
}
