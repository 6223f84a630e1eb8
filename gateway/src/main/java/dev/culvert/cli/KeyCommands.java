package dev.culvert.cli;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `genkey`, `pubkey` and `genpsk`, as wg(8) has them. Keys come by standard input and go to standard output,
/// never through arguments.
final class KeyCommands {
    private static final int INPUT_BYTES_MAX = 4096;

    private KeyCommands() {}

    abstract static class KeyCommand implements Callable<Integer> {
        final Host host;

        @Spec
        private @Nullable CommandSpec spec;

        @Mixin
        private HelpOption help = new HelpOption();

        KeyCommand(Host host) {
            this.host = host;
        }

        CommandSpec spec() {
            if (spec == null || help.isAsked()) {
                throw new IllegalStateException("picocli sets the spec, and answers --help itself");
            }
            return spec;
        }

        Integer print(String key) {
            PrintWriter out = spec().commandLine().getOut();
            out.print(key + '\n');
            out.flush();
            return Cli.DONE;
        }

        void warnIfWorldReadable() {
            if (isWorldReadableFile(host.standardOutput())) {
                PrintWriter err = spec().commandLine().getErr();
                err.print("""
                        Warning: writing to world accessible file.
                        Consider setting the umask to 077 and trying again.
                        """);
                err.flush();
            }
        }
    }

    @Command(name = "genkey", description = "Prints a new private key.")
    static final class Genkey extends KeyCommand {
        Genkey(Host host) {
            super(host);
        }

        @Override
        public Integer call() {
            warnIfWorldReadable();
            try (PrivateKey key = PrivateKey.generate(host.random())) {
                return print(key.toBase64());
            }
        }
    }

    @Command(name = "genpsk", description = "Prints a new preshared key.")
    static final class Genpsk extends KeyCommand {
        Genpsk(Host host) {
            super(host);
        }

        @Override
        public Integer call() {
            warnIfWorldReadable();
            try (PresharedKey key = PresharedKey.generate(host.random())) {
                return print(key.toBase64());
            }
        }
    }

    @Command(name = "pubkey", description = "Reads a private key from standard input and prints its public key.")
    static final class Pubkey extends KeyCommand {
        Pubkey(Host host) {
            super(host);
        }

        @Override
        public Integer call() throws IOException, CliFailure {
            byte[] input = host.standardInput().readNBytes(INPUT_BYTES_MAX);
            String text = new String(input, StandardCharsets.ISO_8859_1).stripTrailing();
            Arrays.fill(input, (byte) 0);
            try (PrivateKey key = PrivateKey.fromBase64(text)) {
                return print(key.publicKey().toBase64());
            } catch (IllegalArgumentException e) {
                throw new CliFailure("standard input is not a private key: " + e.getMessage()
                        + "; `culvert genkey | culvert pubkey` would be right");
            }
        }
    }

    private static boolean isWorldReadableFile(Path output) {
        try {
            Path real = output.toRealPath();
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(real);
            return Files.isRegularFile(real)
                    && (permissions.contains(PosixFilePermission.OTHERS_READ)
                            || permissions.contains(PosixFilePermission.OTHERS_WRITE)
                            || permissions.contains(PosixFilePermission.OTHERS_EXECUTE));
        } catch (IOException | UnsupportedOperationException e) {
            return false; // a pipe or a terminal
        }
    }
}
