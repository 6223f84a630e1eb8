package dev.culvert.it;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Polls a condition up to a deadline. Tests wait with this and never by a fixed pause.
final class Await {
    private static final long POLL_NS = 5_000_000;

    private Await() {}

    static void until(String what, Duration limit, BooleanSupplier condition) {
        until(() -> what, limit, condition);
    }

    static void until(Supplier<String> what, Duration limit, BooleanSupplier condition) {
        if (!whether(limit, condition)) {
            throw new AssertionError("did not happen within " + limit.toMillis() + " ms: " + what.get());
        }
    }

    /// Waits for a condition whose absence is the caller's to judge.
    ///
    /// @return false if it did not come true before the limit
    static boolean whether(Duration limit, BooleanSupplier condition) {
        long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startNs > limit.toNanos()) {
                return false;
            }
            LockSupport.parkNanos(POLL_NS);
            if (Thread.interrupted()) {
                throw new AssertionError("interrupted by the test's time limit");
            }
        }
        return true;
    }
}
