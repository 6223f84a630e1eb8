package dev.culvert.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// The archive of `culvert rehearse` (JEP 483), from which a start takes its classes ready-made. The JVM uses
/// it if it was made by the same JDK of the same jars, and otherwise starts without it: its messages are
/// switched off, and this class says it in one sentence instead.
final class StartArchive {
    private static final Path MAPPINGS = Path.of("/proc/self/maps");

    private StartArchive() {}

    /// What is to be said about it, if anything.
    static Optional<String> note(Host host) {
        String archive = host.variable("CULVERT_ARCHIVE", "");
        if (archive.isEmpty() || isMapped(archive)) {
            return Optional.empty();
        }
        return Optional.of("the archive " + archive + " does not fit this JDK, culvert.jar and JVM options, or is"
                + " damaged; the start is slower without it, and `culvert rehearse` makes it anew");
    }

    private static boolean isMapped(String archive) {
        try (Stream<String> lines = Files.lines(MAPPINGS)) {
            String file = Path.of(archive).toRealPath().toString();
            return lines.anyMatch(line -> line.endsWith(file));
        } catch (IOException e) {
            return true; // nobody can tell
        }
    }
}
