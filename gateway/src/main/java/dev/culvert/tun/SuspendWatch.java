package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Tells when the machine has been suspended. A resume sets the wall clock, and that cancels a timerfd that
/// asked for it (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET); a clock that was merely set is told from a
/// suspend by how far CLOCK_BOOTTIME has moved ahead of CLOCK_MONOTONIC. Nothing runs in between.
public final class SuspendWatch implements AutoCloseable {
    private static final int TFD_TIMER_ABSTIME = 1;
    private static final int TFD_TIMER_CANCEL_ON_SET = 2;
    private static final long FAR_SECONDS = 1L << 33; // some 270 years after 1970
    /// Two clocks are not read at one instant.
    private static final long TOLERANCE_NS = 50_000_000L;

    private final Arena arena = Arena.ofShared();
    private final Libc libc = new Libc(arena);
    private final long itimerspec = arena.allocate(32, 8).address();
    private final LongSupplier suspendedNs;
    private final Runnable onResume;
    private final IoEventLoop loop;
    private final int fd;
    private long knownNs;
    private @Nullable ReadableHandle handle;

    private SuspendWatch(IoEventLoop loop, LongSupplier suspendedNs, Runnable onResume) throws IOException {
        this.loop = loop;
        this.suspendedNs = suspendedNs;
        this.onResume = onResume;
        knownNs = suspendedNs.getAsLong();
        fd = libc.timerfdCreate(Libc.CLOCK_REALTIME);
        if (fd < 0) {
            arena.close();
            throw new IOException("timerfd_create: " + Errno.text(-fd));
        }
        arm();
    }

    /// @param onResume called on the thread of `loop`
    /// @throws IOException if the process has no file descriptor left
    public static SuspendWatch start(IoEventLoop loop, Runnable onResume) throws IOException {
        SuspendWatch watch = new SuspendWatch(loop, BootClock::suspendedNs, onResume);
        watch.handle = ReadableHandle.register(loop, watch.fd, new ReadableHandle.Callback() {
                    @Override
                    public void readable() {
                        watch.clockWasSet();
                    }

                    @Override
                    public boolean broken() {
                        return false;
                    }
                })
                .syncUninterruptibly()
                .getNow();
        return watch;
    }

    /// For tests, which cannot suspend the machine; [#clockWasSet] is theirs to call.
    static SuspendWatch of(IoEventLoop loop, LongSupplier suspendedNs, Runnable onResume) throws IOException {
        return new SuspendWatch(loop, suspendedNs, onResume);
    }

    private void arm() {
        Memory.zero(itimerspec, 32);
        Memory.putNativeLong(itimerspec + 16, FAR_SECONDS);
        int result = libc.timerfdSettime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, itimerspec);
        assert result == 0 : Errno.text(-result);
    }

    void clockWasSet() {
        int result = libc.read(fd, itimerspec, 8);
        assert result == -Errno.ECANCELED || result == -Errno.EAGAIN || result == 8;
        arm();
        long nowNs = suspendedNs.getAsLong();
        if (nowNs - knownNs > TOLERANCE_NS) {
            onResume.run();
        }
        knownNs = nowNs;
    }

    /// Any thread but the loop's.
    @Override
    public void close() {
        ReadableHandle watched = handle;
        if (watched != null && !loop.isShuttingDown()) {
            watched.cancel();
            loop.submit(() -> {}).syncUninterruptibly(); // what runs has run
        }
        libc.close(fd);
        arena.close();
    }
}
