package dev.culvert.wire;

/// What a router does to a packet that it has no reason to look at more closely (kernel: ip_forward, ip6_forward;
/// RFC 1812, 5.3.1; RFC 8200, 3).
public final class IpForward {
    private static final int IPV4_WITHOUT_OPTIONS = 0x45;
    private static final int HOP_BY_HOP_OPTIONS = 0;
    private static final int LOOPBACK = 127;
    private static final int MULTICAST = 224;
    private static final int IPV4_LINK_LOCAL = 0xa9fe; // 169.254.0.0/16
    private static final int IPV6_LINK_LOCAL = 0xfe80 >>> 6; // fe80::/10
    private static final int IPV6_MULTICAST = 0xff;

    private IpForward() {}

    /// Whether nothing is to be done but to take one off the time to live: it is not used up, there are no options
    /// for routers, and the header's checksum is right.
    ///
    /// @param packet has passed [IpPacket#totalLength]
    public static boolean isPlain(long packet) {
        if (IpPacket.isIpv6(packet)) {
            return IpPacket.ipv6HopLimit(packet) > 1 && IpPacket.protocol(packet) != HOP_BY_HOP_OPTIONS;
        }
        return IpPacket.versionAndHeaderLength(packet) == IPV4_WITHOUT_OPTIONS
                && IpPacket.ipv4Ttl(packet) > 1
                && InternetChecksum.of(packet, IpPacket.IPV4_HEADER_BYTES) == 0;
    }

    /// Whether an address may stand in a packet that leaves its link: unicast, and neither loopback, link-local,
    /// unspecified nor reserved. Its upper half tells, as in [IpPacket].
    public static boolean isForwardable(boolean isIpv6, long hi) {
        if (isIpv6) {
            // The first 64 bits are zero of the unspecified, the loopback and the IPv4-mapped addresses.
            return hi != 0 && hi >>> 56 != IPV6_MULTICAST && hi >>> 54 != IPV6_LINK_LOCAL;
        }
        int first = (int) (hi >>> 56);
        return first != 0 && first != LOOPBACK && first < MULTICAST && hi >>> 48 != IPV4_LINK_LOCAL;
    }
}
