package dev.culvert.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which process runs `culvert up` for an interface: `/run/culvert/NAME.pid`, with the process, the time it
/// started (so that a number that was given to another process is not taken for it), and its file. Three lines.
final class PidFile {
    private static final int STARTTIME_FIELD = 22; // proc(5)

    private final Path path;

    PidFile(Host host, String interfaceName) {
        path = host.run().resolve(interfaceName + ".pid");
    }

    /// @param file the wg-quick file that it was started with
    record Owner(long pid, String startTime, Path file) {}

    /// The process, if it still runs.
    @Nullable
    Owner running() throws IOException {
        Owner owner = read();
        return owner != null && isRunning(owner) ? owner : null;
    }

    static boolean isRunning(Owner owner) {
        return owner.startTime().equals(startTime(owner.pid()));
    }

    /// For the calling process.
    ///
    /// @throws CliFailure if another one runs
    void claim(Path file) throws IOException, CliFailure {
        Owner other = running();
        if (other != null) {
            throw new CliFailure("process " + other.pid() + " runs this interface already; `culvert down` ends it");
        }
        long pid = ProcessHandle.current().pid();
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Path temporary = path.resolveSibling(path.getFileName() + "." + pid);
        Files.write(temporary, List.of(String.valueOf(pid), String.valueOf(startTime(pid)), file.toString()));
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /// Only if it is still ours.
    void release() throws IOException {
        Owner owner = read();
        if (owner != null && owner.pid() == ProcessHandle.current().pid()) {
            Files.deleteIfExists(path);
        }
    }

    private @Nullable Owner read() throws IOException {
        try {
            List<String> lines = Files.readAllLines(path, StandardCharsets.UTF_8);
            if (lines.size() == 3 && lines.get(0).matches("[0-9]{1,10}")) {
                return new Owner(Long.parseLong(lines.get(0)), lines.get(1), Path.of(lines.get(2)));
            }
            return null;
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /// In clock ticks since boot, or null if there is no such process. A zombie counts as none.
    private static @Nullable String startTime(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"), StandardCharsets.ISO_8859_1);
            // The name of the program, in parentheses, may hold blanks and parentheses itself.
            List<String> fields =
                    List.of(stat.substring(stat.lastIndexOf(')') + 2).strip().split(" ", -1));
            return fields.getFirst().equals("Z") ? null : fields.get(STARTTIME_FIELD - 3);
        } catch (IOException e) {
            return null;
        }
    }
}
