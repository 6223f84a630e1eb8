package dev.culvert.device;

import java.util.concurrent.atomic.AtomicLong;

/// The bytes that packets waiting for handshakes may take, over all peers of the device (beyond the kernel, whose
/// 128
/// packets a peer would be gigabytes with thousands of peers offline). Shared by the lanes; staging is not the
/// fast
/// path.
@AnyThread
final class StagedBudget {
    private final long bytesMax;
    private final AtomicLong reserved = new AtomicLong();

    StagedBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    boolean reserve(int bytes) {
        if (reserved.addAndGet(bytes) <= bytesMax) {
            return true;
        }
        reserved.addAndGet(-bytes);
        return false;
    }

    void release(int bytes) {
        reserved.addAndGet(-bytes);
    }

    long reservedBytes() {
        return reserved.get();
    }
}
