package dev.culvert.device;

/// Both clocks, turned by hand.
@AnyThread
public final class ManualClock implements DeviceClock {
    private long bootNs = 1_000_000_000_000L;
    private long wallNs = 1_700_000_000_000_000_000L;

    void advance(long ns) {
        bootNs += ns;
        wallNs += ns;
    }

    /// The machine sleeps: on waking, only boot time has gone on. (The wall clock is set later, from elsewhere.)
    void sleep(long ns) {
        bootNs += ns;
    }

    /// Somebody sets the wall clock.
    void wallJumps(long ns) {
        wallNs += ns;
    }

    @Override
    public long bootNs() {
        return bootNs;
    }

    @Override
    public long wallNs() {
        return wallNs;
    }
}
