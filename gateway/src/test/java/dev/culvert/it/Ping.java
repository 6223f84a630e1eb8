package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// A run of Debian's `ping` inside a namespace, and which of its echo requests came back. The harness ends the
/// run and not `ping`'s own `-c`, because that waits for the last replies no longer than one interval, which on
/// a busy machine looks like loss.
final class Ping implements AutoCloseable {
    /// 125 a second. (From 10 ms on, `ping` waits in the kernel's ticks and sends only some 60 a second.)
    static final int INTERVAL_MS = 8;

    private static final Duration LAST_REPLY_LIMIT = Duration.ofSeconds(3);
    private static final Pattern REPLY = Pattern.compile(
            "^\\[(\\d+\\.\\d+)] \\d+ bytes from .*icmp_seq=(\\d+) ttl=\\d+(?: time=([0-9.]+) ms)?(.*)$");
    private static final Pattern SUMMARY = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");

    private final List<String> words;
    private final Process process;
    private final CompletableFuture<String> output = new CompletableFuture<>();
    private final Set<Integer> answered = ConcurrentHashMap.newKeySet();
    private volatile int highestAnswered;

    private Ping(List<String> words) {
        this.words = words;
        this.process = Command.start(Map.of(), words);
        Thread.ofVirtual().start(this::follow);
    }

    private void follow() {
        StringBuilder all = new StringBuilder();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                all.append(line).append('\n');
                Matcher reply = REPLY.matcher(line);
                if (reply.matches()) {
                    int sequence = Integer.parseInt(reply.group(2));
                    answered.add(sequence);
                    highestAnswered = Math.max(highestAnswered, sequence);
                }
            }
            output.complete(all.toString());
        } catch (IOException e) {
            output.completeExceptionally(e);
        }
    }

    /// Starts echo requests, one each [#INTERVAL_MS], until [#end] or [#close].
    static Ping start(Namespace from, String target, String... options) {
        List<String> words = new ArrayList<>(List.of("ping", "-n", "-D", "-i", Double.toString(INTERVAL_MS / 1000.0)));
        words.addAll(List.of(options));
        words.add(target);
        return new Ping(from.inside(words));
    }

    /// `count` echo requests that must all come back once.
    static void succeeds(Namespace from, String target, int count, String... options) {
        try (Ping ping = start(from, target, options)) {
            ping.succeeds(count);
        }
    }

    /// `count` echo requests of which none may come back.
    static void fails(Namespace from, String target, int count, String... options) {
        List<String> words = new ArrayList<>(List.of("-c", Integer.toString(count), "-W", "0.3"));
        words.addAll(List.of(options));
        try (Ping ping = start(from, target, words.toArray(String[]::new))) {
            ping.fails(count);
        }
    }

    /// Requires that this run, started with `-c`, ends without any of its `count` requests answered.
    void fails(int count) {
        Command ended = Command.finish(process, output, Command.LIMIT, words);
        Report report = Report.parse(ended.output(), count);
        assertThat(report.replies()).as(report.output()).isEmpty();
        assertThat(report.output()).contains(count + " packets transmitted");
    }

    /// Requires that the first `count` requests of this run come back once, and ends it.
    void succeeds(int count) {
        awaitReplies(() -> answeredUpTo(count), LAST_REPLY_LIMIT.plusMillis((long) count * INTERVAL_MS));
        end(count).requireNoLoss();
    }

    /// Waits until so many more requests have been answered.
    void awaitReplies(int more, Duration limit) {
        int wanted = answered.size() + more;
        if (!awaitReplies(() -> answered.size() >= wanted, limit)) {
            throw new AssertionError("fewer than " + more + " answers to a running ping within " + limit);
        }
    }

    /// Ends the run and judges it up to the last request that was answered.
    Report end() {
        return end(highestAnswered);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    private boolean answeredUpTo(int count) {
        return IntStream.rangeClosed(1, count).allMatch(answered::contains);
    }

    private boolean awaitReplies(BooleanSupplier condition, Duration limit) {
        return Await.whether(limit, () -> condition.getAsBoolean() || !process.isAlive()) && condition.getAsBoolean();
    }

    private Report end(int judged) {
        Command.run("kill", "-INT", Long.toString(process.pid()));
        Command ended = Command.finish(process, output, Command.LIMIT, words);
        return Report.parse(ended.output(), judged);
    }

    /// @param sequence the request's number, from 1
    /// @param receivedAtSeconds wall clock
    /// @param roundTripMs 0 if the payload was too short to carry the time
    record Reply(int sequence, double receivedAtSeconds, double roundTripMs) {
        double sentAtSeconds() {
            return receivedAtSeconds - roundTripMs / 1000;
        }
    }

    /// @param judged the requests 1 to this are judged
    record Report(int judged, TreeMap<Integer, Reply> replies, int duplicates, String output) {
        private static Report parse(String output, int judged) {
            TreeMap<Integer, Reply> replies = new TreeMap<>();
            int duplicates = 0;
            for (String line : output.lines().toList()) {
                Matcher reply = REPLY.matcher(line);
                if (reply.matches()) {
                    int sequence = Integer.parseInt(reply.group(2));
                    if (reply.group(4).contains("DUP") || replies.containsKey(sequence)) {
                        duplicates++;
                    } else {
                        double at = Double.parseDouble(reply.group(1));
                        String time = reply.group(3);
                        replies.put(sequence, new Reply(sequence, at, time == null ? 0 : Double.parseDouble(time)));
                    }
                }
            }
            assertThat(SUMMARY.matcher(output).find())
                    .as("ping printed no summary: " + output)
                    .isTrue();
            return new Report(judged, replies, duplicates, output);
        }

        void requireNoLoss() {
            assertThat(lost()).as("lost echo requests: " + brief()).isEmpty();
            assertThat(duplicates).as("duplicated replies: " + brief()).isZero();
        }

        List<Integer> lost() {
            List<Integer> lost = new ArrayList<>();
            for (int sequence = 1; sequence <= judged; sequence++) {
                if (!replies.containsKey(sequence)) {
                    lost.add(sequence);
                }
            }
            return lost;
        }

        /// The requests that were sent in the span of wall-clock time, by the times of their answered
        /// neighbours.
        List<Integer> lostBetween(double fromSeconds, double toSeconds) {
            return lost().stream()
                    .filter(sequence -> {
                        Map.Entry<Integer, Reply> before = replies.lowerEntry(sequence);
                        Map.Entry<Integer, Reply> after = replies.higherEntry(sequence);
                        return (after == null || after.getValue().sentAtSeconds() >= fromSeconds)
                                && (before == null || before.getValue().sentAtSeconds() <= toSeconds);
                    })
                    .toList();
        }

        double longestRoundTripMs() {
            return replies.values().stream()
                    .mapToDouble(Reply::roundTripMs)
                    .max()
                    .orElse(0);
        }

        private String brief() {
            return output.length() <= 2000
                    ? output
                    : output.substring(0, 500) + "\n…\n" + output.substring(output.length() - 1500);
        }
    }
}
