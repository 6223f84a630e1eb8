package dev.culvert.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `culvert demo`: a hub and two spokes on this machine, a ping and a transfer across, the counters, and what to
/// try next. Cleans up whatever happens, Ctrl-C included.
@Command(
        name = "demo",
        description = {
            "Runs a hub and two spokes in network namespaces of their own, pings and transfers a file across, shows the"
                    + " counters, and cleans up. Touches nothing else on this machine."
        })
final class DemoCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    private final Host host;
    private final List<String> ownArguments;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--lanes", paramLabel = "N", defaultValue = "0", description = "Lanes of each of the three.")
    private int lanes;

    @Option(names = "--megabytes", paramLabel = "N", defaultValue = "50", description = "Size of the transfer.")
    private int megabytes;

    @Option(names = "--keep", description = "Leaves all of it running at the end, and says how to remove it.")
    private boolean keeps;

    @Mixin
    private HelpOption help = new HelpOption();

    DemoCommand(Host host, String... ownArguments) {
        this.host = host;
        this.ownArguments = List.of(ownArguments);
    }

    @Override
    public Integer call() throws CliFailure, IOException, InterruptedException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        PrintWriter out = spec.commandLine().getOut();
        Lifecycle lifecycle = Lifecycle.ofCaller(false);
        DemoNetwork network = new DemoNetwork(host, DemoNetwork.selfCommand(host, ownArguments), out);
        // An end that no handler sees (an exit from elsewhere) must not leave namespaces behind either.
        Thread lastResort = new Thread(network::close, "demo-clean-up");
        Runtime.getRuntime().addShutdownHook(lastResort);
        boolean kept = false;
        try {
            kept = keeps; // a failure is kept too, to be looked at
            network.run(lanes, megabytes);
            if (!keeps) {
                network.explainNext();
            }
            return Cli.DONE;
        } catch (InterruptedException e) {
            kept = false;
            return INTERRUPTED;
        } finally {
            lifecycle.endBegins();
            if (kept) {
                Runtime.getRuntime().removeShutdownHook(lastResort);
                network.explainKept();
            } else {
                network.close();
            }
            out.flush();
        }
    }
}
