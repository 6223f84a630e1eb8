package dev.culvert.events;

import dev.culvert.device.Event;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/// A text for each event, to whoever takes texts. One that fails in the middle gets the first ones again.
///
/// @param text of an event
record LineSink(String name, Function<Event, String> text, LineWriter to) implements EventSink {
    @Override
    public void write(List<Event> events) throws IOException {
        for (Event event : events) {
            to.write(text.apply(event));
        }
    }

    @Override
    public void close() {
        // Whose it is, closes it.
    }
}
