package dev.culvert.device;

import dev.culvert.tun.Errno;
import dev.culvert.tun.QueueSteering;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has the packets of the host come out at their peer's home lane, so that none is handed over: tells the
/// [QueueSteering] which lane a prefix belongs to, as soon as its peer has one, and what changes with the routing
/// tables. A prefix without an entry, or with one of a moment ago, costs a hand-over and nothing else.
///
/// The kernel is told under the device's configuration lock and never by a lane. Off, and free of cost, until
/// [#begin].
@AnyThread
final class LaneSteering implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LaneSteering.class);
    /// Then whoever else wants the lock has it.
    private static final int PEERS_AT_ONCE = 256;

    private final DeviceState state;
    /// Peers that have got their lane, and of which the kernel does not know yet.
    private final LinkedBlockingQueue<Peer> homed = new LinkedBlockingQueue<>();
    private final LimitedLog refusedLog = new LimitedLog();
    private volatile @Nullable QueueSteering queues;
    private @Nullable Thread thread;

    LaneSteering(DeviceState state) {
        this.state = state;
    }

    /// Before the first peer is configured.
    void begin(QueueSteering to) {
        queues = to;
    }

    /// From now on a thread tells the kernel of peers that get a lane.
    ///
    /// @param lock the device's configuration lock
    /// @param name of the interface
    void start(Object lock, String name) {
        thread = Thread.ofPlatform().daemon().name(name + "-steering").start(() -> run(lock));
    }

    private void run(Object lock) {
        try {
            while (queues != null) {
                Peer first = homed.take();
                synchronized (lock) {
                    update(first.allowedIps);
                    updateHomed();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    /// The peer has got its home lane. Any thread.
    void homed(Peer peer) {
        if (queues != null) {
            homed.add(peer);
        }
    }

    /// Tells the kernel of peers that have got their lane since. Under the configuration lock.
    void updateHomed() {
        for (int i = 0; i < PEERS_AT_ONCE; i++) {
            Peer peer = homed.poll();
            if (peer == null) {
                return;
            }
            update(peer.allowedIps);
        }
    }

    /// Tells the kernel what the published tables say of the prefixes now. Under the configuration lock.
    void update(List<AllowedIp> prefixes) {
        QueueSteering kernel = queues;
        if (kernel == null) {
            return;
        }
        CryptokeyRouter router = state.router;
        for (AllowedIp prefix : prefixes) {
            Peer owner = router.table(prefix.ipv6()).exact(prefix.hi(), prefix.lo(), prefix.length());
            LanePeer home = owner == null ? null : owner.lanePeer;
            int result = home == null
                    ? kernel.remove(prefix.ipv6(), prefix.hi(), prefix.lo(), prefix.length())
                    : kernel.put(prefix.ipv6(), prefix.hi(), prefix.lo(), prefix.length(), home.lane.number);
            if (result < 0 && result != -Errno.ENOENT && refusedLog.allows(state.clock.bootNs())) {
                LOG.warn(
                        "packets to {} may be handed from lane to lane: the kernel refuses the steering's entry ({})",
                        IpText.format(prefix),
                        Errno.text(-result));
            }
        }
    }

    /// Under the configuration lock.
    @Override
    public void close() {
        queues = null;
        if (thread != null) {
            thread.interrupt();
        }
    }
}
