package dev.culvert.cli;

import ch.qos.logback.classic.Level;
import dev.culvert.conf.ConfException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `culvert down`: asks the process of `culvert up` to end, and returns when it, its socket and its link are gone.
@Command(name = "down", description = "Ends what `culvert up` runs, in order, and waits until it is gone.")
final class DownCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Host host;

    @Parameters(paramLabel = "FILE|NAME", description = "The file or the name that `culvert up` was given.")
    private String nameOrFile = "";

    @Option(names = "--save", description = "Writes the state to the file first, as `culvert save` does.")
    private boolean saves;

    @Mixin
    private HelpOption help = new HelpOption();

    DownCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, ConfException, IOException, InterruptedException {
        if (help.isAsked()) {
            throw new IllegalStateException("picocli answers --help itself");
        }
        InterfaceName name = InterfaceName.of(nameOrFile, host);
        PidFile.Owner owner = new PidFile(host, name.name()).running();
        UapiClient client = new UapiClient(host.sockets());
        if (owner == null) {
            throw new CliFailure(
                    client.isServed(name.name())
                            ? name.name() + " was not started by `culvert up`; `ip link delete " + name.name()
                                    + "` ends it, or `wg-quick down`"
                            : "nothing runs " + name.name() + "; `culvert show interfaces` names what does run");
        }
        if (saves) {
            SaveCommand.save(new InterfaceName(name.name(), owner.file()), host, Logging.start(host, Level.INFO));
        }
        boolean asked =
                ProcessHandle.of(owner.pid()).map(ProcessHandle::destroy).orElse(true);
        if (!asked) {
            throw new CliFailure("process " + owner.pid() + " may not be ended; run this as root");
        }
        await(() -> !PidFile.isRunning(owner), "process " + owner.pid(), owner);
        await(() -> !Files.exists(client.socket(name.name())), "the socket of " + name.name(), owner);
        Path link = Path.of("/sys/class/net", name.name());
        await(() -> !Files.exists(link), "the link " + name.name(), owner);
        return Cli.DONE;
    }

    private void await(BooleanSupplier gone, String what, PidFile.Owner owner) throws CliFailure, InterruptedException {
        Instant deadline = host.clock().instant().plus(PATIENCE);
        while (!gone.getAsBoolean()) {
            if (host.clock().instant().isAfter(deadline)) {
                throw new CliFailure(what + " is still there after " + PATIENCE.toSeconds()
                        + " seconds; look at its log, `kill -9 " + owner.pid() + "` ends it without undoing anything");
            }
            Thread.sleep(PAUSE);
        }
    }
}
