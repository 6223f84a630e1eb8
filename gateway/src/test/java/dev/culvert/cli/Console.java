package dev.culvert.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/// Runs commands in this process with a host of the test's own, and keeps what they print.
final class Console {
    final Map<String, String> environment = new HashMap<>();
    final Path directory;
    Path sockets;
    Path standardOutput;
    String input = "";
    Instant now = Instant.ofEpochSecond(1_700_000_000);
    GatewayLauncher launcher = _ -> {
        throw new IOException("this test starts no gateway");
    };
    private StringWriter out = new StringWriter();
    private StringWriter err = new StringWriter();

    Console(Path directory) {
        this.directory = directory;
        sockets = directory.resolve("wireguard");
        standardOutput = directory.resolve("stdout");
    }

    Host host() {
        return new Host(
                environment,
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                () -> now,
                bytes -> {
                    for (int i = 0; i < bytes.length; i++) {
                        bytes[i] = (byte) (i * 7 + 1);
                    }
                },
                sockets,
                directory.resolve("run"),
                directory.resolve("etc"),
                standardOutput);
    }

    /// @return the exit code
    int run(String... args) {
        out = new StringWriter();
        err = new StringWriter();
        return Cli.run(launcher, host(), new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    String out() {
        return out.toString();
    }

    String err() {
        return err.toString();
    }
}
