package dev.culvert.admin;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A long answer, sent in parts: the next one when the one before is written, so that a slow reader costs no
/// memory.
/// Used by a worker thread.
final class ChunkedText implements Appendable {
    private static final int PART_CHARS = 64 << 10;
    private static final int READER_S = 30;

    private final HttpServerResponse response;
    private final StringBuilder part = new StringBuilder(PART_CHARS + 1024);

    ChunkedText(HttpServerResponse response) {
        this.response = response;
    }

    @Override
    public Appendable append(CharSequence text) throws IOException {
        part.append(text);
        return sendIfFull();
    }

    @Override
    public Appendable append(CharSequence text, int start, int end) throws IOException {
        part.append(text, start, end);
        return sendIfFull();
    }

    @Override
    public Appendable append(char character) throws IOException {
        part.append(character);
        return sendIfFull();
    }

    private Appendable sendIfFull() throws IOException {
        if (part.length() >= PART_CHARS) {
            send();
        }
        return this;
    }

    /// @throws IOException if the reader has gone, or takes nothing
    void send() throws IOException {
        Buffer bytes = Buffer.buffer(part.toString());
        part.setLength(0);
        try {
            boolean written = response.write(bytes)
                    .map(true)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(READER_S, TimeUnit.SECONDS);
            assert written;
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the reader does not take the answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the server ends", e);
        }
    }
}
