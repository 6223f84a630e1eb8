package dev.culvert;

import dev.culvert.device.DeviceClock;
import dev.culvert.tun.BootClock;

/// The kernel's clocks.
enum SystemClock implements DeviceClock {
    INSTANCE;

    @Override
    public long bootNs() {
        return BootClock.bootNs();
    }

    @Override
    public long wallNs() {
        return BootClock.wallNs();
    }
}
