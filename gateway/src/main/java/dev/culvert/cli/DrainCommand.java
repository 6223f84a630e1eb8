package dev.culvert.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `culvert drain`: before a hub is taken away.
@Command(
        name = "drain",
        description = {
            "Lets no new peers in: those with a session keep it, all others are dropped, and /readyz answers 503, so that"
                    + " a load balancer sends peers elsewhere.",
            "`culvert show` tells of it; it ends by --undo, or with the process."
        })
final class DrainCommand implements Callable<Integer> {
    private final Host host;

    @Parameters(paramLabel = "IFNAME", description = "An interface that Culvert serves.")
    private String interfaceName = "";

    @Option(names = "--undo", description = "Lets peers in again.")
    private boolean undoes;

    @Mixin
    private HelpOption help = new HelpOption();

    DrainCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, IOException, InterruptedException {
        if (help.isAsked()) {
            throw new IllegalStateException("picocli answers --help itself");
        }
        new UapiClient(host.sockets()).drain(InterfaceName.checked(interfaceName), !undoes);
        return Cli.DONE;
    }
}
