package dev.culvert.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What was read is not left in the buffer, though a request is longer than it, or breaks off.
final class UapiLinesTest {
    /// Shows the memory that the reader takes.
    private static final class ShownArena implements Arena {
        private final Arena arena = Arena.ofConfined();
        private @Nullable MemorySegment taken;

        @Override
        public MemorySegment allocate(long byteSize, long byteAlignment) {
            MemorySegment segment = arena.allocate(byteSize, byteAlignment);
            taken = segment;
            return segment;
        }

        @Override
        public MemorySegment.Scope scope() {
            return arena.scope();
        }

        @Override
        public void close() {
            arena.close();
        }

        int bytesLeft() {
            MemorySegment segment = taken;
            assertThat(segment).isNotNull();
            assert segment != null;
            int left = 0;
            for (byte b : segment.toArray(ValueLayout.JAVA_BYTE)) {
                left += b == 0 ? 0 : 1;
            }
            return left;
        }
    }

    private static UapiLines lines(String text, Arena arena) {
        return new UapiLines(
                Channels.newChannel(new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII))), arena);
    }

    @Test
    void wipesWhatALongerReadHasLeftBehindAShorterOne() throws IOException {
        try (ShownArena arena = new ShownArena()) {
            UapiLines lines = lines("preshared_key=secret\n".repeat(3000) + "\n", arena);
            while (lines.next() != 0) {
                // to the blank line
            }
            assertThat(arena.bytesLeft()).isPositive();
            lines.wipe();
            assertThat(arena.bytesLeft()).isZero();
        }
    }

    @Test
    void leavesTheNextRequestThereUntilItIsClosed() throws IOException {
        try (ShownArena arena = new ShownArena()) {
            UapiLines lines = lines("first\nsecond\n", arena);
            assertThat(lines.next()).isEqualTo("first".length());
            lines.wipe();
            assertThat(arena.bytesLeft()).isEqualTo("second\n".length());
            assertThat(lines.next()).isEqualTo("second".length());
            assertThat(new String(lines.bytes(), 0, "second".length(), StandardCharsets.US_ASCII))
                    .isEqualTo("second");
            lines.close();
            assertThat(arena.bytesLeft()).isZero();
        }
    }
}
