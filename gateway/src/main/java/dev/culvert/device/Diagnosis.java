package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Why a peer, a key or an address has no connection.
///
/// @param key null if the question was for an address alone
/// @param name empty if the peer has none
/// @param address the outer address asked for, else the peer's endpoint
/// @param lastHandshakeWallNs nanoseconds since 1970, 0 for never
/// @param conclusions from the state, the most telling first
/// @param incidents the latest first
@Published
public record Diagnosis(
        @Nullable PublicKey key,
        String name,
        @Nullable InetSocketAddress address,
        long lastHandshakeWallNs,
        List<Conclusion> conclusions,
        List<Incident> incidents) {
    /// @param detail empty if there is none
    public record Conclusion(Cause cause, String detail) {}

    public Diagnosis {
        conclusions = List.copyOf(conclusions);
        incidents = List.copyOf(incidents);
    }

    /// For JSON: texts, whole numbers, truth values, lists and maps of such. Times are RFC 3339.
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        put(map, "public_key", key);
        put(map, "name", name.isEmpty() ? null : name);
        put(map, "address", address == null ? null : text(address));
        put(map, "last_handshake", lastHandshakeWallNs == 0 ? null : time(lastHandshakeWallNs));
        map.put("conclusions", conclusions.stream().map(Diagnosis::toMap).toList());
        map.put("incidents", incidents.stream().map(this::toMap).toList());
        return map;
    }

    private static Map<String, Object> toMap(Conclusion conclusion) {
        Map<String, Object> map = new LinkedHashMap<>();
        put(map, conclusion.cause(), conclusion.detail());
        return map;
    }

    private Map<String, Object> toMap(Incident incident) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("first", time(incident.firstWallNs()));
        map.put("last", time(incident.lastWallNs()));
        map.put("count", incident.count());
        map.put("over", isOver(incident));
        put(map, "address", incident.source() == null ? null : text(incident.source()));
        put(map, "public_key", incident.key());
        put(map, incident.cause(), incident.detail());
        return map;
    }

    private static void put(Map<String, Object> map, Cause cause, String detail) {
        map.put("cause", cause.label());
        put(map, "detail", detail.isEmpty() ? null : detail);
        map.put("text", cause.text());
        map.put("advice", cause.advice());
    }

    private static void put(Map<String, Object> map, String key, @Nullable Object value) {
        if (value != null) {
            map.put(key, value.toString());
        }
    }

    /// Without port if it was asked for an address alone.
    private static String text(InetSocketAddress address) {
        String whole = IpText.format(address);
        return address.getPort() == 0 ? whole.substring(0, whole.lastIndexOf(':')) : whole;
    }

    private static String time(long wallNs) {
        return Instant.EPOCH.plusNanos(wallNs).truncatedTo(ChronoUnit.MILLIS).toString();
    }

    /// Whether the peer has connected since.
    public boolean isOver(Incident incident) {
        return incident.lastWallNs() < lastHandshakeWallNs;
    }
}
