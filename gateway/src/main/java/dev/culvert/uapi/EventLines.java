package dev.culvert.uapi;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Event;
import dev.culvert.device.EventKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Events as lines of the configuration protocol, written by the device's side and read by the command's. An event
/// begins with its `event_head`; a key that is not there is a dash.
public final class EventLines {
    /// What all keys begin with.
    public static final String KEYS = "event_";

    private static final String NONE = "-";
    /// Number, time, label, key.
    private static final String HEAD = "event_head=";
    private static final String NAME = "event_name=";
    /// Field, then its value.
    private static final String DETAIL = "event_detail=";

    private static final int HEAD_FIELDS = 4;

    private EventLines() {}

    static List<String> of(Event event) {
        List<String> lines = new ArrayList<>();
        PublicKey key = event.key();
        lines.add(HEAD
                + String.join(
                        " ",
                        Long.toString(event.number()),
                        Long.toString(event.wallNs()),
                        event.kind().label(),
                        key == null ? NONE : key.toHex()));
        if (!event.name().isEmpty()) {
            lines.add(NAME + event.name());
        }
        event.details().forEach((field, value) -> lines.add(DETAIL + field + ' ' + value));
        return lines;
    }

    private record Head(
            long number,
            long wallNs,
            EventKind kind,
            @Nullable PublicKey key) {
        static Head of(String value) {
            String[] fields = value.split(" ", -1);
            if (fields.length != HEAD_FIELDS) {
                throw new IllegalArgumentException("fields are missing");
            }
            return new Head(
                    Long.parseLong(fields[0]),
                    Long.parseLong(fields[1]),
                    EventKind.of(fields[2]),
                    fields[3].equals(NONE) ? null : PublicKey.fromHex(fields[3]));
        }

        Event with(String name, Map<String, String> details) {
            return new Event(number, wallNs, kind, key, name, details);
        }
    }

    /// @param lines that begin with [#KEYS]
    /// @throws IllegalArgumentException if they cannot be read
    public static List<Event> parse(List<String> lines) {
        List<Event> events = new ArrayList<>();
        Head head = null;
        String name = "";
        Map<String, String> details = new LinkedHashMap<>();
        for (String line : lines) {
            String value = line.substring(line.indexOf('=') + 1);
            if (line.startsWith(HEAD)) {
                if (head != null) {
                    events.add(head.with(name, details));
                }
                head = Head.of(value);
                name = "";
                details.clear();
            } else if (line.startsWith(NAME)) {
                name = value;
            } else if (line.startsWith(DETAIL)) {
                int blank = value.indexOf(' ');
                if (blank < 0) {
                    throw new IllegalArgumentException("a field without its value");
                }
                details.put(value.substring(0, blank), value.substring(blank + 1));
            }
        }
        if (head != null) {
            events.add(head.with(name, details));
        }
        return events;
    }
}
