package dev.culvert.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Any bytes on the management socket: no exception, answers of the grammar only, and whatever is answered with an
/// error has changed nothing.
final class UapiFuzzTest {
    private static final Pattern ANSWERS =
            Pattern.compile("(([a-z0-9_]+=[^\\n=]*\\n)*errno=-?[0-9]+\\n\\n)*", Pattern.DOTALL);
    private static final String DONE = "errno=0";
    private static final String GET = "get=1\n\n";
    /// A device that has something to lose.
    private static final String STANDING = "set=1\nprivate_key=" + "1".repeat(64)
            + "\nlisten_port=51820\nfwmark=7\npublic_key=" + "a".repeat(64) + "\npreshared_key=" + "b".repeat(64)
            + "\nendpoint=192.0.2.1:5\npersistent_keepalive_interval=25\nallowed_ip=10.0.0.0/8\nallowed_ip=fd00::/8\n\n";

    @FuzzTest(maxDuration = "60s")
    void answersAnythingByTheGrammar(byte[] data) throws IOException {
        RecordingDevice device = new RecordingDevice();
        assertThat(serve(device, ascii(STANDING)).text()).isEqualTo(DONE + "\n\n");
        String before = serve(device, ascii(GET)).text();

        Served served = serve(device, data);
        assertThat(ANSWERS.matcher(served.text()).matches()).as(served.text()).isTrue();
        assertErrorsChangedNothing(served, 1);

        String after = serve(device, ascii(GET)).text();
        assertThat(after).endsWith(DONE + "\n\n");
        if (device.changes.size() == 1) {
            assertThat(after).isEqualTo(before);
        }
    }

    /// The body of one set, which most random bytes do not reach.
    @FuzzTest(maxDuration = "60s")
    void aSetIsAppliedWholeOrNotAtAll(byte[] body) throws IOException {
        RecordingDevice device = new RecordingDevice();
        assertThat(serve(device, ascii(STANDING)).text()).isEqualTo(DONE + "\n\n");
        String before = serve(device, ascii(GET)).text();

        byte[] request = new byte[6 + body.length];
        System.arraycopy(ascii("set=1\n"), 0, request, 0, 6);
        System.arraycopy(body, 0, request, 6, body.length);
        Served served = serve(device, request);
        assertThat(served.answers()).isNotEmpty();
        assertErrorsChangedNothing(served, 1);
        if (served.answers().stream().noneMatch(DONE::equals)) {
            assertThat(serve(device, ascii(GET)).text()).isEqualTo(before);
        }
    }

    private static void assertErrorsChangedNothing(Served served, int changesBefore) {
        int changes = changesBefore;
        for (int i = 0; i < served.answers().size(); i++) {
            int now = served.changesAfter().get(i);
            if (!served.answers().get(i).equals(DONE)) {
                assertThat(now).as(served.text()).isEqualTo(changes);
            }
            assertThat(now).isBetween(changes, changes + 1);
            changes = now;
        }
    }

    /// @param answers the last line of each
    /// @param changesAfter how many changes the device had taken when each answer was there
    record Served(String text, List<String> answers, List<Integer> changesAfter) {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static Served serve(RecordingDevice device, byte[] data) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<String> answers = new ArrayList<>();
        List<Integer> changesAfter = new ArrayList<>();
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
                String text = out.toString(StandardCharsets.ISO_8859_1);
                if (bytes > 0 && text.endsWith("\n\n")) {
                    answers.add(text.substring(text.lastIndexOf('\n', text.length() - 3) + 1, text.length() - 2));
                    changesAfter.add(device.changes.size());
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
        UapiConnection connection = new UapiConnection(channel);
        try (UapiSession session = new UapiSession(connection, device, Map::of, UapiLimits.ofHeap(), () -> {})) {
            session.serve();
        }
        return new Served(out.toString(StandardCharsets.ISO_8859_1), answers, changesAfter);
    }
}
