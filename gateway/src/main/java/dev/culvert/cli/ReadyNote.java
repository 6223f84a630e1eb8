package dev.culvert.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Tells the launcher script, which waits in the foreground, how the start went: one line to the file that
/// `CULVERT_READY` names, `ready` or `error` and the sentence, after any number of `remark` and a sentence.
/// Without the variable it does nothing.
final class ReadyNote {
    private final String path;

    ReadyNote(Host host) {
        path = host.variable("CULVERT_READY", "");
    }

    /// A sentence that is no failure: the launcher script prints it, or this does.
    void remark(String sentence) {
        if (path.isEmpty()) {
            System.err.println("culvert: " + sentence);
        } else {
            write("remark " + sentence + '\n');
        }
    }

    void ready() {
        write("ready\n");
    }

    void failed(Exception failure) {
        String sentence = String.valueOf(failure.getMessage());
        write("error " + sentence.replace('\n', ' ') + '\n');
    }

    private void write(String line) {
        if (path.isEmpty()) {
            return;
        }
        try {
            Files.write(
                    Path.of(path),
                    line.getBytes(StandardCharsets.UTF_8),
                    StandardOpenOption.WRITE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            // Nobody waits any more: the device serves all the same.
            System.err.println("culvert: nobody reads CULVERT_READY: " + e.getMessage());
        }
    }
}
