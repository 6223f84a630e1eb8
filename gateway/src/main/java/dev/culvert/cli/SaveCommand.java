package dev.culvert.cli;

import ch.qos.logback.classic.Level;
import dev.culvert.conf.ConfException;
import dev.culvert.conf.InterfaceSetup;
import dev.culvert.conf.ProcessCommandRunner;
import dev.culvert.conf.WgQuickParser;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `culvert save`: writes a device's state to its file, as `wg-quick save` does.
@Command(name = "save", description = "Writes the state of a device to its file, as `wg-quick save` does.")
final class SaveCommand implements Callable<Integer> {
    private final Host host;

    @Parameters(paramLabel = "FILE|NAME", description = "A file NAME.conf, or NAME for /etc/wireguard/NAME.conf.")
    private String nameOrFile = "";

    @Mixin
    private HelpOption help = new HelpOption();

    SaveCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, ConfException, IOException, InterruptedException {
        if (help.isAsked()) {
            throw new IllegalStateException("picocli answers --help itself");
        }
        save(InterfaceName.of(nameOrFile, host), host, Logging.start(host, Level.INFO));
        return Cli.DONE;
    }

    static void save(InterfaceName name, Host host, Logger log)
            throws CliFailure, ConfException, IOException, InterruptedException {
        InterfaceSetup.save(
                new ProcessCommandRunner(log::info),
                name.file(),
                WgQuickParser.read(name.existingFile()),
                name.name(),
                new UapiClient(host.sockets()).get(name.name()));
    }
}
