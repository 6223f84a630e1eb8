package dev.culvert.cli;

import dev.culvert.conf.NearMiss;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `culvert IFNAME` with all its options: finds out what is meant, and hands over to [Serving].
@Command(
        name = "culvert",
        versionProvider = VersionText.class,
        sortOptions = false,
        synopsisSubcommandLabel = "COMMAND",
        description = {
            "A WireGuard gateway.",
            "",
            "`culvert IFNAME` makes the interface IFNAME and serves its socket for wg(8), in the background; `culvert up"
                    + " FILE` does all that wg-quick(8) does, in the foreground."
        },
        footer = {
            "",
            "Environment: LOG_LEVEL (verbose, info, error, silent), CULVERT_JAVA_OPTS (more JVM options),",
            "WG_TUN_FD and WG_UAPI_FD (open descriptors), WG_PROCESS_FOREGROUND=1."
        })
final class ServeCommand implements Callable<Integer> {

    private final GatewayLauncher launcher;
    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "IFNAME", arity = "0..1", description = "The interface to make and serve.")
    private @Nullable String interfaceName;

    @Option(
            names = {"-f", "--foreground"},
            description = "Stays in the foreground.")
    private boolean foreground;

    @Mixin
    private GatewayArguments arguments = new GatewayArguments();

    @Mixin
    private HelpOption help = new HelpOption();

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Shows the version and ends.")
    private boolean versionAsked;

    ServeCommand(GatewayLauncher launcher, Host host) {
        this.launcher = launcher;
        this.host = host;
    }

    @Override
    public Integer call() throws Exception {
        CommandLine command = spec().commandLine();
        if (interfaceName == null || help.isAsked() || versionAsked) {
            command.usage(command.getErr());
            return Cli.MISUSED;
        }
        refuseMistypedCommand(interfaceName, command);
        new Serving(launcher, host).run(interfaceName, arguments);
        return Cli.DONE;
    }

    /// `culvert shwo` must not make an interface of that name. A name one letter away from a command needs
    /// `-f`.
    private void refuseMistypedCommand(String name, CommandLine command) {
        if (foreground && !name.isEmpty() && host.variable("CULVERT_READY", "").isEmpty()) {
            return;
        }
        for (Map.Entry<String, CommandLine> known : command.getSubcommands().entrySet()) {
            boolean hidden = known.getValue().getCommandSpec().usageMessage().hidden();
            if (!hidden && NearMiss.distance(name, known.getKey()) <= Cli.MISTAKES_MAX) {
                throw new CommandLine.ParameterException(
                        command,
                        "there is no command `" + name + "`; did you mean `" + known.getKey()
                                + "`? An interface of that name is served by `culvert -f " + name + "`");
            }
        }
    }

    private CommandSpec spec() {
        if (spec == null) {
            throw new IllegalStateException("picocli sets the spec before it calls");
        }
        return spec;
    }
}
