package dev.culvert.device;

/// The two clocks of the device, behind one interface so that a simulation can turn them.
@AnyThread
public interface DeviceClock {
    /// CLOCK_BOOTTIME in nanoseconds: runs on in suspend, so that keys age there too (conformance 1.8).
    long bootNs();

    /// CLOCK_REALTIME in nanoseconds since 1970; for timestamps of initiations and for people.
    long wallNs();
}
