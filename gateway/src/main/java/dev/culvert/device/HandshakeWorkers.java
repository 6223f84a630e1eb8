package dev.culvert.device;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.HandshakeCipher;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The threads on which handshake arithmetic runs, with a budget of their own: a flood of initiations fills the
/// inbound queue and is dropped there; it neither delays our own handshakes nor takes time from a lane.
///
/// Lanes offer, workers take; one lock guards both queues (handshakes are rare beside data).
@AnyThread
final class HandshakeWorkers implements HandshakeQueue, AutoCloseable {
    static final int OWN_MAX = 65_536;
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeWorkers.class);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition offered = lock.newCondition();
    private final int inboundMax;
    private final Queue<HandshakeWork> inbound = new ArrayDeque<>();
    private final Queue<HandshakeWork> own = new ArrayDeque<>();
    private final List<Thread> threads = new ArrayList<>();
    private final List<LaneCounters> counters = new ArrayList<>();
    private volatile int inboundDepth;
    private boolean closed;

    /// @param inboundMax initiations from the network that may wait
    /// @param ciphers makes each worker its own AEAD
    HandshakeWorkers(String deviceName, int workers, int inboundMax, Supplier<Aead> ciphers) {
        this.inboundMax = inboundMax;
        for (int i = 0; i < workers; i++) {
            LaneCounters workerCounters = new LaneCounters();
            counters.add(workerCounters);
            Aead aead = ciphers.get();
            threads.add(Thread.ofPlatform()
                    .name(deviceName + "-handshake-" + i)
                    .daemon()
                    .unstarted(() -> work(aead, workerCounters)));
        }
        threads.forEach(Thread::start);
    }

    /// One a worker, for the metrics.
    List<LaneCounters> counters() {
        return List.copyOf(counters);
    }

    @Override
    public boolean offerInbound(HandshakeWork work) {
        return offer(inbound, inboundMax, work);
    }

    @Override
    public boolean offerOwn(HandshakeWork work) {
        return offer(own, OWN_MAX, work);
    }

    @Override
    public int inboundDepth() {
        return inboundDepth;
    }

    private boolean offer(Queue<HandshakeWork> queue, int max, HandshakeWork work) {
        lock.lock();
        try {
            if (closed || queue.size() >= max) {
                return false;
            }
            queue.add(work);
            inboundDepth = inbound.size();
            offered.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable HandshakeWork take() {
        lock.lock();
        try {
            while (true) {
                if (closed) {
                    return null;
                }
                HandshakeWork next = own.poll();
                if (next == null) {
                    next = inbound.poll();
                    inboundDepth = inbound.size();
                }
                if (next != null) {
                    return next;
                }
                offered.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private void work(Aead aead, LaneCounters workerCounters) {
        try (HandshakeCipher cipher = new HandshakeCipher(aead)) {
            HandshakeWorker worker = new HandshakeWorker(cipher, workerCounters);
            for (HandshakeWork next = take(); next != null; next = take()) {
                try {
                    next.run(worker);
                } catch (RuntimeException e) {
                    // A fault of ours: said once a message, and the other handshakes go on.
                    LOG.error("a handshake failed by a fault in Culvert; please report it", e);
                }
            }
        }
    }

    /// Stops the workers and waits for them; queued work is dropped.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            inbound.clear();
            own.clear();
            inboundDepth = 0;
            offered.signalAll();
        } finally {
            lock.unlock();
        }
        for (Thread thread : threads) {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
