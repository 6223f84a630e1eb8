package dev.culvert.house;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Netty's leak detector, which remembers what it finds so that a test can fail by it. Netty makes one per kind of
/// resource because the build sets `io.netty.customResourceLeakDetector` to this class.
public final class RecordingLeakDetector<T> extends ResourceLeakDetector<T> {
    private static final int COLLECTIONS = 3;
    private static final long COLLECTION_TIMEOUT_MS = 10_000;
    private static final Queue<RecordingLeakDetector<?>> DETECTORS = new ConcurrentLinkedQueue<>();
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

    private volatile boolean usedSinceLastLook;

    /// Called by Netty, by reflection.
    public RecordingLeakDetector(Class<?> resourceType, int samplingInterval) {
        super(resourceType, samplingInterval);
        DETECTORS.add(this);
    }

    /// Called by Netty, by reflection.
    public RecordingLeakDetector(Class<?> resourceType, int samplingInterval, long maxActive) {
        super(resourceType, samplingInterval);
        DETECTORS.add(this);
    }

    /// Everything that was lost without a release since the last call. Collects garbage if anything was tracked.
    static List<String> takeLeaks() {
        boolean used = false;
        for (RecordingLeakDetector<?> detector : DETECTORS) {
            used |= detector.usedSinceLastLook;
        }
        if (used) {
            collectGarbage();
            DETECTORS.forEach(RecordingLeakDetector::look);
        }
        List<String> taken = new ArrayList<>();
        for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
            taken.add(leak);
        }
        return taken;
    }

    @Override
    public ResourceLeakTracker<T> track(T resource) {
        usedSinceLastLook = true;
        return super.track(resource);
    }

    @Override
    public ResourceLeakTracker<T> trackForcibly(T resource) {
        usedSinceLastLook = true;
        return super.trackForcibly(resource);
    }

    @Override
    protected boolean needReport() {
        return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        LEAKS.add(resourceType + " was never released; it was touched here:" + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        LEAKS.add(resourceType + " was never released");
    }

    /// Netty reports what it lost when it tracks the next resource: gives it one.
    @SuppressWarnings("unchecked") // the detector never calls the resource
    private void look() {
        T bait = (T) new Object();
        ResourceLeakTracker<T> tracker = super.trackForcibly(bait);
        if (tracker != null) {
            tracker.close(bait);
        }
        usedSinceLastLook = false;
    }

    /// Returns when the references that were dead at the call have reached their queues: each round ends with the
    /// arrival of a reference of its own, and a round's references are queued before the next round's.
    private static void collectGarbage() {
        for (int round = 0; round < COLLECTIONS; round++) {
            ReferenceQueue<Object> queue = new ReferenceQueue<>();
            WeakReference<Object> canary = new WeakReference<>(new Object(), queue);
            System.gc();
            try {
                if (queue.remove(COLLECTION_TIMEOUT_MS) == null) {
                    throw new IllegalStateException(
                            "System.gc() collected nothing: run tests without -XX:+DisableExplicitGC");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } finally {
                Reference.reachabilityFence(canary);
            }
        }
    }
}
