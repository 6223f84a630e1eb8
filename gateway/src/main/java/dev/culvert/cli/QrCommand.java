package dev.culvert.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `culvert qr`: a file for a phone's app.
@Command(
        name = "qr",
        description = "Prints a peer's file as a QR code, which the apps of phones read. Whoever sees it has the key.")
final class QrCommand implements Callable<Integer> {
    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "FILE|NAME", description = "A file NAME.conf, or NAME for /etc/wireguard/NAME.conf.")
    private String nameOrFile = "";

    @Option(names = "--png", paramLabel = "FILE", description = "Writes a picture, mode 0600, instead of printing.")
    private @Nullable Path picture;

    @Mixin
    private HelpOption help = new HelpOption();

    QrCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, IOException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        QrCode code =
                new QrCode(Files.readString(InterfaceName.of(nameOrFile, host).existingFile()));
        if (picture != null) {
            code.write(picture);
            return Cli.DONE;
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(code.toText());
        out.flush();
        return Cli.DONE;
    }
}
