package dev.culvert.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `culvert completion`: the completion of all commands and options for bash and zsh.
@Command(
        name = "completion",
        description = "Prints the completion for bash and zsh: `source <(culvert completion)` turns it on.")
final class CompletionCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private HelpOption help = new HelpOption();

    @Override
    public Integer call() {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(AutoComplete.bash("culvert", spec.root().commandLine()));
        out.flush();
        return Cli.DONE;
    }
}
