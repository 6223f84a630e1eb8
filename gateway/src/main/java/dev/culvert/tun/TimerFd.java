package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;

/// An alarm on CLOCK_BOOTTIME as a file descriptor (timerfd_create(2)): readable when it is due, also when the
/// machine wakes from a suspend that passed the time. Of one thread.
public final class TimerFd implements AutoCloseable {
    private static final int TFD_TIMER_ABSTIME = 1;
    private static final long SECOND_NS = 1_000_000_000L;

    private final Arena arena = Arena.ofShared();
    private final Libc libc = new Libc(arena);
    private final long itimerspec = arena.allocate(32, 8).address();
    private final int fd;

    private TimerFd() throws IOException {
        fd = libc.timerfdCreate(Libc.CLOCK_BOOTTIME);
        if (fd < 0) {
            arena.close();
            throw new IOException("timerfd_create: " + Errno.text(-fd));
        }
    }

    /// @throws IOException if the process has no file descriptor left
    public static TimerFd open() throws IOException {
        return new TimerFd();
    }

    public int fd() {
        return fd;
    }

    /// Due at an absolute boot time; a past one is due at once. Replaces the earlier time.
    public void arm(long bootNs) {
        long at = Math.max(bootNs, 1); // zero would disarm
        set(at / SECOND_NS, at % SECOND_NS);
    }

    public void disarm() {
        set(0, 0);
    }

    private void set(long seconds, long nanoseconds) {
        Memory.putNativeLong(itimerspec, 0);
        Memory.putNativeLong(itimerspec + 8, 0);
        Memory.putNativeLong(itimerspec + 16, seconds);
        Memory.putNativeLong(itimerspec + 24, nanoseconds);
        int result = libc.timerfdSettime(fd, TFD_TIMER_ABSTIME, itimerspec);
        assert result == 0 : Errno.text(-result);
    }

    /// Makes it unreadable again until the next time.
    public void drain() {
        int unused = libc.read(fd, itimerspec, 8);
        assert unused == 8 || unused == -Errno.EAGAIN;
    }

    @Override
    public void close() {
        libc.close(fd);
        arena.close();
    }
}
