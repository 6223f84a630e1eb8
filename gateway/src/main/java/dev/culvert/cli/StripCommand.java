package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import dev.culvert.conf.ConfText;
import dev.culvert.conf.WgQuickParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `culvert strip`: a file without wg-quick's keys, for `wg setconf` and `wg syncconf`.
@Command(name = "strip", description = "Prints a file without the keys that `wg setconf` does not know.")
final class StripCommand implements Callable<Integer> {
    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "FILE|NAME", description = "A file NAME.conf, or NAME for /etc/wireguard/NAME.conf.")
    private String nameOrFile = "";

    @Mixin
    private HelpOption help = new HelpOption();

    StripCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, ConfException, IOException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        InterfaceName name = InterfaceName.of(nameOrFile, host);
        String text = Files.readString(name.existingFile(), StandardCharsets.ISO_8859_1);
        WgQuickParser.parse(nameOrFile, text.getBytes(StandardCharsets.ISO_8859_1));
        PrintWriter out = spec.commandLine().getOut();
        out.print(ConfText.stripped(text));
        out.flush();
        return Cli.DONE;
    }
}
