package dev.culvert.device;

import java.util.concurrent.Executor;

/// The thread of a lane: an event loop in the gateway, a seeded scheduler in a simulation.
@AnyThread
public interface LaneExecutor extends Executor {
    /// True on the lane's own thread.
    boolean inLane();

    /// The thread's number, for its CPU time; 0 if it has no thread of its own.
    default long threadId() {
        return 0;
    }
}
