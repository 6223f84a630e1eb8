package dev.culvert.events;

import dev.culvert.device.Event;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/// A text for each event, to whoever takes texts.
///
/// @param text of an event
record LineSink(String name, Function<Event, String> text, Consumer<String> to) implements EventSink {
    @Override
    public void write(List<Event> events) {
        events.forEach(event -> to.accept(text.apply(event)));
    }

    @Override
    public void close() {
        // Whose it is, closes it.
    }
}
