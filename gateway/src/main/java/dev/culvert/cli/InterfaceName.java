package dev.culvert.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// The name of a link, and the file that configures it: wg-quick(8)'s rules, so that nothing else ever becomes a
/// path or an argument.
///
/// @param name 1 to 15 of `a-z A-Z 0-9 _ = + . -`
/// @param file may not exist
record InterfaceName(String name, Path file) {
    private static final Pattern VALID = Pattern.compile("[a-zA-Z0-9_=+.-]{1,15}");
    private static final String SUFFIX = ".conf";

    static String checked(String name) throws CliFailure {
        if (!VALID.matcher(name).matches() || name.equals(".") || name.equals("..") || name.startsWith("-")) {
            throw new CliFailure("an interface's name has 1 to 15 characters of a-z A-Z 0-9 _ = + . - and does not"
                    + " start with a dash; wg0 would be right");
        }
        return name;
    }

    /// A name stands for `/etc/wireguard/NAME.conf`; anything else is the path of a file `NAME.conf`.
    static InterfaceName of(String nameOrFile, Host host) throws CliFailure {
        Path given = Path.of(nameOrFile);
        if (VALID.matcher(nameOrFile).matches()) {
            Path file = host.etc().resolve(nameOrFile + SUFFIX);
            if (Files.exists(file) || !nameOrFile.endsWith(SUFFIX) || !Files.exists(given)) {
                return new InterfaceName(checked(nameOrFile), file);
            }
        }
        Path last = given.getFileName();
        String fileName = last == null ? "" : last.toString();
        if (!fileName.endsWith(SUFFIX)) {
            throw new CliFailure(
                    "the file must be called after the interface, with .conf behind it;" + " wg0.conf would be right");
        }
        return new InterfaceName(
                checked(fileName.substring(0, fileName.length() - SUFFIX.length())), given.toAbsolutePath());
    }

    /// For a command that reads the file.
    Path existingFile() throws CliFailure {
        if (!Files.exists(file)) {
            throw new CliFailure("there is no file " + file + "; write it, or name another");
        }
        return file;
    }
}
