package dev.culvert.bench.faults;

import dev.culvert.bench.lab.TrialFailure;
import java.util.List;
import java.util.Locale;

/// What came from the flood's addresses and what the hub sent back to them, counted by its firewall: IP packets
/// and their bytes.
///
/// @param overflows datagrams for which the hub's sockets had no room (RcvbufErrors), the flow's own among them
record FloodCount(long packetsIn, long bytesIn, long packetsOut, long bytesOut, long overflows) {
    /// Sets the counters up; once in a scene.
    static void install(Scene scene) {
        scene.hubSpace.require("iptables -w -t mangle -A INPUT -s " + Scene.FLOOD_PREFIX);
        scene.hubSpace.require("iptables -w -t mangle -A OUTPUT -d " + Scene.FLOOD_PREFIX);
    }

    static FloodCount of(Scene scene) {
        long[] in = counter(scene, "INPUT");
        long[] out = counter(scene, "OUTPUT");
        return new FloodCount(in[0], in[1], out[0], out[1], overflows(scene));
    }

    private static long[] counter(Scene scene, String chain) {
        String listing = scene.hubSpace.require("iptables -w -t mangle -nvxL " + chain);
        for (String line : listing.lines().toList()) {
            if (line.contains(Scene.FLOOD_PREFIX)) {
                String[] fields = line.strip().split(" +", -1);
                return new long[] {Long.parseLong(fields[0]), Long.parseLong(fields[1])};
            }
        }
        throw new TrialFailure("the flood's counter is missing: " + listing);
    }

    /// Names on one line of /proc/net/snmp, figures on the next.
    private static long overflows(Scene scene) {
        List<String> udp = scene.hubSpace
                .require("cat /proc/net/snmp")
                .lines()
                .filter(line -> line.startsWith("Udp: "))
                .toList();
        int column = List.of(udp.getFirst().split(" ", -1)).indexOf("RcvbufErrors");
        return Long.parseLong(udp.getLast().split(" ", -1)[column]);
    }

    FloodCount since(FloodCount earlier) {
        return new FloodCount(
                packetsIn - earlier.packetsIn,
                bytesIn - earlier.bytesIn,
                packetsOut - earlier.packetsOut,
                bytesOut - earlier.bytesOut,
                overflows - earlier.overflows);
    }

    String answersText() {
        return String.format(
                Locale.ROOT,
                "%,d packets, %,d bytes out for %,d packets, %,d bytes in",
                packetsOut,
                bytesOut,
                packetsIn,
                bytesIn);
    }
}
