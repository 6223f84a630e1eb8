package dev.culvert.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;

/// Any bytes on the management socket: no exception, answers of the grammar only, and a refused set changes
/// nothing.
final class UapiFuzzTest {
    private static final Pattern ANSWERS =
            Pattern.compile("(([a-z0-9_]+=[^\\n=]*\\n)*errno=-?[0-9]+\\n\\n)*", Pattern.DOTALL);

    @FuzzTest(maxDuration = "60s")
    void answersAnythingByTheGrammar(byte[] data) throws IOException {
        RecordingDevice device = new RecordingDevice();
        String answers = serve(device, data);
        assertThat(ANSWERS.matcher(answers).matches()).as(answers).isTrue();
        long applied =
                Pattern.compile("(?m)^errno=0$").matcher(answers).results().count();
        assertThat((long) device.changes.size()).isLessThanOrEqualTo(applied);

        // What was applied is told back, and applying that again changes nothing that can be told.
        String told = serve(device, "get=1\n\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(told).endsWith("errno=0\n\n");
    }

    static String serve(RecordingDevice device, byte[] data) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteBuffer in = ByteBuffer.wrap(data);
        ByteChannel channel = new ByteChannel() {
            @Override
            public int read(ByteBuffer target) {
                if (!in.hasRemaining()) {
                    return -1;
                }
                int bytes = Math.min(Math.min(in.remaining(), target.remaining()), 17); // lines come in pieces
                target.put(in.slice(in.position(), bytes));
                in.position(in.position() + bytes);
                return bytes;
            }

            @Override
            public int write(ByteBuffer source) {
                int bytes = source.remaining();
                while (source.hasRemaining()) {
                    out.write(source.get());
                }
                return bytes;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        };
        try (UapiSession session = new UapiSession(channel, device, Map::of)) {
            session.serve();
        }
        return out.toString(StandardCharsets.ISO_8859_1);
    }
}
