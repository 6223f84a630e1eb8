package dev.culvert.cli;

import dev.culvert.device.IpText;
import dev.culvert.device.PeerStatus;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/// One picture of `culvert top`: a line for all, and one for each of the busiest peers.
final class TopText {
    private static final long NS_PER_S = 1_000_000_000L;
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final int NAME_CHARS = 24;
    private static final int KEY_CHARS = 10;
    private static final long SESSION_S = 180;

    private TopText() {}

    /// @param rates the busiest first
    /// @param name what a peer is called, empty for nothing
    /// @return as many lines as fit, none longer than the size allows
    static List<String> of(
            String interfaceName,
            List<PeerRate> rates,
            Function<PeerStatus, String> name,
            Instant now,
            Terminal.Size size) {
        double rx = rates.stream().mapToDouble(PeerRate::rxPerSecond).sum();
        double tx = rates.stream().mapToDouble(PeerRate::txPerSecond).sum();
        long nowS = now.getEpochSecond();
        long connected = rates.stream()
                .filter(rate -> nowS - handshakeS(rate.peer()) < SESSION_S)
                .count();
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%s  %s  %d peers, %d with a session  in %s/s  out %s/s",
                interfaceName,
                LocalTime.ofInstant(now, ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS),
                rates.size(),
                connected,
                bytes(rx),
                bytes(tx)));
        lines.add(row("PEER", "IN/S", "OUT/S", "IN", "OUT", "DROPS/S", "DROPS", "HANDSHAKE", "ENDPOINT"));
        for (PeerRate rate : rates.subList(0, Math.clamp(size.rows() - 3, 0, rates.size()))) {
            PeerStatus peer = rate.peer();
            String called = name.apply(peer);
            lines.add(row(
                    called.isEmpty() ? peer.publicKey().toBase64().substring(0, KEY_CHARS) + '…' : called,
                    bytes(rate.rxPerSecond()),
                    bytes(rate.txPerSecond()),
                    bytes(unsigned(peer.rxBytes())),
                    bytes(unsigned(peer.txBytes())),
                    String.format(Locale.ROOT, "%.0f", rate.dropsPerSecond()),
                    Long.toString(rate.drops()),
                    peer.lastHandshakeWallNs() == 0 ? "never" : age(nowS - handshakeS(peer)),
                    peer.endpoint() == null ? "-" : IpText.format(peer.endpoint())));
        }
        return lines.stream().map(line -> cut(line, size.columns())).toList();
    }

    private static String row(String... cells) {
        return String.format(
                        Locale.ROOT,
                        "%-" + NAME_CHARS + "s %10s %10s %10s %10s %8s %8s %10s  %s",
                        cut(cells[0], NAME_CHARS),
                        cells[1],
                        cells[2],
                        cells[3],
                        cells[4],
                        cells[5],
                        cells[6],
                        cells[7],
                        cells[8])
                .stripTrailing();
    }

    private static String cut(String text, int chars) {
        return text.length() <= chars ? text : text.substring(0, chars);
    }

    private static long handshakeS(PeerStatus peer) {
        return peer.lastHandshakeWallNs() / NS_PER_S;
    }

    private static double unsigned(long bytes) {
        return (bytes >>> 1) * 2.0 + (bytes & 1);
    }

    private static String age(long seconds) {
        if (seconds < 120) {
            return Math.max(0, seconds) + " s";
        }
        return seconds < 7200
                ? seconds / 60 + " min"
                : seconds < 172_800 ? seconds / 3600 + " h" : seconds / 86_400 + " d";
    }

    private static String bytes(double bytes) {
        int unit = 0;
        double scaled = bytes;
        while (scaled >= 1024 && unit < UNITS.length - 1) {
            scaled /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", scaled, UNITS[unit]);
    }
}
