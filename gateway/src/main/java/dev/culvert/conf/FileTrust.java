package dev.culvert.conf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Who may read or change a file: a warning for keys that others can read, and a refusal of hooks that others
/// could have written, because hooks run as root. Follows symbolic links.
final class FileTrust {
    private static final int WORLD = 0007;
    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int STICKY = 01000;

    private FileTrust() {}

    static void warnIfWorldReadable(Path file, Findings findings) throws IOException {
        Path real = file.toRealPath();
        Path directory = real.getParent();
        int directoryMode = directory == null ? WORLD : mode(directory);
        if ((mode(real) & directoryMode & WORLD) != 0) {
            findings.warning(0, "the file is world accessible, and it holds keys; `chmod 600` it");
        }
    }

    /// @throws IOException with a sentence if someone other than root and this user could have written the hooks
    static void requireTrustedHooks(Path file) throws IOException {
        Path real = file.toRealPath();
        int user = owner(Path.of("/proc/self"));
        check(real, real, user, false);
        Path directory = real.getParent();
        if (directory != null) {
            check(real, directory, user, true);
        }
    }

    private static void check(Path file, Path checked, int user, boolean directory) throws IOException {
        int owner = owner(checked);
        String advice =
                "; its PreUp, PostUp, PreDown and PostDown lines would run as this user, so that nothing of it is"
                        + " used: make " + checked + " root's own (`chown root`, `chmod go-w`) or delete these lines";
        if (owner != 0 && owner != user) {
            throw new IOException(
                    file + ": " + (directory ? "the directory" : "the file") + " belongs to user " + owner + advice);
        }
        int mode = mode(checked);
        if ((mode & WRITABLE_BY_OTHERS) != 0 && !(directory && (mode & STICKY) != 0)) {
            throw new IOException(
                    file + ": others may write to " + (directory ? "the directory" : "the file") + advice);
        }
    }

    private static int mode(Path file) throws IOException {
        return number(file, "mode");
    }

    private static int owner(Path file) throws IOException {
        return number(file, "uid");
    }

    private static int number(Path file, String attribute) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(file, "unix:" + attribute);
        if (attributes.get(attribute) instanceof Integer number) {
            return number;
        }
        throw new IOException("the file system does not tell the " + attribute + " of " + file);
    }
}
