/// The command line: [dev.culvert.cli.Cli] is its entry, one class a command. What it needs of the gateway itself
/// are the two interfaces [dev.culvert.cli.GatewayLauncher] and [dev.culvert.cli.RunningGateway].
@NullMarked
package dev.culvert.cli;

import org.jspecify.annotations.NullMarked;
