package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import dev.culvert.conf.NearMiss;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// The command line: parses the arguments, runs one command, turns its outcome into an exit code (0 done, 1
/// failed, 2 called wrongly) and its failure into one `culvert: …` sentence. Called by the program's entry.
public final class Cli {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int MISUSED = 2;

    /// Letters by which a mistyped command differs from the one that was meant.
    static final int MISTAKES_MAX = 1;

    /// All that [#commandLine] has.
    static final Set<String> COMMANDS = Set.of(
            "up",
            "down",
            "show",
            "showconf",
            "save",
            "strip",
            "plan",
            "drain",
            "why",
            "events",
            "top",
            "init",
            "add-peer",
            "qr",
            "genkey",
            "pubkey",
            "genpsk",
            "demo",
            "demo-transfer",
            "rehearse",
            "completion");

    private Cli() {}

    /// @return the exit code
    public static int run(GatewayLauncher launcher, String... args) {
        return run(launcher, Host.ofSystem(), writer(System.out), writer(System.err), args);
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, stream.charset()), true);
    }

    static int run(GatewayLauncher launcher, Host host, PrintWriter out, PrintWriter err, String... args) {
        String served = servedPlainly(args);
        if (served != null) {
            try {
                new Serving(launcher, host).run(served, new GatewayArguments());
                return DONE;
            } catch (Exception e) {
                return explain(e, "culvert", err);
            }
        }
        CommandLine root = commandLine(launcher, host, args);
        root.setOut(out);
        root.setErr(err);
        return root.execute(args);
    }

    /// The interface of `culvert -f IFNAME`, as the launcher script calls it for wg-quick(8): it goes without
    /// picocli, which takes a quarter of a second to find out the same. Null for everything else, and for a
    /// name that may be a mistyped command.
    private static @Nullable String servedPlainly(String... args) {
        if (args.length != 2 || !args[0].equals("-f") || args[1].isEmpty() || args[1].startsWith("-")) {
            return null;
        }
        boolean mayBeCommand =
                COMMANDS.stream().anyMatch(command -> NearMiss.distance(args[1], command) <= MISTAKES_MAX);
        return mayBeCommand ? null : args[1];
    }

    /// @param args the program's own, which `demo` needs to start the same program again
    static CommandLine commandLine(GatewayLauncher launcher, Host host, String... args) {
        CommandLine root = new CommandLine(new ServeCommand(launcher, host));
        root.addSubcommand(new UpCommand(launcher, host));
        root.addSubcommand(new DownCommand(host));
        root.addSubcommand(new ShowCommand(host));
        root.addSubcommand(new ShowconfCommand(host));
        root.addSubcommand(new SaveCommand(host));
        root.addSubcommand(new StripCommand(host));
        root.addSubcommand(new PlanCommand(host));
        root.addSubcommand(new DrainCommand(host));
        root.addSubcommand(new WhyCommand(host));
        root.addSubcommand(new EventsCommand(host));
        root.addSubcommand(new TopCommand(host));
        root.addSubcommand(new InitCommand(host));
        root.addSubcommand(new AddPeerCommand(host));
        root.addSubcommand(new QrCommand(host));
        root.addSubcommand(new KeyCommands.Genkey(host));
        root.addSubcommand(new KeyCommands.Pubkey(host));
        root.addSubcommand(new KeyCommands.Genpsk(host));
        root.addSubcommand(new DemoCommand(host, args));
        root.addSubcommand(new DemoTransferCommand());
        root.addSubcommand(new RehearseCommand(launcher, host));
        root.addSubcommand(new CompletionCommand());
        root.setExecutionExceptionHandler((failure, command, _) ->
                explain(failure, command.getCommandSpec().qualifiedName(), command.getErr()));
        root.setParameterExceptionHandler(Cli::explainMisuse);
        root.setUsageHelpAutoWidth(false);
        return root;
    }

    private static int explain(Exception failure, String command, PrintWriter err) {
        switch (failure) {
            case Misuse misuse -> {
                return explainMisuse(String.valueOf(misuse.getMessage()), command, err);
            }
            case ConfException bad -> {
                bad.problems().forEach(problem -> err.println("culvert: " + problem));
                err.println("culvert: the file is refused as a whole, nothing was changed");
            }
            case CliFailure known -> err.println("culvert: " + known.getMessage());
            case IOException known -> err.println("culvert: " + known.getMessage());
            case InterruptedException _ -> err.println("culvert: interrupted");
            default -> {
                err.println("culvert: this is an error of Culvert's own; please report it with the lines below");
                failure.printStackTrace(err);
            }
        }
        err.flush();
        return FAILED;
    }

    private static int explainMisuse(CommandLine.ParameterException misuse, String[] args) {
        CommandLine command = misuse.getCommandLine();
        return explainMisuse(
                String.valueOf(misuse.getMessage()), command.getCommandSpec().qualifiedName(), command.getErr());
    }

    private static int explainMisuse(String sentence, String command, PrintWriter err) {
        err.println("culvert: " + sentence);
        err.println("culvert: `" + command + " --help` shows how it is called");
        err.flush();
        return MISUSED;
    }
}
