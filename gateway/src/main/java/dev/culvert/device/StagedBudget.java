package dev.culvert.device;

import java.util.concurrent.atomic.AtomicLong;

/// The bytes that packets waiting for handshakes may take, over all peers of the device (beyond the kernel, whose
/// 128 packets a peer would be gigabytes with thousands of peers offline). Shared by the lanes; staging is not the
/// fast path, so one atomic counter will do. What is reserved never exceeds the cap, not for a moment.
@AnyThread
final class StagedBudget {
    private final long bytesMax;
    private final AtomicLong reserved = new AtomicLong();

    StagedBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /// Reserves all of `bytes` or nothing. None or a negative number gives back, and always succeeds.
    boolean reserve(int bytes) {
        long before;
        do {
            before = reserved.get();
            if (bytes > 0 && bytes > bytesMax - before) {
                return false;
            }
        } while (!reserved.compareAndSet(before, before + bytes));
        assert before + bytes >= 0 : "more given back than reserved";
        return true;
    }

    void release(int bytes) {
        long left = reserved.addAndGet(-bytes);
        assert left >= 0 : "more given back than reserved";
    }

    long reservedBytes() {
        return reserved.get();
    }
}
