package dev.culvert.cli;

import dev.culvert.conf.ConfText;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `culvert showconf`: a device's state as a file that `wg setconf` reads.
@Command(name = "showconf", description = "Prints the state of a device as a file for `wg setconf`, keys included.")
final class ShowconfCommand implements Callable<Integer> {
    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "IFNAME", description = "The interface.")
    private String interfaceName = "";

    @Mixin
    private HelpOption help = new HelpOption();

    ShowconfCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, IOException, InterruptedException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(ConfText.showconf(new UapiClient(host.sockets()).get(InterfaceName.checked(interfaceName))));
        out.flush();
        return Cli.DONE;
    }
}
