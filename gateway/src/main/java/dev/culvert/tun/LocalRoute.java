package dev.culvert.tun;

/// A prefix whose packets the kernel takes for its own: its addresses, and those of broadcast, anycast and
/// multicast.
///
/// @param hi of the address, as the packet path has it: IPv4 stands in the upper half
/// @param length of the prefix in bits
public record LocalRoute(boolean ipv6, long hi, long lo, int length) {}
