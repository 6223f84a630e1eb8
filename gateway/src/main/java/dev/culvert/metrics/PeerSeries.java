package dev.culvert.metrics;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.DropReason;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerLabel;
import dev.culvert.device.PeerStatus;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// The series of peers in Prometheus' text format (0.0.4), written as they are asked for: no object of any
/// registry
/// stands for a peer. Names and labels are those of mdlayher's wireguard_exporter, on request also those of
/// MindFlavor's
/// prometheus_wireguard_exporter; the sums are always there.
public final class PeerSeries {
    /// As the tools and guides have it: a session lives no longer.
    private static final long CONNECTED_NS = 180_000_000_000L;

    private static final double NS = 1e-9;

    /// @param peersMax that have series of their own, the busiest; 0 for none
    /// @param mindflavor whether to add the other exporter's names
    public record Options(int peersMax, boolean mindflavor) {
        public static final Options ALL = new Options(Integer.MAX_VALUE, false);
    }

    private final String device;
    private final Options options;

    public PeerSeries(String device, Options options) {
        this.device = escape(device);
        this.options = options;
    }

    /// Writes all of it.
    ///
    /// @param hub the device's own key, null if it has none
    /// @param all may be a view, of which each element is made when it is asked for
    /// @param drops by reason, of the peers that had some
    /// @param wallNs nanoseconds since 1970
    public void write(
            @Nullable PublicKey hub,
            List<PeerStatus> all,
            Map<PublicKey, PeerLabel> labels,
            Map<PublicKey, Map<DropReason, Long>> drops,
            long wallNs,
            Appendable out)
            throws IOException {
        sums(all, labels, wallNs, out);
        if (options.peersMax() > 0) {
            List<PeerStatus> peers = busiest(all);
            head(out, "wireguard_device_info", "gauge", "The device and its public key");
            if (hub != null) {
                out.append("wireguard_device_info{device=\"").append(device).append("\",public_key=\"");
                out.append(hub.toBase64()).append("\"} 1\n");
            }
            mdlayher(peers, labels, out);
            if (options.mindflavor()) {
                mindflavor(peers, labels, out);
            }
            drops(peers, drops, out);
        }
    }

    private List<PeerStatus> busiest(List<PeerStatus> peers) {
        if (peers.size() <= options.peersMax()) {
            return peers;
        }
        // The least busy of the chosen makes room, so that only those are kept.
        PriorityQueue<PeerStatus> chosen =
                new PriorityQueue<>(Comparator.comparingLong(peer -> peer.rxBytes() + peer.txBytes()));
        for (PeerStatus peer : peers) {
            chosen.add(peer);
            if (chosen.size() > options.peersMax()) {
                chosen.remove();
            }
        }
        return List.copyOf(chosen);
    }

    // Sums.

    private static final class Sum {
        long configured;
        long connected;
        long rxBytes;
        long txBytes;

        void add(PeerStatus peer, long wallNs) {
            configured++;
            boolean isConnected =
                    peer.lastHandshakeWallNs() != 0 && wallNs - peer.lastHandshakeWallNs() <= CONNECTED_NS;
            connected += isConnected ? 1 : 0;
            rxBytes += peer.rxBytes();
            txBytes += peer.txBytes();
        }
    }

    private void sums(List<PeerStatus> peers, Map<PublicKey, PeerLabel> labels, long wallNs, Appendable out)
            throws IOException {
        Sum all = new Sum();
        Map<String, Sum> byTag = new TreeMap<>();
        for (PeerStatus peer : peers) {
            all.add(peer, wallNs);
            PeerLabel label = labels.getOrDefault(peer.publicKey(), PeerLabel.NONE);
            for (String tag : label.tags()) {
                byTag.computeIfAbsent(tag, _ -> new Sum()).add(peer, wallNs);
            }
        }
        head(out, "culvert_peers", "gauge", "Peers, and those with a handshake within 180 s");
        sum(out, "culvert_peers", ",state=\"configured\"", all.configured);
        sum(out, "culvert_peers", ",state=\"connected\"", all.connected);
        head(out, "culvert_peer_bytes", "gauge", "Bytes of the peers that are configured now");
        sum(out, "culvert_peer_bytes", ",direction=\"received\"", all.rxBytes);
        sum(out, "culvert_peer_bytes", ",direction=\"sent\"", all.txBytes);
        if (byTag.isEmpty()) {
            return;
        }
        head(out, "culvert_tag_peers", "gauge", "Peers of a tag, and those with a handshake within 180 s");
        for (Map.Entry<String, Sum> tag : byTag.entrySet()) {
            String name = ",tag=\"" + escape(tag.getKey()) + '"';
            sum(out, "culvert_tag_peers", name + ",state=\"configured\"", tag.getValue().configured);
            sum(out, "culvert_tag_peers", name + ",state=\"connected\"", tag.getValue().connected);
        }
        head(out, "culvert_tag_bytes", "gauge", "Bytes of the peers of a tag that are configured now");
        for (Map.Entry<String, Sum> tag : byTag.entrySet()) {
            String name = ",tag=\"" + escape(tag.getKey()) + '"';
            sum(out, "culvert_tag_bytes", name + ",direction=\"received\"", tag.getValue().rxBytes);
            sum(out, "culvert_tag_bytes", name + ",direction=\"sent\"", tag.getValue().txBytes);
        }
    }

    private void sum(Appendable out, String name, String more, long value) throws IOException {
        out.append(name)
                .append("{device=\"")
                .append(device)
                .append('"')
                .append(more)
                .append("} ");
        out.append(Long.toUnsignedString(value)).append('\n');
    }

    // mdlayher's names.

    private void mdlayher(List<PeerStatus> peers, Map<PublicKey, PeerLabel> labels, Appendable out) throws IOException {
        head(out, "wireguard_peer_info", "gauge", "A peer, its endpoint and its name");
        for (PeerStatus peer : peers) {
            open(out, "wireguard_peer_info", peer);
            label(out, "endpoint", peer.endpoint() == null ? "" : IpText.format(peer.endpoint()));
            label(
                    out,
                    "name",
                    labels.getOrDefault(peer.publicKey(), PeerLabel.NONE).name());
            out.append("} 1\n");
        }
        head(out, "wireguard_peer_allowed_ips_info", "gauge", "A prefix that a peer may use");
        for (PeerStatus peer : peers) {
            for (AllowedIp prefix : peer.allowedIps()) {
                open(out, "wireguard_peer_allowed_ips_info", peer);
                String text = IpText.format(prefix);
                label(out, "allowed_ips", text);
                label(out, "family", text.indexOf(':') < 0 ? "IPv4" : "IPv6");
                out.append("} 1\n");
            }
        }
        counter(out, peers, "wireguard_peer_receive_bytes_total", "Bytes received from a peer", PeerStatus::rxBytes);
        counter(out, peers, "wireguard_peer_transmit_bytes_total", "Bytes sent to a peer", PeerStatus::txBytes);
        head(
                out,
                "wireguard_peer_last_handshake_seconds",
                "gauge",
                "Time of the last handshake since 1970, 0 for never");
        for (PeerStatus peer : peers) {
            open(out, "wireguard_peer_last_handshake_seconds", peer);
            out.append("} ").append(seconds(peer)).append('\n');
        }
    }

    private void counter(
            Appendable out, List<PeerStatus> peers, String name, String help, ToLongFunction<PeerStatus> value)
            throws IOException {
        head(out, name, "counter", help);
        for (PeerStatus peer : peers) {
            open(out, name, peer);
            out.append("} ")
                    .append(Long.toUnsignedString(value.applyAsLong(peer)))
                    .append('\n');
        }
    }

    private void open(Appendable out, String name, PeerStatus peer) throws IOException {
        out.append(name).append("{device=\"").append(device).append("\",public_key=\"");
        out.append(peer.publicKey().toBase64()).append('"');
    }

    // Ours.

    private void drops(List<PeerStatus> peers, Map<PublicKey, Map<DropReason, Long>> drops, Appendable out)
            throws IOException {
        head(out, "culvert_peer_drops_total", "counter", "Packets and messages of a peer that were dropped, by reason");
        for (PeerStatus peer : peers) {
            Map<DropReason, Long> ofPeer = drops.getOrDefault(peer.publicKey(), Map.of());
            for (Map.Entry<DropReason, Long> drop : ofPeer.entrySet()) {
                open(out, "culvert_peer_drops_total", peer);
                label(out, "reason", drop.getKey().label());
                out.append("} ").append(drop.getValue().toString()).append('\n');
            }
        }
    }

    // MindFlavor's names.

    private void mindflavor(List<PeerStatus> peers, Map<PublicKey, PeerLabel> labels, Appendable out)
            throws IOException {
        Function<PeerStatus, String> tags = peer -> {
            String name = labels.getOrDefault(peer.publicKey(), PeerLabel.NONE).name();
            List<String> prefixes =
                    peer.allowedIps().stream().map(IpText::format).toList();
            return "{interface=\"" + device + "\",public_key=\""
                    + peer.publicKey().toBase64() + "\",allowed_ips=\""
                    + String.join(",", prefixes) + '"'
                    + (name.isEmpty() ? "" : ",friendly_name=\"" + escape(name) + '"')
                    + "} ";
        };
        family(
                out,
                peers,
                "wireguard_sent_bytes_total",
                "counter",
                "Bytes sent to the peer",
                tags,
                peer -> Long.toUnsignedString(peer.txBytes()));
        family(
                out,
                peers,
                "wireguard_received_bytes_total",
                "counter",
                "Bytes received from the peer",
                tags,
                peer -> Long.toUnsignedString(peer.rxBytes()));
        family(
                out,
                peers,
                "wireguard_latest_handshake_seconds",
                "gauge",
                "UNIX timestamp of the last handshake",
                tags,
                peer -> String.valueOf(peer.lastHandshakeWallNs() / 1_000_000_000L));
    }

    private static void family(
            Appendable out,
            List<PeerStatus> peers,
            String name,
            String type,
            String help,
            Function<PeerStatus, String> tags,
            Function<PeerStatus, String> value)
            throws IOException {
        head(out, name, type, help);
        for (PeerStatus peer : peers) {
            out.append(name).append(tags.apply(peer)).append(value.apply(peer)).append('\n');
        }
    }

    // Text.

    private static void head(Appendable out, String name, String type, String help) throws IOException {
        out.append("# HELP ")
                .append(name)
                .append(' ')
                .append(help)
                .append("\n# TYPE ")
                .append(name)
                .append(' ');
        out.append(type).append('\n');
    }

    private static void label(Appendable out, String name, String value) throws IOException {
        out.append(',').append(name).append("=\"").append(escape(value)).append('"');
    }

    private static String seconds(PeerStatus peer) {
        return String.format(Locale.ROOT, "%.3f", peer.lastHandshakeWallNs() * NS);
    }

    private static String escape(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
