package dev.culvert.cli;

import dev.culvert.device.DeviceControl;

/// A gateway that runs: its link and its management socket are there.
public interface RunningGateway extends AutoCloseable {
    DeviceControl device();

    String interfaceName();

    /// Returns when the link or the socket file was removed from outside, or [#close] was called.
    void awaitEnd() throws InterruptedException;

    /// Ends it in order; the link and the socket are gone afterwards. Idempotent.
    @Override
    void close();
}
