package dev.culvert.uapi;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// What all connections of one socket share, so that no number of them, however slow, holds more memory than this.
/// Any thread may call it.
final class UapiLimits {
    private static final int CONNECTIONS_MAX = 128;
    private static final int ANSWERS_MAX = 8;
    private static final long IDLE_MAX_MS = 60_000;
    private static final long EXCHANGE_MAX_MS = 120_000;
    /// A million peers with every key and five prefixes each are some 420 MB of text.
    private static final long REQUEST_BYTES_MAX = 512L << 20;
    /// A gathered request takes about four times the heap that its text does; half of the heap is the device's.
    private static final int HEAP_SHARE = 8;

    private static final long TURN_MS = 100;

    final int connectionsMax;
    /// Between two requests.
    final long idleMaxMs;
    /// From a request's first line until its answer is taken.
    final long exchangeMaxMs;

    private final long requestBytesMax;
    private final AtomicLong requestBytes = new AtomicLong();
    private final Semaphore answers;

    UapiLimits(int connectionsMax, long idleMaxMs, long exchangeMaxMs, long requestBytesMax, int answersMax) {
        this.connectionsMax = connectionsMax;
        this.idleMaxMs = idleMaxMs;
        this.exchangeMaxMs = exchangeMaxMs;
        this.requestBytesMax = requestBytesMax;
        answers = new Semaphore(answersMax);
    }

    /// 512 MiB of requests, or an eighth of a heap of less than 4 GiB.
    static UapiLimits ofHeap() {
        return new UapiLimits(
                CONNECTIONS_MAX,
                IDLE_MAX_MS,
                EXCHANGE_MAX_MS,
                Math.min(REQUEST_BYTES_MAX, Runtime.getRuntime().maxMemory() / HEAP_SHARE),
                ANSWERS_MAX);
    }

    long requestBytesMax() {
        return requestBytesMax;
    }

    /// The bytes of one request that is being gathered; they count until it is closed.
    final class RequestBytes implements AutoCloseable {
        private long taken;

        /// @throws UapiException with ENOBUFS if the requests that are being gathered are too large together
        void take(int bytes) throws UapiException {
            taken += bytes;
            if (requestBytes.addAndGet(bytes) > requestBytesMax) {
                throw new UapiException(UapiException.ENOBUFS);
            }
        }

        @Override
        public void close() {
            requestBytes.addAndGet(-taken);
            taken = 0;
        }
    }

    /// A turn to answer with the whole state, which is held until it is taken. Waits while too many others answer.
    ///
    /// @param makeRoom called from time to time meanwhile
    void beginAnswer(Runnable makeRoom) throws InterruptedException {
        while (!answers.tryAcquire(TURN_MS, TimeUnit.MILLISECONDS)) {
            makeRoom.run();
        }
    }

    void endAnswer() {
        answers.release();
    }
}
