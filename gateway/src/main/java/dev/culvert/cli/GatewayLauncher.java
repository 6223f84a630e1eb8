package dev.culvert.cli;

import java.io.IOException;

/// Starts a gateway. The root package implements it; the commands that serve a device call it once.
@FunctionalInterface
public interface GatewayLauncher {
    /// Returns when the link and the UAPI socket both exist; the link is down and the device has no configuration.
    ///
    /// @throws IOException with a sentence that says what to do; nothing is left then
    RunningGateway start(GatewayOptions options) throws IOException, InterruptedException;
}
