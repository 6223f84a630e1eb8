package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A TCP transfer of random bytes between two namespaces, whose SHA-256 must be the same at both ends.
final class Transfer implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long MEGABYTE = 1_000_000;

    private final Process receiver;
    private final List<String> senderWords;
    private final Process sender;
    private final CompletableFuture<String> sent;
    private final CompletableFuture<String> received;
    private final long bytes;

    private Transfer(Namespace from, Namespace to, String target, int megabytes, int megabytesPerSecond) {
        bytes = megabytes * MEGABYTE;
        receiver = Command.start(Map.of(), to.inside(program(TransferEnd.class, "receive", target)));
        BufferedReader output =
                new BufferedReader(new InputStreamReader(receiver.getInputStream(), StandardCharsets.UTF_8));
        received = new CompletableFuture<>();
        CompletableFuture<String> port = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> follow(output, port));
        senderWords = from.inside(program(
                TransferEnd.class,
                "send",
                target,
                portOf(port),
                Long.toString(bytes),
                Long.toString(System.nanoTime()),
                Long.toString(megabytesPerSecond * MEGABYTE)));
        sender = Command.start(Map.of(), senderWords);
        sent = Command.outputOf(sender);
    }

    /// Sends as fast as it goes and waits for the end.
    ///
    /// @param target an address of `to`
    static void succeeds(Namespace from, Namespace to, String target, int megabytes) {
        try (Transfer transfer = new Transfer(from, to, target, megabytes, 0)) {
            transfer.end();
        }
    }

    /// Starts a transfer at a steady rate and does not wait.
    static Transfer start(Namespace from, Namespace to, String target, int megabytes, int megabytesPerSecond) {
        return new Transfer(from, to, target, megabytes, megabytesPerSecond);
    }

    boolean isRunning() {
        return sender.isAlive();
    }

    void end() {
        try {
            String sentReport = Command.finish(sender, sent, LIMIT, senderWords).required();
            String receivedReport = received.get(10, TimeUnit.SECONDS);
            assertThat(receivedReport.strip())
                    .as("bytes and SHA-256 at the receiver")
                    .isEqualTo(sentReport.strip());
            assertThat(sentReport).startsWith(bytes + " ");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted during a transfer", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the receiver of a transfer did not finish", e);
        }
    }

    @Override
    public void close() {
        sender.destroyForcibly();
        receiver.destroyForcibly();
    }

    private void follow(BufferedReader output, CompletableFuture<String> port) {
        try (output) {
            String first = output.readLine();
            if (first != null && first.startsWith("port ")) {
                port.complete(first.substring("port ".length()));
            } else {
                port.completeExceptionally(new IOException("the receiver printed: " + first));
            }
            StringBuilder rest = new StringBuilder();
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                rest.append(line).append('\n');
            }
            received.complete(rest.toString());
        } catch (IOException e) {
            port.completeExceptionally(e);
            received.completeExceptionally(e);
        }
    }

    private String portOf(CompletableFuture<String> port) {
        try {
            return port.get(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            receiver.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while a receiver started", e);
        } catch (ExecutionException | TimeoutException e) {
            receiver.destroyForcibly();
            throw new AssertionError("the receiver of a transfer did not start", e);
        }
    }

    /// The command line of a program of the tests' own.
    static List<String> program(Class<?> main, String... arguments) {
        try {
            Path classes = Path.of(
                    main.getProtectionDomain().getCodeSource().getLocation().toURI());
            List<String> words = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xshare:auto",
                    "-XX:+UseSerialGC",
                    "-Xmx64m",
                    "-cp",
                    classes.toString(),
                    main.getName()));
            words.addAll(List.of(arguments));
            return words;
        } catch (URISyntaxException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }
}
