package dev.culvert.cli;

import java.io.IOException;

/// Starts gateways; the program's root hands it in.
@FunctionalInterface
public interface GatewayLauncher {
    /// Makes the interface, down and without peers.
    ///
    /// @throws IOException says what to do
    RunningGateway start(GatewayOptions options) throws IOException;
}
