package dev.culvert;

import dev.culvert.cli.Cli;

/// The program's entry: the command line, with this program's gateway to start.
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(Cli.run(Gateway.LAUNCHER, arguments));
    }
}
