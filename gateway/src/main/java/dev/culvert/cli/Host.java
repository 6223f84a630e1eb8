package dev.culvert.cli;

import dev.culvert.crypto.RandomSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.InstantSource;
import java.util.Map;

/// The program's surroundings, in one place so that tests can put their own there.
///
/// @param sockets the directory of the UAPI sockets
/// @param run the directory of the pid files
/// @param etc the directory that a bare name's file is looked for in
record Host(
        Map<String, String> environment,
        InputStream standardInput,
        InstantSource clock,
        RandomSource random,
        Path sockets,
        Path run,
        Path etc,
        Path standardOutput) {
    static Host ofSystem() {
        return new Host(
                System.getenv(),
                System.in,
                Clock.systemUTC(),
                new SecureRandom()::nextBytes,
                Path.of("/var/run/wireguard"),
                Path.of("/run/culvert"),
                Path.of("/etc/wireguard"),
                Path.of("/proc/self/fd/1"));
    }

    String variable(String name, String otherwise) {
        String value = environment.get(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    /// Whether standard output is a terminal.
    boolean hasTerminal() {
        try {
            String target = Files.readSymbolicLink(standardOutput).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
