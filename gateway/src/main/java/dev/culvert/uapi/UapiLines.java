package dev.culvert.uapi;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;

/// Lines from a connection, ended by LF only, at most 4 KiB each. What was read may hold keys: [#wipe] zeroes
/// what was handed out, [#close] all of it.
final class UapiLines implements AutoCloseable {
    static final int LINE_BYTES_MAX = 4096;
    /// [#next]: the peer has closed its side. What it had begun of a line is no line.
    static final int END = -1;
    /// [#next]: the line was longer; it was read to its end.
    static final int TOO_LONG = -2;

    private static final int BUFFER_BYTES = 32 << 10;

    private final ReadableByteChannel channel;
    /// Direct, or the JDK would read into a buffer of its own, which nobody zeroes.
    private final ByteBuffer buffer;
    private final byte[] line = new byte[LINE_BYTES_MAX];
    private int used;
    /// Bytes of the buffer that were ever read into: a short read leaves the end of a longer one behind it.
    private int filled;

    /// @param arena of the connection's thread; lives as long as the connection
    UapiLines(ReadableByteChannel channel, Arena arena) {
        this.channel = channel;
        buffer = arena.allocate(BUFFER_BYTES).asByteBuffer().flip();
    }

    /// The bytes of the line that [#next] read.
    byte[] bytes() {
        return line;
    }

    /// @return the line's length without LF, [#END] or [#TOO_LONG]
    int next() throws IOException {
        int length = 0;
        while (true) {
            if (!buffer.hasRemaining()) {
                buffer.clear();
                int read = channel.read(buffer);
                buffer.flip();
                filled = Math.max(filled, buffer.limit());
                if (read < 0) {
                    return END;
                }
                continue;
            }
            byte next = buffer.get();
            if (next == '\n') {
                return length > LINE_BYTES_MAX ? TOO_LONG : length;
            }
            if (length < LINE_BYTES_MAX) {
                line[length] = next;
                used = Math.max(used, length + 1);
            }
            length = Math.min(length + 1, LINE_BYTES_MAX + 1);
        }
    }

    void wipe() {
        Arrays.fill(line, 0, used, (byte) 0);
        used = 0;
        zero(0, buffer.position());
        zero(buffer.limit(), filled);
    }

    private void zero(int from, int to) {
        ByteBuffer all = buffer.duplicate().clear();
        for (int i = from; i < to; i++) {
            all.put(i, (byte) 0);
        }
    }

    @Override
    public void close() {
        wipe();
        zero(0, filled);
    }
}
