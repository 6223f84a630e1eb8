package dev.culvert.cli;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// What `wg show` prints, to the byte: wg(8)'s show.c. Pure text; called by `show` and `demo`.
final class ShowText {
    private static final long NS_PER_S = 1_000_000_000L;
    private static final String[] UNITS = {"KiB", "MiB", "GiB"};
    private static final Comparator<PeerStatus> LATEST_FIRST =
            Comparator.comparingLong(PeerStatus::lastHandshakeWallNs).reversed();

    private final boolean hidesKeys;
    private final long nowS;
    private final String reset;
    private final String bold;
    private final String green;
    private final String yellow;
    private final String cyan;
    private final String red;

    /// @param nowS seconds since 1970, for the ages of handshakes
    ShowText(boolean colours, boolean hidesKeys, long nowS) {
        this.hidesKeys = hidesKeys;
        this.nowS = nowS;
        reset = colours ? "\u001b[0m" : "";
        bold = colours ? "\u001b[1m" : "";
        green = colours ? "\u001b[32m" : "";
        yellow = colours ? "\u001b[33m" : "";
        cyan = colours ? "\u001b[36m" : "";
        red = colours ? "\u001b[31m" : "";
    }

    String pretty(String name, DeviceStatus device) {
        return pretty(name, device, UapiAnswer.Remarks.NONE);
    }

    /// The form for people.
    ///
    /// @param remarks wg(8) has no such lines
    String pretty(String name, DeviceStatus device, UapiAnswer.Remarks remarks) {
        StringBuilder text = new StringBuilder(reset);
        title(text, green, "interface", name);
        PrivateKey privateKey = device.privateKey();
        if (privateKey != null) {
            entry(text, "public key", privateKey.publicKey().toBase64());
            entry(text, "private key", hidesKeys ? "(hidden)" : privateKey.toBase64());
        }
        if (device.listenPort() != 0) {
            entry(text, "listening port", String.valueOf(device.listenPort()));
        }
        if (device.fwmark() != 0) {
            entry(text, "fwmark", fwmark(device.fwmark()));
        }
        if (remarks.draining()) {
            entry(text, "draining", "yes");
        }
        remarks.traits().forEach((trait, value) -> entry(text, trait, value));
        List<PeerStatus> peers = new ArrayList<>(device.peers());
        peers.sort(LATEST_FIRST);
        for (PeerStatus peer : peers) {
            text.append('\n');
            pretty(text, peer, remarks);
        }
        return text.toString();
    }

    /// What `show --long` adds: wg(8) has no such lines.
    String drops(Map<String, Long> drops) {
        StringBuilder text = new StringBuilder();
        drops.forEach((reason, count) -> entry(text, "dropped, " + reason, Long.toUnsignedString(count)));
        return text.isEmpty() ? "" : "\n" + text;
    }

    private void pretty(StringBuilder text, PeerStatus peer, UapiAnswer.Remarks remarks) {
        String name = remarks.name(peer.publicKey());
        String trouble = remarks.troubles().get(peer.publicKey());
        title(text, yellow, "peer", peer.publicKey().toBase64());
        if (!name.isEmpty()) {
            entry(text, "name", name);
        }
        if (!peer.presharedKey().isNone()) {
            entry(
                    text,
                    "preshared key",
                    hidesKeys ? "(hidden)" : peer.presharedKey().toBase64());
        }
        if (peer.endpoint() != null) {
            entry(text, "endpoint", IpText.format(peer.endpoint()));
        }
        if (trouble != null) {
            entry(text, "endpoint trouble", red + trouble + reset);
        }
        StringJoiner prefixes = new StringJoiner(", ");
        for (AllowedIp prefix : peer.allowedIps()) {
            prefixes.add(IpText.formatAddress(prefix) + cyan + '/' + reset + prefix.length());
        }
        entry(text, "allowed ips", peer.allowedIps().isEmpty() ? "(none)" : prefixes.toString());
        long handshakeS = peer.lastHandshakeWallNs() / NS_PER_S;
        if (handshakeS != 0) {
            entry(text, "latest handshake", ago(handshakeS));
        }
        if (peer.rxBytes() != 0 || peer.txBytes() != 0) {
            entry(text, "transfer", bytes(peer.rxBytes()) + " received, " + bytes(peer.txBytes()) + " sent");
        }
        if (peer.persistentKeepaliveSeconds() != 0) {
            entry(text, "persistent keepalive", "every " + duration(peer.persistentKeepaliveSeconds()));
        }
        StringJoiner drops = new StringJoiner(", ");
        remarks.drops(peer.publicKey())
                .forEach((reason, count) -> drops.add(Long.toUnsignedString(count) + ' ' + reason));
        if (drops.length() != 0) {
            entry(text, "dropped", drops.toString());
        }
    }

    /// One field of the form for scripts.
    ///
    /// @param prefix what each line starts with: the name and a tab for `all`, or nothing
    /// @return null if there is no such field
    @Nullable
    String field(String field, String prefix, DeviceStatus device) {
        StringBuilder text = new StringBuilder();
        PrivateKey privateKey = device.privateKey();
        switch (field) {
            case "public-key" ->
                line(
                        text,
                        prefix,
                        privateKey == null ? "(none)" : privateKey.publicKey().toBase64());
            case "private-key" -> line(text, prefix, privateKey == null ? "(none)" : privateKey.toBase64());
            case "listen-port" -> line(text, prefix, String.valueOf(device.listenPort()));
            case "fwmark" -> line(text, prefix, fwmark(device.fwmark()));
            case "dump" -> {
                line(
                        text,
                        prefix,
                        privateKey == null ? "(none)" : privateKey.toBase64(),
                        privateKey == null ? "(none)" : privateKey.publicKey().toBase64(),
                        String.valueOf(device.listenPort()),
                        fwmark(device.fwmark()));
                device.peers().forEach(peer -> dump(text, prefix, peer));
            }
            default -> {
                for (PeerStatus peer : device.peers()) {
                    List<String> values = peerField(field, peer);
                    if (values == null) {
                        return null;
                    }
                    List<String> whole = new ArrayList<>();
                    whole.add(peer.publicKey().toBase64());
                    whole.addAll(values);
                    line(text, prefix, whole.toArray(String[]::new));
                }
            }
        }
        return text.toString();
    }

    private static @Nullable List<String> peerField(String field, PeerStatus peer) {
        return switch (field) {
            case "peers" -> List.of();
            case "preshared-keys" -> List.of(presharedKey(peer.presharedKey()));
            case "endpoints" -> List.of(endpoint(peer));
            case "allowed-ips" -> List.of(prefixes(peer, " "));
            case "latest-handshakes" -> List.of(String.valueOf(peer.lastHandshakeWallNs() / NS_PER_S));
            case "transfer" -> List.of(Long.toUnsignedString(peer.rxBytes()), Long.toUnsignedString(peer.txBytes()));
            case "persistent-keepalive" -> List.of(keepalive(peer));
            default -> null;
        };
    }

    private static void dump(StringBuilder text, String prefix, PeerStatus peer) {
        line(
                text,
                prefix,
                peer.publicKey().toBase64(),
                presharedKey(peer.presharedKey()),
                endpoint(peer),
                prefixes(peer, ","),
                String.valueOf(peer.lastHandshakeWallNs() / NS_PER_S),
                Long.toUnsignedString(peer.rxBytes()),
                Long.toUnsignedString(peer.txBytes()),
                keepalive(peer));
    }

    private static void line(StringBuilder text, String prefix, String... values) {
        text.append(prefix).append(String.join("\t", values)).append('\n');
    }

    private static String presharedKey(PresharedKey key) {
        return key.isNone() ? "(none)" : key.toBase64();
    }

    private static String endpoint(PeerStatus peer) {
        return peer.endpoint() == null ? "(none)" : IpText.format(peer.endpoint());
    }

    private static String prefixes(PeerStatus peer, String separator) {
        if (peer.allowedIps().isEmpty()) {
            return "(none)";
        }
        StringJoiner prefixes = new StringJoiner(separator);
        peer.allowedIps().forEach(prefix -> prefixes.add(IpText.format(prefix)));
        return prefixes.toString();
    }

    private static String keepalive(PeerStatus peer) {
        int seconds = peer.persistentKeepaliveSeconds();
        return seconds == 0 ? "off" : String.valueOf(seconds);
    }

    private static String fwmark(int fwmark) {
        return fwmark == 0 ? "off" : "0x" + Integer.toHexString(fwmark);
    }

    private void title(StringBuilder text, String colour, String title, String value) {
        text.append(colour).append(bold).append(title).append(reset).append(": ");
        text.append(colour).append(value).append(reset).append('\n');
    }

    private void entry(StringBuilder text, String title, String value) {
        text.append("  ").append(bold).append(title).append(reset).append(": ");
        text.append(value).append('\n');
    }

    private String ago(long thenS) {
        if (nowS == thenS) {
            return "Now";
        }
        if (nowS < thenS) {
            return "(" + red + "System clock wound backward; connection problems may ensue." + reset + ")";
        }
        return duration(nowS - thenS) + " ago";
    }

    private String duration(long seconds) {
        StringJoiner parts = new StringJoiner(", ");
        part(parts, seconds / (365 * 86_400), "year");
        part(parts, seconds % (365 * 86_400) / 86_400, "day");
        part(parts, seconds % 86_400 / 3_600, "hour");
        part(parts, seconds % 3_600 / 60, "minute");
        part(parts, seconds % 60, "second");
        return parts.toString();
    }

    private void part(StringJoiner parts, long count, String unit) {
        if (count != 0) {
            parts.add(count + " " + cyan + unit + (count == 1 ? "" : "s") + reset);
        }
    }

    String bytes(long bytes) {
        if (bytes >= 0 && bytes < 1024) {
            return bytes + " " + cyan + 'B' + reset;
        }
        double value = (bytes >>> 1) * 2.0 + (bytes & 1); // unsigned
        String unit = "TiB";
        double size = value / 1024 / 1024 / 1024 / 1024;
        double scaled = value / 1024;
        for (String each : UNITS) {
            if (scaled < 1024) {
                unit = each;
                size = scaled;
                break;
            }
            scaled /= 1024;
        }
        return String.format(Locale.ROOT, "%.2f ", size) + cyan + unit + reset;
    }
}
