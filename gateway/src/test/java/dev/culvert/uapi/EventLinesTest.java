package dev.culvert.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Event;
import dev.culvert.device.EventKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Events over the management socket and back.
final class EventLinesTest {
    @Test
    void comesBackAsItWas() {
        List<Event> events = List.of(
                new Event(1, 5, EventKind.LINK_UP, null, "", Map.of("port", "51820")),
                new Event(2, 6, EventKind.CONNECTED, PublicKey.fromHex("ab".repeat(32)), "a b=c", Map.of()),
                new Event(3, 7, EventKind.REFUSED, null, "", Map.of("detail", "60 s = behind")));
        List<String> lines = new ArrayList<>();
        events.forEach(event -> lines.addAll(EventLines.of(event)));
        assertThat(lines).allMatch(line -> line.startsWith(EventLines.KEYS));
        assertThat(EventLines.parse(lines)).isEqualTo(events);
        assertThat(EventLines.parse(List.of())).isEmpty();
    }

    @Test
    void refusesWhatItCannotRead() {
        for (String line : List.of(
                "event_head=1 2 connected",
                "event_head=x 2 connected -",
                "event_head=1 2 nothing -",
                "event_detail=x")) {
            assertThatThrownBy(() -> EventLines.parse(List.of("event_head=1 2 connected -", line)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
