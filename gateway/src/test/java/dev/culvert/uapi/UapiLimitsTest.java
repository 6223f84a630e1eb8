package dev.culvert.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Slow, idle, large and many: what one connection may cost the others.
@Timeout(60)
final class UapiLimitsTest {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final int MANY_PEERS = 20_000;
    private static final long LONG_MS = 600_000;
    private static final long SHORT_MS = 50;
    private static final String LAST = "errno=0\n\n";

    private final String name = "cvl" + ProcessHandle.current().pid() % 100_000 + "x" + NUMBER.incrementAndGet();
    private final RecordingDevice device = new RecordingDevice();
    private final List<Talk> talks = new ArrayList<>();
    private UapiServer server;

    UapiLimitsTest() throws IOException {
        server = start(new UapiLimits(128, LONG_MS, LONG_MS, 64 << 20, 8));
    }

    private UapiServer start(UapiLimits limits) throws IOException {
        return UapiServer.start(UapiServer.DIRECTORY, name, device, Map::of, () -> {}, limits);
    }

    private void restart(UapiLimits limits) throws IOException {
        server.close();
        server = start(limits);
    }

    @AfterEach
    void close() throws IOException {
        for (Talk talk : talks) {
            talk.close();
        }
        server.close();
    }

    private Talk talk() throws IOException {
        Talk talk = new Talk(server.path());
        talks.add(talk);
        return talk;
    }

    private String ask(String request) throws IOException {
        return Talk.ask(server.path(), List.of(request));
    }

    private void addManyPeers() throws IOException {
        StringBuilder set = new StringBuilder("set=1\n");
        for (int i = 0; i < MANY_PEERS; i++) {
            set.append("public_key=%064x\nallowed_ip=10.%d.%d.1/32\n".formatted(i + 1, i >> 8 & 0xff, i & 0xff));
        }
        assertThat(ask(set + "\n")).isEqualTo(LAST);
    }

    @Test
    void anIdleConnectionIsClosed() throws IOException {
        restart(new UapiLimits(128, SHORT_MS, LONG_MS, 64 << 20, 8));
        Talk silent = talk();
        Talk begun = talk();
        begun.write("set=");
        Talk served = talk();
        served.write("get=1\n\n");
        assertThat(served.rest()).isEqualTo(LAST);
        assertThat(silent.rest()).isEmpty();
        assertThat(begun.rest()).isEmpty();
    }

    @Test
    void aRequestThatTakesTooLongIsClosedAndChangesNothing() throws IOException {
        restart(new UapiLimits(128, LONG_MS, SHORT_MS, 64 << 20, 8));
        Talk slow = talk();
        slow.write("set=1\nlisten_port=7\n");
        assertThat(slow.rest()).isEmpty();
        assertThat(device.changes).isEmpty();
    }

    @Test
    void aReaderThatNeverReadsIsClosed() throws Exception {
        addManyPeers();
        restart(new UapiLimits(128, LONG_MS, SHORT_MS, 64 << 20, 8));
        Talk stuck = talk();
        stuck.write("get=1\n\n");
        assertThatThrownBy(() -> {
                    while (true) {
                        stuck.write("\n"); // told so when the other side has closed
                        Thread.sleep(SHORT_MS);
                    }
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void readersThatNeverReadMakeRoom() throws IOException {
        addManyPeers();
        restart(new UapiLimits(128, LONG_MS, LONG_MS, 64 << 20, 2));
        for (int i = 0; i < 5; i++) {
            talk().write("get=1\n\n");
        }
        assertThat(ask("get=1\n\n").lines().filter(line -> line.startsWith("public_key=")))
                .hasSize(MANY_PEERS);
    }

    @Test
    void aRequestThatIsTooLargeIsRefusedWhole() throws IOException {
        restart(new UapiLimits(128, LONG_MS, LONG_MS, 1000, 8));
        String peer = "public_key=" + "a".repeat(64) + "\n";
        String prefixes = "allowed_ip=10.0.0.0/8\n".repeat(50);
        assertThat(ask("set=1\nlisten_port=7\n" + peer + prefixes + "\nset=1\nlisten_port=8\n\n"))
                .isEqualTo("errno=-105\n\nerrno=0\n\n");
        assertThat(device.changes).hasSize(1);
        assertThat(ask("get=1\n\n")).isEqualTo("listen_port=8\n" + LAST);
    }

    @Test
    void requestsThatAreOnTheirWayCountTogether() throws UapiException {
        UapiLimits limits = new UapiLimits(128, LONG_MS, LONG_MS, 1000, 8);
        try (UapiLimits.RequestBytes second = limits.new RequestBytes()) {
            try (UapiLimits.RequestBytes first = limits.new RequestBytes()) {
                first.take(700);
                second.take(300);
                assertThatThrownBy(() -> second.take(1))
                        .isInstanceOfSatisfying(
                                UapiException.class, e -> assertThat(e.errno).isEqualTo(UapiException.ENOBUFS));
            }
            second.take(699);
        }
        try (UapiLimits.RequestBytes third = limits.new RequestBytes()) {
            third.take(1000);
        }
    }

    @Test
    void oneThatIsAtWorkOutlastsIdleOnes() throws IOException {
        restart(new UapiLimits(4, LONG_MS, LONG_MS, 64 << 20, 8));
        Talk working = talk();
        working.write("get=1\n\nset=1\nlisten_port=7\n");
        assertThat(working.read(LAST)).isEqualTo(LAST);
        for (int i = 0; i < 20; i++) {
            Talk idle = talk();
            idle.write("get=1\n\n");
            assertThat(idle.read(LAST)).endsWith(LAST);
        }
        working.write("\n");
        assertThat(working.read(LAST)).isEqualTo(LAST);
        assertThat(ask("get=1\n\n")).isEqualTo("listen_port=7\n" + LAST);
    }
}
