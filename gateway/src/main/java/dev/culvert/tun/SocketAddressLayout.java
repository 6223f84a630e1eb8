package dev.culvert.tun;

import dev.culvert.crypto.Memory;

/// `struct sockaddr_in` and `sockaddr_in6` (ip(7), ipv6(7)), with addresses as two left-aligned longs.
final class SocketAddressLayout {
    static final int IPV4_BYTES = 16;
    static final int IPV6_BYTES = 28;

    private static final int PORT = 2;
    private static final int IPV4_ADDRESS = 4;
    private static final int IPV6_ADDRESS = 8;
    private static final int IPV6_SCOPE = 24;

    private SocketAddressLayout() {}

    static int bytes(boolean ipv6) {
        return ipv6 ? IPV6_BYTES : IPV4_BYTES;
    }

    static void write(long at, boolean ipv6, long hi, long lo, int port, int scope) {
        Memory.putShortBe(at + PORT, port);
        if (ipv6) {
            Memory.putNativeShort(at, Libc.AF_INET6);
            Memory.putNativeInt(at + 4, 0);
            Memory.putLongBe(at + IPV6_ADDRESS, hi);
            Memory.putLongBe(at + IPV6_ADDRESS + 8, lo);
            Memory.putNativeInt(at + IPV6_SCOPE, scope);
        } else {
            Memory.putNativeShort(at, Libc.AF_INET);
            Memory.putIntBe(at + IPV4_ADDRESS, (int) (hi >>> 32));
            Memory.putLong(at + 8, 0);
        }
    }

    static long hi(long at, boolean ipv6) {
        return ipv6 ? Memory.getLongBe(at + IPV6_ADDRESS) : (Memory.getIntBe(at + IPV4_ADDRESS) & 0xffffffffL) << 32;
    }

    static long lo(long at, boolean ipv6) {
        return ipv6 ? Memory.getLongBe(at + IPV6_ADDRESS + 8) : 0;
    }

    static int port(long at) {
        return Memory.getUnsignedShortBe(at + PORT);
    }

    static int scope(long at, boolean ipv6) {
        return ipv6 ? Memory.getNativeInt(at + IPV6_SCOPE) : 0;
    }
}
