package dev.culvert.cli;

import dev.culvert.device.DeviceControl;

/// A gateway that was started. Any thread may call it.
public interface RunningGateway extends AutoCloseable {
    DeviceControl device();

    /// The link's name; the kernel may have cut or chosen it.
    String interfaceName();

    /// What a service manager is told.
    enum State {
        READY,
        RELOADING,
        STOPPING
    }

    /// Tells the service manager, if one asked to be told (sd_notify(3)).
    void announce(State state);

    /// Returns when the link or the socket file is deleted, or after [#close].
    void awaitEnd() throws InterruptedException;

    /// Ends the device, removes its link and its socket. A second call does nothing.
    @Override
    void close();
}
