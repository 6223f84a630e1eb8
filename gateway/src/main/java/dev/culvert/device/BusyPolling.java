package dev.culvert.device;

import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;

/// Lets a lane that had work ask the kernel for more, again and again, before it sleeps (`busy-poll-us`): a packet
/// that comes meanwhile does not wait until the thread is woken, and the core does nothing else.
@LaneConfined
final class BusyPolling implements SelectStrategy {
    private final long spanNs;
    private final DeviceClock clock;
    private long lastWorkNs;

    private BusyPolling(long spanNs, DeviceClock clock) {
        this.spanNs = spanNs;
        this.clock = clock;
        lastWorkNs = clock.bootNs();
    }

    /// For one lane.
    ///
    /// @param spanNs 0 for a lane that sleeps at once
    static SelectStrategy strategy(long spanNs, DeviceClock clock) {
        return spanNs == 0 ? DefaultSelectStrategyFactory.INSTANCE.newSelectStrategy() : new BusyPolling(spanNs, clock);
    }

    @Override
    public int calculateStrategy(IntSupplier poll, boolean hasTasks) throws Exception {
        int ready = poll.get();
        if (ready > 0 || hasTasks) {
            lastWorkNs = clock.bootNs();
            return ready;
        }
        return clock.bootNs() - lastWorkNs < spanNs ? CONTINUE : SELECT;
    }
}
