package dev.culvert.device;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/// One allowed-ips prefix. The address is left-aligned in 128 bits (`hi` first; an IPv4 address stands in the
/// upper half of `hi`), host bits are zero.
@Published
public record AllowedIp(boolean ipv6, long hi, long lo, int length) {
    /// Masks the host bits, as the kernel does (conformance 1.14).
    ///
    /// @throws IllegalArgumentException if `length` is outside 0..32 or 0..128
    public AllowedIp {
        if (length < 0 || length > (ipv6 ? 128 : 32)) {
            throw new IllegalArgumentException("prefix length " + length + " is outside 0.." + (ipv6 ? 128 : 32));
        }
        hi &= length == 0 ? 0 : length >= 64 ? -1L : -1L << (64 - length);
        lo &= length <= 64 ? 0 : length == 128 ? -1L : -1L << (128 - length);
    }

    /// @param address 4 or 16 bytes, network order
    public static AllowedIp of(byte[] address, int length) {
        boolean ipv6 = address.length == 16;
        long hi = 0;
        long lo = 0;
        for (int i = 0; i < 8; i++) {
            hi = hi << 8 | (i < address.length ? address[i] & 0xff : 0);
        }
        if (ipv6) {
            for (int i = 8; i < 16; i++) {
                lo = lo << 8 | (address[i] & 0xff);
            }
        }
        return new AllowedIp(ipv6, hi, lo, length);
    }

    /// The address alone, without the prefix length.
    public InetAddress address() {
        byte[] bytes = new byte[ipv6 ? 16 : 4];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i < 8 ? hi >>> (56 - 8 * i) : lo >>> (120 - 8 * i));
        }
        try {
            // Not InetAddress.getByAddress for both: it makes an IPv4-mapped IPv6 address an IPv4 address.
            return ipv6 ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // 4 or 16 bytes are always an address
        }
    }
}
