package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;

/// The kernel's clocks by clock_gettime(2). Any thread.
public final class BootClock {
    private static final long SECOND_NS = 1_000_000_000L;

    // A timespec and an errno segment a thread: a timespec written by two threads at once would be neither's time.
    private static final ThreadLocal<BootClock> OF_THREAD = ThreadLocal.withInitial(BootClock::new);

    private final Arena arena = Arena.ofAuto();
    private final Libc libc = new Libc(arena);
    private final long timespec = arena.allocate(16, 8).address();

    private BootClock() {}

    /// CLOCK_BOOTTIME in nanoseconds; runs on in suspend, unlike System.nanoTime().
    public static long bootNs() {
        return OF_THREAD.get().read(Libc.CLOCK_BOOTTIME);
    }

    /// CLOCK_REALTIME in nanoseconds since 1970.
    public static long wallNs() {
        return OF_THREAD.get().read(Libc.CLOCK_REALTIME);
    }

    /// How long the machine has been suspended since it booted: what CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC.
    static long suspendedNs() {
        BootClock clocks = OF_THREAD.get();
        return clocks.read(Libc.CLOCK_BOOTTIME) - clocks.read(Libc.CLOCK_MONOTONIC);
    }

    private long read(int clock) {
        int result = libc.clockGettime(clock, timespec);
        if (result < 0) {
            throw new IllegalStateException("clock_gettime: " + Errno.text(-result));
        }
        return Memory.getNativeLong(timespec) * SECOND_NS + Memory.getNativeLong(timespec + 8);
    }
}
