package dev.culvert.events;

import dev.culvert.device.Event;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Appends lines of JSON to a file that is made 0600. One that was renamed or removed, as logrotate(8) does, is made
/// anew; nobody need send a signal.
final class FileSink implements EventSink {
    private final Path file;
    private final EventText text;
    private @Nullable FileChannel channel;
    private @Nullable Object fileKey;

    FileSink(Path file, EventText text) {
        this.file = file;
        this.text = text;
    }

    @Override
    public String name() {
        return "file";
    }

    @Override
    public void write(List<Event> events) throws IOException {
        StringBuilder lines = new StringBuilder();
        events.forEach(event -> lines.append(text.json(event)).append('\n'));
        ByteBuffer bytes = ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8));
        FileChannel to = current();
        long before = to.size();
        try {
            while (bytes.hasRemaining()) {
                to.write(bytes);
            }
        } catch (IOException e) {
            to.truncate(before); // no half line, when the disk is full
            throw new IOException("events cannot be written to " + file + ": " + e.getMessage(), e);
        }
    }

    private FileChannel current() throws IOException {
        FileChannel open = channel;
        if (open != null && fileKey != null && fileKey.equals(keyAtPath())) {
            return open;
        }
        close();
        try {
            Path directory = file.getParent();
            if (directory != null) {
                Files.createDirectories(directory);
            }
            open = FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (IOException e) {
            throw new IOException("the file of events " + file + " cannot be opened: " + e.getMessage(), e);
        }
        channel = open;
        fileKey = keyAtPath();
        return open;
    }

    private @Nullable Object keyAtPath() throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    @Override
    public void close() throws IOException {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }
}
