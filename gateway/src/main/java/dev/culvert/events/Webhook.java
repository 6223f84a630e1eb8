package dev.culvert.events;

import dev.culvert.device.Event;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Posts arrays of JSON objects to a URL. What it answers with 408, 429 or 5xx, or not at all, is sent again; any other
/// refusal is final. The token is read for each post, so that it can be renewed.
final class Webhook implements EventSink {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int OK_FROM = 200;
    private static final int OK_BELOW = 300;
    private static final int REQUEST_TIMEOUT = 408;
    private static final int TOO_MANY = 429;
    private static final int SERVER_ERROR = 500;

    private final URI url;
    private final @Nullable Path tokenFile;
    private final EventText text;
    private final HttpClient client = HttpClient.newBuilder()
            .connectTimeout(LIMIT)
            .version(HttpClient.Version.HTTP_1_1)
            .build();

    Webhook(URI url, @Nullable Path tokenFile, EventText text) {
        this.url = url;
        this.tokenFile = tokenFile;
        this.text = text;
    }

    @Override
    public String name() {
        return "webhook";
    }

    @Override
    public void write(List<Event> events) throws IOException, InterruptedException {
        String body = events.stream().map(text::json).collect(Collectors.joining(",\n", "[", "]\n"));
        HttpRequest.Builder request = HttpRequest.newBuilder(url)
                .timeout(LIMIT)
                .header("Content-Type", "application/json")
                .header("User-Agent", "culvert")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (tokenFile != null) {
            request.header("Authorization", "Bearer " + token(tokenFile));
        }
        int status = status(request.build());
        if (status >= OK_FROM && status < OK_BELOW) {
            return;
        }
        String answered = "the webhook at " + url.getHost() + " answers with " + status;
        if (status == REQUEST_TIMEOUT || status == TOO_MANY || status >= SERVER_ERROR) {
            throw new IOException(answered);
        }
        throw new RefusedException(answered + ", which trying again does not change");
    }

    private int status(HttpRequest request) throws IOException, InterruptedException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new IOException("the webhook at " + url.getHost() + " cannot be reached: " + why, e);
        }
    }

    private static String token(Path file) throws IOException {
        try {
            String token = Files.readString(file).strip();
            if (token.isEmpty() || !token.matches("[\\x21-\\x7e]+")) {
                throw new IOException("there is no token in it");
            }
            return token;
        } catch (IOException e) {
            throw new IOException("the webhook's token in " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
