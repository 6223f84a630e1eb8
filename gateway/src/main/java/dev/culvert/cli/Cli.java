package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine;

/// The command line: parses the arguments, runs one command, turns its outcome into an exit code (0 done, 1
/// failed, 2 called wrongly) and its failure into one `culvert: …` sentence. Called by the program's entry.
public final class Cli {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int MISUSED = 2;

    private Cli() {}

    /// @return the exit code
    public static int run(GatewayLauncher launcher, String... args) {
        return commandLine(launcher, Host.ofSystem(), args).execute(args);
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
        root.addSubcommand(new KeyCommands.Genkey(host));
        root.addSubcommand(new KeyCommands.Pubkey(host));
        root.addSubcommand(new KeyCommands.Genpsk(host));
        root.addSubcommand(new DemoCommand(host, args));
        root.addSubcommand(new DemoTransferCommand());
        root.addSubcommand(new CompletionCommand());
        root.setExecutionExceptionHandler((failure, command, _) -> explain(failure, command));
        root.setParameterExceptionHandler(Cli::explainMisuse);
        root.setUsageHelpAutoWidth(false);
        return root;
    }

    private static int explain(Exception failure, CommandLine command) {
        PrintWriter err = command.getErr();
        switch (failure) {
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
        PrintWriter err = command.getErr();
        err.println("culvert: " + misuse.getMessage());
        err.println("culvert: `" + command.getCommandSpec().qualifiedName() + " --help` shows how it is called");
        err.flush();
        return MISUSED;
    }
}
