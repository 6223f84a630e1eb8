package dev.culvert.bench.lab;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Waiting with a limit.
public final class Waiting {
    private static final long POLL_NS = 10_000_000;

    private Waiting() {}

    public static void seconds(double seconds) {
        long startNs = System.nanoTime();
        long lengthNs = (long) (seconds * 1e9);
        for (long left = lengthNs; left > 0; left = lengthNs - (System.nanoTime() - startNs)) {
            LockSupport.parkNanos(left);
            giveUpIfInterrupted();
        }
    }

    /// @return false if it did not come true in time
    public static boolean whether(Duration limit, BooleanSupplier condition) {
        long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startNs > limit.toNanos()) {
                return false;
            }
            LockSupport.parkNanos(POLL_NS);
            giveUpIfInterrupted();
        }
        return true;
    }

    public static void until(String what, Duration limit, BooleanSupplier condition) {
        if (!whether(limit, condition)) {
            throw new TrialFailure("did not happen within " + limit.toMillis() + " ms: " + what);
        }
    }

    private static void giveUpIfInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new TrialFailure("interrupted");
        }
    }
}
