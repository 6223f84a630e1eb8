package dev.culvert.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Event;
import dev.culvert.device.EventKind;
import dev.culvert.device.EventLog;
import dev.culvert.device.ManualClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What sinks get, and what happens when one does not take it.
@Timeout(60)
final class EventSinksTest {
    private static final Set<EventKind> ALL = Set.of(EventKind.values());
    private static final int STEP_MS = 5;

    private final EventLog log = new EventLog(new ManualClock());

    @TempDir
    private @Nullable Path directory;

    private Path file(String name) {
        if (directory == null) {
            throw new IllegalStateException("JUnit makes it");
        }
        return directory.resolve(name);
    }

    private static EventOptions to(
            @Nullable LineWriter lines, @Nullable Path file, @Nullable URI webhook, @Nullable Path token) {
        return new EventOptions(lines, null, file, webhook, token, ALL);
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(STEP_MS); // the test's own limit ends it
        }
    }

    private void happens(int times) {
        for (int i = 0; i < times; i++) {
            log.add(EventKind.LINK_UP, null, "port", Integer.toString(i));
        }
    }

    @Test
    void linesAreJsonInOrderAndBeginWithWhatWasBefore() throws Exception {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        happens(1);
        try (EventSinks sinks = EventSinks.start("wg0", log, to(lines::add, null, null, null))) {
            happens(2);
            until(() -> lines.size() == 3);
            assertThat(sinks.names()).containsExactly("stdout");
            assertThat(sinks.lost("stdout")).isZero();
        }
        assertThat(lines)
                .containsExactly(
                        "{\"time\":\"2023-11-14T22:13:20Z\",\"number\":1,\"interface\":\"wg0\","
                                + "\"event\":\"link_up\",\"port\":\"0\"}",
                        "{\"time\":\"2023-11-14T22:13:20Z\",\"number\":2,\"interface\":\"wg0\","
                                + "\"event\":\"link_up\",\"port\":\"0\"}",
                        "{\"time\":\"2023-11-14T22:13:20Z\",\"number\":3,\"interface\":\"wg0\","
                                + "\"event\":\"link_up\",\"port\":\"1\"}");
    }

    @Test
    void otherKindsAreLeftOut() throws Exception {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        EventOptions options =
                new EventOptions(lines::add, null, null, null, null, Set.of(EventKind.DRAINING, EventKind.LOST));
        try (EventSinks sinks = EventSinks.start("wg0", log, options)) {
            happens(5);
            log.add(EventKind.DRAINING, null);
            until(() -> !lines.isEmpty());
            assertThat(sinks.failures("stdout")).isZero();
        }
        assertThat(lines).singleElement().asString().contains("\"event\":\"draining\"");
    }

    @Test
    void aFileThatWasRenamedIsMadeAnew() throws Exception {
        Path file = file("logs/wg0.jsonl");
        Path old = file("old");
        try (EventSinks sinks = EventSinks.start("wg0", log, to(null, file, null, null))) {
            happens(2);
            until(() -> lines(file).size() == 2);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            Files.move(file, old);
            happens(1);
            until(() -> lines(file).size() == 1);
            assertThat(sinks.failures("file")).isZero();
        }
        assertThat(lines(old)).hasSize(2);
        assertThat(lines(file)).singleElement().asString().contains("\"number\":3");
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aFileThatCannotBeMadeIsTriedAgainAndLosesNothing() throws Exception {
        Path inTheWay = file("logs");
        Files.writeString(inTheWay, "a file where a directory should be");
        Path file = inTheWay.resolve("wg0.jsonl");
        try (EventSinks sinks = EventSinks.start("wg0", log, to(null, file, null, null))) {
            happens(3);
            until(() -> sinks.failures("file") > 0);
            Files.delete(inTheWay);
            until(() -> lines(file).size() == 3);
            assertThat(sinks.lost("file")).isZero();
        }
    }

    @Test
    void aWebhookThatFailsIsAskedAgainWithTheSameAndATokenThatIsReadEachTime() throws Exception {
        List<String> taken = Collections.synchronizedList(new ArrayList<>());
        List<String> tokens = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger posts = new AtomicInteger();
        Path token = file("token");
        Files.writeString(token, "first\n");
        HttpServer server = serve(exchange -> {
            tokens.add(exchange.getRequestHeaders().getFirst("Authorization"));
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            int post = posts.incrementAndGet();
            if (post == 1) {
                Files.writeString(token, "second\n");
                return 500;
            }
            taken.add(body);
            return 204;
        });
        try (EventSinks sinks = EventSinks.start("wg0", log, to(null, null, url(server), token))) {
            happens(2);
            until(() -> String.join("", taken).contains("\"number\":2"));
            assertThat(sinks.failures("webhook")).isEqualTo(1);
            assertThat(sinks.lost("webhook")).isZero();
        } finally {
            server.stop(0);
        }
        assertThat(tokens).startsWith("Bearer first", "Bearer second");
        assertThat(String.join("", taken)).containsOnlyOnce("\"number\":1,").containsOnlyOnce("\"number\":2,");
        assertThat(taken.getFirst()).startsWith("[{").endsWith("}]\n");
    }

    @Test
    void aWebhookThatRefusesIsNotAskedAgain() throws Exception {
        AtomicInteger posts = new AtomicInteger();
        HttpServer server = serve(exchange -> {
            exchange.getRequestBody().readAllBytes();
            return posts.incrementAndGet() == 1 ? 403 : 200;
        });
        happens(1);
        try (EventSinks sinks = EventSinks.start("wg0", log, to(null, null, url(server), null))) {
            until(() -> sinks.lost("webhook") == 1);
            happens(1);
            until(() -> posts.get() == 2);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void whoIsTooLateIsToldHowManyWereLost() throws Exception {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch go = new CountDownLatch(1);
        happens(1);
        LineWriter slow = line -> {
            lines.add(line);
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        int after = EventLog.EVENTS_MAX + 500;
        try (EventSinks sinks = EventSinks.start("wg0", log, to(slow, null, null, null))) {
            until(() -> lines.size() == 1);
            happens(after);
            go.countDown();
            until(() -> lines.size() == 2 + EventLog.EVENTS_MAX);
            assertThat(sinks.lost("stdout")).isEqualTo(500);
        }
        assertThat(lines.get(1)).contains("\"event\":\"lost\"", "\"count\":\"500\"");
        assertThat(lines.getLast()).contains("\"number\":" + (after + 1));
    }

    @Test
    void aJournalThatIsNotThereYetIsTriedAgain() throws Exception {
        List<String> messages = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger calls = new AtomicInteger();
        LineWriter journal = message -> {
            if (calls.incrementAndGet() == 1) {
                throw new IOException("nobody listens");
            }
            messages.add(message);
        };
        happens(2);
        EventOptions options = new EventOptions(null, journal, null, null, null, ALL);
        try (EventSinks sinks = EventSinks.start("wg0", log, options)) {
            until(() -> messages.size() == 2);
            assertThat(sinks.failures("journal")).isEqualTo(1);
            assertThat(sinks.lost("journal")).isZero();
        }
        assertThat(messages.getFirst()).contains("CULVERT_EVENT=link_up\nCULVERT_PORT=0\n");
    }

    @Test
    void theJournalGetsFieldsAndNoLineThatANameBringsIn() {
        PublicKey key = PublicKey.fromHex("ab".repeat(32));
        Map<String, String> details = new LinkedHashMap<>();
        details.put("address", "192.0.2.1:5");
        details.put("cause", "unknown_key");
        Event event = new Event(3, 0, EventKind.REFUSED, key, "x\nPRIORITY=0", details);
        assertThat(new EventText("wg0").journal(event))
                .isEqualTo("MESSAGE=wg0 refused x PRIORITY=0 address=192.0.2.1:5 cause=unknown_key\n"
                        + "SYSLOG_IDENTIFIER=culvert\nPRIORITY=4\nCULVERT_INTERFACE=wg0\nCULVERT_EVENT=refused\n"
                        + "CULVERT_PEER=" + key.toBase64() + "\nCULVERT_ADDRESS=192.0.2.1:5\n"
                        + "CULVERT_CAUSE=unknown_key\n");
    }

    private interface Answer {
        int to(HttpExchange exchange) throws IOException;
    }

    private static HttpServer serve(Answer answer) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/hook", exchange -> {
            int status = answer.to(exchange);
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static URI url(HttpServer server) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hook");
    }
}
