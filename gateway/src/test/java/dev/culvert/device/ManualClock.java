package dev.culvert.device;

/// Both clocks, turned by hand.
@AnyThread
final class ManualClock implements DeviceClock {
    private long bootNs = 1_000_000_000_000L;
    private long wallNs = 1_700_000_000_000_000_000L;

    void advance(long ns) {
        bootNs += ns;
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
