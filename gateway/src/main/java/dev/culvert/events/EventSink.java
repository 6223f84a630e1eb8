package dev.culvert.events;

import dev.culvert.device.Event;
import java.io.IOException;
import java.util.List;

/// Takes events, in order; one thread calls it.
interface EventSink extends AutoCloseable {
    /// In logs and metrics.
    String name();

    /// All of them, or none: the caller tries again with the same.
    ///
    /// @throws IOException says what is wrong, in a sentence
    /// @throws RefusedException if trying again would not help
    void write(List<Event> events) throws IOException, InterruptedException;

    @Override
    void close() throws IOException;

    /// The sink does not want these events, now or later.
    final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }
}
