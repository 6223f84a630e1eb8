package dev.culvert;

import dev.culvert.cli.RunningGateway;
import dev.culvert.device.Device;
import dev.culvert.tun.NotifySocket;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells systemd how it goes (`Type=notify` or `notify-reload`, `WatchdogSec=`), where it asked for that in the
/// environment. The watchdog is fed only while every lane takes turns.
final class ServiceNotices implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceNotices.class);
    private static final long LANES_ANSWER_MS = 1_000;
    private static final long US_PER_MS = 1_000;

    private final @Nullable NotifySocket socket;
    private final long watchdogMs;
    private @Nullable Thread watchdog;

    /// @param socket `NOTIFY_SOCKET`, null if nobody asked
    /// @param watchdogUs `WATCHDOG_USEC`, 0 if nobody asked
    ServiceNotices(@Nullable String socket, long watchdogUs) {
        this.socket = socket == null || socket.isEmpty() ? null : new NotifySocket(socket);
        watchdogMs = watchdogUs / US_PER_MS;
    }

    static ServiceNotices ofEnvironment() {
        String us = System.getenv("WATCHDOG_USEC");
        return new ServiceNotices(
                System.getenv("NOTIFY_SOCKET"), us != null && us.matches("[0-9]{1,15}") ? Long.parseLong(us) : 0);
    }

    void announce(RunningGateway.State state, Device device) {
        switch (state) {
            case READY -> {
                send("READY=1\nMAINPID=" + ProcessHandle.current().pid());
                feedWatchdog(device);
            }
            case RELOADING -> send("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
            case STOPPING -> send("STOPPING=1");
        }
    }

    private synchronized void feedWatchdog(Device device) {
        if (socket == null || watchdogMs == 0 || watchdog != null) {
            return;
        }
        watchdog = Thread.ofPlatform().daemon().name("watchdog").start(() -> {
            try {
                while (!Thread.currentThread().isInterrupted()) {
                    if (device.lanesAnswer(Math.min(LANES_ANSWER_MS, watchdogMs / 2))) {
                        send("WATCHDOG=1");
                    } else {
                        LOG.error("a lane does not answer; the watchdog is not fed");
                    }
                    Thread.sleep(Math.max(1, watchdogMs / 3));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the end
            }
        });
    }

    private void send(String state) {
        if (socket != null) {
            try {
                socket.send(state);
            } catch (IOException e) {
                LOG.warn("{}", e.getMessage());
            }
        }
    }

    @Override
    public synchronized void close() {
        if (watchdog != null) {
            watchdog.interrupt();
        }
    }
}
