package dev.culvert.device;

import java.util.ArrayList;
import java.util.List;

/// The kernel's offloads: which ones a device may use, or which ones it does. Each is detected, and done without
/// where the kernel refuses it, at the start or later.
///
/// @param udpGro UDP_GRO: the kernel joins received datagrams to units
/// @param udpGso UDP_SEGMENT: one message is many datagrams to a peer
/// @param tunTcp large TCP packets to and from the TUN (TSO), which the lanes cut and join
/// @param tunUdp the same of UDP (USO, kernel 6.2)
@Published
public record Offloads(boolean udpGro, boolean udpGso, boolean tunTcp, boolean tunUdp) {
    public static final Offloads ALL = new Offloads(true, true, true, true);
    public static final Offloads NONE = new Offloads(false, false, false, false);

    /// Those that are on, as the settings call them; "none" if none is.
    String names() {
        List<String> names = new ArrayList<>();
        if (udpGro) {
            names.add("udp-gro");
        }
        if (udpGso) {
            names.add("udp-gso");
        }
        if (tunTcp) {
            names.add("tun-tcp");
        }
        if (tunUdp) {
            names.add("tun-udp");
        }
        return names.isEmpty() ? "none" : String.join(",", names);
    }
}
