package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A file with keys is nobody else's, and is replaced whole or not at all (trap 26). A full disk is a row of
/// `deploy/verify --faults`.
final class SafeFileTest {
    @TempDir
    private Path directory = Path.of("");

    private static List<Path> in(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    @Test
    void makesAndReplacesAFileThatOnlyItsOwnerReads() throws IOException {
        Path file = directory.resolve("wg0.conf");
        SafeFile.replace(file, "first");
        assertThat(file).hasContent("first");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        SafeFile.replace(file, "second");
        assertThat(file).hasContent("second");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(in(directory)).containsExactly(file);
    }

    /// The reader of an open file goes on reading the old one.
    @Test
    void doesNotWriteIntoTheOldFile() throws IOException {
        Path file = directory.resolve("wg0.conf");
        SafeFile.replace(file, "first");
        Path sameFile = Files.createLink(directory.resolve("other name"), file);
        SafeFile.replace(file, "second");
        assertThat(sameFile).hasContent("first");
    }

    @Test
    void keepsTheOldFileIfTheNewOneCannotBePutInItsPlace() throws IOException {
        Path file = Files.createDirectory(directory.resolve("wg0.conf")); // a rename cannot replace it
        Files.writeString(file.resolve("inside"), "old");
        assertThatThrownBy(() -> SafeFile.replace(file, "keys"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("which is as it was")
                .hasMessageNotContaining("keys");
        assertThat(file.resolve("inside")).hasContent("old");
        assertThat(in(directory)).as("no temporary file with keys is left").containsExactly(file);
    }

    @Test
    void doesNotFollowALinkThatSomebodyPutThere() throws IOException {
        Path file = directory.resolve("wg0.conf");
        Path victim = Files.writeString(directory.resolve("victim"), "untouched");
        Files.createSymbolicLink(directory.resolve("wg0.conf.tmp"), victim);
        SafeFile.replace(file, "keys");
        assertThat(victim).hasContent("untouched");
        assertThat(file).hasContent("keys");
    }

    @Test
    void takesOverWhatACrashLeft() throws IOException {
        Path file = directory.resolve("wg0.conf");
        Files.writeString(directory.resolve("wg0.conf.tmp"), "half");
        SafeFile.replace(file, "whole");
        assertThat(file).hasContent("whole");
        assertThat(in(directory)).containsExactly(file);
    }

    @Test
    void replacesWhatASymbolicLinkStandsFor() throws IOException {
        Path real = Files.writeString(directory.resolve("real.conf"), "old");
        Path link = Files.createSymbolicLink(directory.resolve("wg0.conf"), real);
        SafeFile.replace(link, "new");
        assertThat(Files.isSymbolicLink(link)).isTrue();
        assertThat(real).hasContent("new");
    }
}
