package dev.culvert.wire;

/// Explicit congestion notification across the tunnel, as the kernel's WireGuard does it: RFC 6040, except that a
/// packet is never dropped (kernel `INET_ECN_encapsulate` and `INET_ECN_decapsulate` in inet_ecn.h).
public final class Ecn {
    public static final int NOT_ECT = 0;
    public static final int ECT1 = 1;
    public static final int ECT0 = 2;
    public static final int CE = 3;

    static final int MASK = 3;

    private Ecn() {}

    /// The outer field for an inner one: its own, but congestion that was met before the tunnel stays inside. The
    /// outer DSCP is always 0.
    public static int encapsulate(int inner) {
        return inner == CE ? ECT0 : inner;
    }

    /// The inner field after the tunnel. Congestion met by a packet that cannot tell (inner NOT_ECT) is ignored,
    /// where RFC 6040 would drop it.
    public static int decapsulate(int inner, int outer) {
        if (outer == CE && inner != NOT_ECT) {
            return CE;
        }
        return outer == ECT1 && inner == ECT0 ? ECT1 : inner;
    }

    /// The same on the packet at `address`, which has passed [IpPacket#totalLength].
    public static void decapsulate(long address, int outer) {
        int inner = IpPacket.ecn(address);
        int result = decapsulate(inner, outer);
        if (result != inner) {
            IpPacket.writeEcn(address, result);
        }
    }
}
