package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import dev.culvert.conf.HubFile;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `culvert init`: the file of a new hub.
@Command(
        name = "init",
        description = "Writes the file of a new hub, with a new key; `culvert add-peer` adds its peers.")
final class InitCommand implements Callable<Integer> {
    private final Host host;

    @Parameters(paramLabel = "FILE|NAME", description = "A file NAME.conf, or NAME for /etc/wireguard/NAME.conf.")
    private String nameOrFile = "";

    @Option(
            names = "--address",
            paramLabel = "LIST",
            defaultValue = "10.10.0.1/24",
            description =
                    "The hub's addresses in the tunnel, with prefix lengths; peers get theirs of the same networks"
                            + " (default: ${DEFAULT-VALUE}).")
    private String address = "";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "51820",
            description = "The UDP port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Mixin
    private HelpOption help = new HelpOption();

    InitCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, ConfException, IOException {
        if (help.isAsked()) {
            throw new IllegalStateException("picocli answers --help itself");
        }
        HubFile.create(InterfaceName.of(nameOrFile, host).file(), address, port, host.random());
        return Cli.DONE;
    }
}
