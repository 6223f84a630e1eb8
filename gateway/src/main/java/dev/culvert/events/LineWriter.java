package dev.culvert.events;

import java.io.IOException;

/// Whoever takes texts, one after the other.
public interface LineWriter {
    /// @throws IOException says what is wrong, in a sentence
    void write(String text) throws IOException;
}
