package dev.culvert.events;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Event;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/// Events as text: JSON, and the journal's fields.
final class EventText {
    private static final int WARNING = 4;
    private static final int INFORMATION = 6;

    private final JsonMapper json = JsonMapper.builder().build();
    private final String interfaceName;

    EventText(String interfaceName) {
        this.interfaceName = interfaceName;
    }

    /// An object, without a line's end.
    String json(Event event) {
        return json.writeValueAsString(event.toMap(interfaceName));
    }

    /// systemd's native journal protocol: `NAME=value` a line, and no value has an end of line in it.
    String journal(Event event) {
        StringBuilder text = new StringBuilder(256);
        PublicKey key = event.key();
        String who = event.name().isEmpty() ? key == null ? "" : key.toBase64() : event.name();
        String details = event.details().entrySet().stream()
                .map(each -> each.getKey() + '=' + each.getValue())
                .collect(Collectors.joining(" "));
        line(text, "MESSAGE", String.join(" ", interfaceName, event.kind().label(), who, details));
        line(text, "SYSLOG_IDENTIFIER", "culvert");
        line(text, "PRIORITY", Integer.toString(isTrouble(event) ? WARNING : INFORMATION));
        line(text, "CULVERT_INTERFACE", interfaceName);
        line(text, "CULVERT_EVENT", event.kind().label());
        if (key != null) {
            line(text, "CULVERT_PEER", key.toBase64());
        }
        for (Map.Entry<String, String> each : event.details().entrySet()) {
            line(text, "CULVERT_" + each.getKey().toUpperCase(Locale.ROOT), each.getValue());
        }
        return text.toString();
    }

    private static boolean isTrouble(Event event) {
        return switch (event.kind()) {
            case REFUSED, UNANSWERED, PREFIX_MOVED, UNDER_LOAD, LOST, LINK_DOWN -> true;
            default -> false;
        };
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(name)
                .append('=')
                .append(value.replaceAll("\\p{Cntrl}", " ").strip())
                .append('\n');
    }
}
