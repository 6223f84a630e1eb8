package dev.culvert.device;

import dev.culvert.crypto.AeadEngine;

/// What the management interfaces may do with a device. Calls are serialised by the implementation; neither waits
/// for a lane.
@AnyThread
public interface DeviceControl {
    /// Applies the change as one unit.
    ///
    /// @throws DeviceException if it cannot be applied; then nothing has changed
    void apply(DeviceChange change) throws DeviceException;

    /// A consistent view of the configuration and of the peers' published counters.
    DeviceStatus status();

    /// What seals and opens its packets.
    AeadEngine engine();
}
