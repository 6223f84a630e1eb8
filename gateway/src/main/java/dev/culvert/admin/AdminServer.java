package dev.culvert.admin;

import dev.culvert.device.Device;
import dev.culvert.device.DeviceVitals;
import dev.culvert.device.Diagnosis;
import dev.culvert.device.Event;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/// `/metrics`, `/livez`, `/readyz`, `/api/status` and `/api/why` over HTTP, by Vert.x on a thread of its own and two
/// workers,
/// none
/// of them a lane.
///
/// Bounded: so many connections, idle ones closed, short requests, one scrape at a time.
public final class AdminServer implements AutoCloseable {
    /// Of one answer.
    private static final int EVENTS_MAX = 1000;
    private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
    private static final int CONNECTIONS_MAX = 64;
    private static final int IDLE_S = 60;
    private static final int HEADER_BYTES_MAX = 8 << 10;
    private static final int LINE_BYTES_MAX = 2 << 10;
    private static final int WORKERS = 2;
    private static final int CLOSE_S = 2;
    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final String BEARER = "Bearer ";
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String JSON = "application/json";
    private static final Set<PosixFilePermission> OF_OTHERS =
            Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE);

    private final String name;
    private final Device device;
    private final byte @Nullable [] token;
    private final Vertx vertx;
    private final Scrape scrape;
    private final Health health;
    private final AtomicInteger connections = new AtomicInteger();
    private final JsonMapper json = JsonMapper.builder().build();
    private HttpServer server;

    private AdminServer(AdminOptions options, String name, Device device, MeterBinder more) throws IOException {
        this.name = name;
        this.device = device;
        Path tokenFile = options.tokenFile();
        token = tokenFile == null ? null : token(tokenFile);
        HttpServerOptions http = http(options);
        scrape = new Scrape(name, device, options.peers(), more);
        health = new Health(device);
        vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setWorkerPoolSize(WORKERS)
                .setFileSystemOptions(new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false)));
        server = vertx.createHttpServer(http).connectionHandler(this::connected).requestHandler(this::handle);
        try {
            server = server.listen(options.port(), options.host())
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            close();
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(
                    "the admin server cannot listen on " + options.host() + ':' + options.port() + ": "
                            + cause.getMessage() + "; choose another address (CULVERT_ADMIN_LISTEN=HOST:PORT, or off)",
                    cause);
        }
    }

    /// Returns when it listens.
    ///
    /// @param name the interface's
    /// @param more meters of what is not the device's
    /// @throws IOException says what to do
    public static AdminServer start(AdminOptions options, String name, Device device, MeterBinder more)
            throws IOException {
        return new AdminServer(options, name, device, more);
    }

    /// That it listens on.
    public int port() {
        return server.actualPort();
    }

    private static byte[] token(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException("the admin server's token cannot be read from " + file);
        }
        if (Files.getPosixFilePermissions(file).stream().anyMatch(OF_OTHERS::contains)) {
            throw new IOException("others may read the admin server's token: chmod 600 " + file);
        }
        String text = Files.readString(file).strip();
        if (text.isEmpty()) {
            throw new IOException(file + " holds no token");
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static HttpServerOptions http(AdminOptions options) throws IOException {
        HttpServerOptions http = new HttpServerOptions()
                .setIdleTimeout(IDLE_S)
                .setIdleTimeoutUnit(TimeUnit.SECONDS)
                .setMaxHeaderSize(HEADER_BYTES_MAX)
                .setMaxInitialLineLength(LINE_BYTES_MAX);
        Path certificate = options.certificate();
        Path key = options.key();
        if (certificate == null && key == null) {
            return http;
        }
        if (certificate == null || key == null) {
            throw new IOException("TLS of the admin server takes both a certificate and a key");
        }
        for (Path file : new Path[] {certificate, key}) {
            if (!Files.isReadable(file)) {
                throw new IOException("the admin server cannot read " + file);
            }
        }
        return http.setSsl(true)
                .setKeyCertOptions(new PemKeyCertOptions()
                        .setCertPath(certificate.toAbsolutePath().toString())
                        .setKeyPath(key.toAbsolutePath().toString()));
    }

    private void connected(HttpConnection connection) {
        connection.closeHandler(_ -> connections.decrementAndGet());
        if (connections.incrementAndGet() > CONNECTIONS_MAX) {
            connection.close().onFailure(e -> LOG.debug("a connection too many does not close", e));
        }
    }

    private void handle(HttpServerRequest request) {
        if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
            answer(request, METHOD_NOT_ALLOWED, TEXT, "Only GET.\n");
            return;
        }
        // Whether it lives is no secret, and a load balancer has no token.
        switch (path(request)) {
            case "/livez" -> onWorker(request, () -> verdict(request, health.notLive()));
            case "/readyz" -> onWorker(request, () -> verdict(request, health.notReady()));
            default -> {
                if (mayRead(request)) {
                    known(request);
                } else {
                    request.response().putHeader("WWW-Authenticate", "Bearer");
                    answer(request, UNAUTHORIZED, TEXT, "It takes `Authorization: Bearer` and the token.\n");
                }
            }
        }
    }

    private void known(HttpServerRequest request) {
        switch (path(request)) {
            case "/metrics" -> onWorker(request, () -> metrics(request));
            case "/api/status" -> onWorker(request, () -> answer(request, OK, JSON, status()));
            case "/api/why" -> onWorker(request, () -> answer(request, OK, JSON, why(request)));
            case "/api/events" -> onWorker(request, () -> events(request));
            case "/" ->
                answer(
                        request,
                        OK,
                        TEXT,
                        "Culvert, " + name + "\n\n/metrics     for Prometheus\n/livez       whether its lanes run\n"
                                + "/readyz      whether it lets peers in\n/api/status  what it is at\n"
                                + "/api/why?q=  why a peer (key, name) or an address does not connect\n"
                                + "/api/events?after=&peer=  what happened after the event of a number, to a peer\n");
            default -> answer(request, NOT_FOUND, TEXT, "There is no " + path(request) + "; see /\n");
        }
    }

    private static String path(HttpServerRequest request) {
        return Objects.requireNonNullElse(request.path(), "");
    }

    private boolean mayRead(HttpServerRequest request) {
        if (token == null) {
            return true;
        }
        String given = request.getHeader(HttpHeaders.AUTHORIZATION);
        return given != null
                && given.startsWith(BEARER)
                && MessageDigest.isEqual(
                        token, given.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8));
    }

    private void onWorker(HttpServerRequest request, Callable<Future<Void>> work) {
        vertx.executeBlocking(work, false).compose(done -> done).onFailure(e -> {
            LOG.debug("a request of {} failed", request.path(), e);
            if (!request.response().ended() && !request.response().headWritten()) {
                answer(request, UNAVAILABLE, TEXT, "It failed; the log says why at LOG_LEVEL=verbose.\n");
            } else {
                request.connection().close().onFailure(again -> LOG.debug("it does not close", again));
            }
        });
    }

    private Future<Void> metrics(HttpServerRequest request) throws IOException {
        HttpServerResponse response = request.response().putHeader(HttpHeaders.CONTENT_TYPE, Scrape.CONTENT_TYPE);
        if (request.method().equals(HttpMethod.HEAD)) {
            return response.end();
        }
        ChunkedText text = new ChunkedText(response.setChunked(true));
        scrape.write(text);
        text.send();
        return response.end();
    }

    private Future<Void> verdict(HttpServerRequest request, String trouble) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("interface", name);
        body.put("ok", trouble.isEmpty());
        body.put("reason", trouble);
        return answer(request, trouble.isEmpty() ? OK : UNAVAILABLE, JSON, json.writeValueAsString(body) + '\n');
    }

    private String status() {
        DeviceVitals vitals = device.vitals();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("interface", name);
        body.put("up", vitals.up());
        body.put("draining", vitals.draining());
        body.put("listenPort", device.port());
        body.put("peers", device.peers().size());
        body.put("lanes", vitals.homePeers().size());
        body.put("engine", device.engine().operatorName());
        body.put("underLoad", vitals.underLoad());
        body.put("handshakesWaiting", vitals.handshakesWaiting());
        body.put("stagedBytes", vitals.stagedBytes());
        return json.writeValueAsString(body) + '\n';
    }

    /// Of a question of at most [#LINE_BYTES_MAX] bytes; empty if nothing fits.
    private String why(HttpServerRequest request) {
        String query = Objects.requireNonNullElse(request.getParam("q"), "");
        List<Map<String, Object>> answers = query.isBlank()
                ? List.of()
                : device.why(query).stream().map(Diagnosis::toMap).toList();
        return json.writeValueAsString(answers) + '\n';
    }

    /// From an event's number on, of one peer or of all; not always all of it, `newest` says whether there is more.
    private Future<Void> events(HttpServerRequest request) {
        String after = Objects.requireNonNullElse(request.getParam("after"), "0");
        if (!after.matches("[0-9]{1,18}")) {
            return answer(request, BAD_REQUEST, TEXT, "`after` takes the number of an event.\n");
        }
        String peer = Objects.requireNonNullElse(request.getParam("peer"), "");
        List<Event> events = device.events().after(Long.parseLong(after), EVENTS_MAX);
        Map<String, Object> body = new LinkedHashMap<>();
        long newest = device.events().newest();
        body.put("newest", newest);
        body.put("last", events.isEmpty() ? newest : events.getLast().number());
        body.put(
                "events",
                events.stream()
                        .filter(event -> event.isOf(peer))
                        .map(event -> event.toMap(name))
                        .toList());
        return answer(request, OK, JSON, json.writeValueAsString(body) + '\n');
    }

    private static Future<Void> answer(HttpServerRequest request, int code, String type, String body) {
        HttpServerResponse response = request.response().setStatusCode(code).putHeader(HttpHeaders.CONTENT_TYPE, type);
        return request.method().equals(HttpMethod.HEAD) ? response.end() : response.end(body);
    }

    @Override
    public void close() {
        try {
            vertx.close()
                    .toCompletionStage()
                    .toCompletableFuture()
                    .orTimeout(CLOSE_S, TimeUnit.SECONDS)
                    .join();
        } catch (CompletionException e) {
            LOG.debug("the admin server does not end in time", e);
        }
        scrape.close();
    }
}
