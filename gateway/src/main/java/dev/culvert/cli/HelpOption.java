package dev.culvert.cli;

import picocli.CommandLine.Option;

/// `--help` of a command.
final class HelpOption {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help and ends.")
    private boolean asked;

    /// Whether help was asked for; picocli then does not run the command.
    boolean isAsked() {
        return asked;
    }
}
