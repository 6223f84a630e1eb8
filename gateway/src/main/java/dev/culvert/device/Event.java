package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Something that happened to a peer or to the device, as [EventLog] tells it. No secrets: public keys, names, outer
/// addresses, prefixes.
///
/// @param number counts up from 1; one that is missing was not told
/// @param wallNs nanoseconds since 1970
/// @param key of the peer concerned, or the one that a sender claims to have; null for neither
/// @param name what operators call the peer; may be empty
/// @param details by field, in order; see [EventKind#fields]
@Published
public record Event(
        long number, long wallNs, EventKind kind, @Nullable PublicKey key, String name, Map<String, String> details) {
    /// How many of its kind were kept back just before, by the rate limit.
    public static final String SUPPRESSED = "suppressed";

    public Event {
        details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
    }

    Event named(String newName) {
        return new Event(number, wallNs, kind, key, newName, details);
    }

    /// For JSON: texts and whole numbers. The time is RFC 3339.
    public Map<String, Object> toMap(String interfaceName) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(
                "time",
                Instant.EPOCH.plusNanos(wallNs).truncatedTo(ChronoUnit.MILLIS).toString());
        map.put("number", number);
        map.put("interface", interfaceName);
        map.put("event", kind.label());
        if (key != null) {
            map.put("public_key", key.toBase64());
        }
        if (!name.isEmpty()) {
            map.put("name", name);
        }
        map.putAll(details);
        return map;
    }

    /// Whether it is of this peer.
    ///
    /// @param query a public key, or the beginning of one or of a name; empty for all
    public boolean isOf(String query) {
        return query.isEmpty()
                || key != null && key.toBase64().startsWith(query)
                || !name.isEmpty() && name.startsWith(query);
    }
}
