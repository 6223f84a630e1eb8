package dev.culvert.bench.generator;

import java.util.concurrent.locks.LockSupport;

/// Spreads a number of events a second evenly: tells how many are due, and waits for the next. Does not catch up on
/// more than a twentieth of a second, so that a pause of the machine is no burst afterwards.
final class Pacer {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long BEHIND_MAX_NS = SECOND_NS / 20;

    private final double perSecond;
    private long startNs;
    private double done;

    Pacer(double perSecond, long nowNs) {
        this.perSecond = perSecond;
        startNs = nowNs;
    }

    /// How many events are due at `nowNs`, at most `max`; they count as done.
    int due(long nowNs, int max) {
        double should = (nowNs - startNs) * perSecond / SECOND_NS;
        double behindMax = perSecond * BEHIND_MAX_NS / SECOND_NS + 1;
        if (should - done > behindMax) {
            done = should - behindMax;
        }
        int due = (int) Math.min(max, should - done);
        if (due <= 0) {
            return 0;
        }
        done += due;
        return due;
    }

    /// Parks until `count` events will be due.
    void await(int count, long nowNs) {
        long dueNs = startNs + (long) ((done + count) * SECOND_NS / perSecond);
        if (dueNs > nowNs) {
            LockSupport.parkNanos(dueNs - nowNs);
        }
    }
}
