package dev.culvert.uapi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/// A connection, and how long it has been at what it does. One thread reads and writes; any may ask and close.
final class UapiConnection implements ByteChannel {
    private final ByteChannel channel;
    private volatile long sinceMs = nowMs();
    private volatile boolean exchanging;
    /// When the write began that the other side does not take; 0 if there is none.
    private volatile long writingSinceMs;

    UapiConnection(ByteChannel channel) {
        this.channel = channel;
    }

    private static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }

    /// A request's first line has come.
    void exchangeBegins() {
        sinceMs = nowMs();
        exchanging = true;
    }

    /// Its answer has been taken.
    void exchangeEnds() {
        sinceMs = nowMs();
        exchanging = false;
    }

    boolean isExchanging() {
        return exchanging;
    }

    /// Milliseconds since the last request began or ended.
    long ageMs() {
        return nowMs() - sinceMs;
    }

    /// Milliseconds that the other side has not taken what is written to it.
    long stalledMs() {
        long began = writingSinceMs;
        return began == 0 ? 0 : nowMs() - began;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return channel.read(target);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        writingSinceMs = nowMs() | 1;
        try {
            return channel.write(source);
        } finally {
            writingSinceMs = 0;
        }
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
