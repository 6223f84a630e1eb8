package dev.culvert.device;

/// A host's clocks in a [Simulation]: the simulation's time, with a wall clock that can be set wrong.
@AnyThread
final class SimulatedClock implements DeviceClock {
    private static final long WALL_AT_START_NS = 1_700_000_000_000_000_000L;

    private final Simulation simulation;
    long wallErrorNs;

    SimulatedClock(Simulation simulation) {
        this.simulation = simulation;
    }

    @Override
    public long bootNs() {
        return simulation.nowNs();
    }

    @Override
    public long wallNs() {
        return WALL_AT_START_NS + simulation.nowNs() + wallErrorNs;
    }
}
