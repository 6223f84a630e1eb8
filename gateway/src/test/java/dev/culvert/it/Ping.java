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
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A run of Debian's `ping` inside a namespace, and which of its echo requests came back.
final class Ping {
    /// 125 a second. (From 10 ms on, `ping` waits in the kernel's ticks and sends only some 60 a second.)
    static final int INTERVAL_MS = 8;

    private static final Pattern REPLY = Pattern.compile(
            "^\\[(\\d+\\.\\d+)] \\d+ bytes from .*icmp_seq=(\\d+) ttl=\\d+(?: time=([0-9.]+) ms)?(.*)$");
    private static final Pattern SUMMARY = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");

    private final List<String> words;
    private final Process process;
    private final CompletableFuture<String> output = new CompletableFuture<>();
    private final AtomicInteger answered = new AtomicInteger();
    private final Duration limit;

    private Ping(List<String> words, Duration limit) {
        this.words = words;
        this.limit = limit;
        this.process = Command.start(Map.of(), words);
        Thread.ofVirtual().start(this::follow);
    }

    private void follow() {
        StringBuilder all = new StringBuilder();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                all.append(line).append('\n');
                if (REPLY.matcher(line).matches()) {
                    answered.incrementAndGet();
                }
            }
            output.complete(all.toString());
        } catch (IOException e) {
            output.completeExceptionally(e);
        }
    }

    /// Starts `count` echo requests, one each [#INTERVAL_MS], and does not wait.
    static Ping start(Namespace from, String target, int count, String... options) {
        List<String> words = new ArrayList<>(List.of("ping", "-n", "-D", "-i", Double.toString(INTERVAL_MS / 1000.0)));
        words.addAll(List.of("-c", Integer.toString(count)));
        if (!List.of(options).contains("-W")) {
            words.addAll(List.of("-W", "3"));
        }
        words.addAll(List.of(options));
        words.add(target);
        return new Ping(
                from.inside(words),
                Duration.ofMillis((long) count * INTERVAL_MS).plusSeconds(20));
    }

    /// Echo requests that must all come back once.
    static void succeeds(Namespace from, String target, int count, String... options) {
        start(from, target, count, options).end().requireNoLoss();
    }

    /// Echo requests of which none may come back.
    static void fails(Namespace from, String target, int count, String... options) {
        List<String> words = new ArrayList<>(List.of("-W", "0.3"));
        words.addAll(List.of(options));
        Report report = start(from, target, count, words.toArray(String[]::new)).end();
        assertThat(report.replies()).as(report.output()).isEmpty();
        assertThat(report.sent()).as(report.output()).isEqualTo(count);
    }

    /// Waits until so many more requests have been answered.
    void awaitReplies(int more, Duration limit) {
        int wanted = answered.get() + more;
        Await.until("answers to a running ping", limit, () -> answered.get() >= wanted);
    }

    Report end() {
        return Report.parse(Command.finish(process, output, limit, words).output());
    }

    /// Ends a run that was started with more requests than needed.
    Report stop() {
        Command.run("kill", "-INT", Long.toString(process.pid()));
        return end();
    }

    /// @param sequence the request's number, from 1
    /// @param receivedAtSeconds wall clock
    /// @param roundTripMs 0 if the payload was too short to carry the time
    record Reply(int sequence, double receivedAtSeconds, double roundTripMs) {
        double sentAtSeconds() {
            return receivedAtSeconds - roundTripMs / 1000;
        }
    }

    record Report(int sent, TreeMap<Integer, Reply> replies, int duplicates, String output) {
        private static Report parse(String output) {
            TreeMap<Integer, Reply> replies = new TreeMap<>();
            int duplicates = 0;
            int sent = -1;
            for (String line : output.lines().toList()) {
                Matcher reply = REPLY.matcher(line);
                Matcher summary = SUMMARY.matcher(line);
                if (reply.matches()) {
                    int sequence = Integer.parseInt(reply.group(2));
                    if (reply.group(4).contains("DUP") || replies.containsKey(sequence)) {
                        duplicates++;
                    } else {
                        double at = Double.parseDouble(reply.group(1));
                        String time = reply.group(3);
                        replies.put(sequence, new Reply(sequence, at, time == null ? 0 : Double.parseDouble(time)));
                    }
                } else if (summary.find()) {
                    sent = Integer.parseInt(summary.group(1));
                }
            }
            assertThat(sent).as("ping printed no summary: " + output).isPositive();
            return new Report(sent, replies, duplicates, output);
        }

        void requireNoLoss() {
            assertThat(lost()).as("lost echo requests: " + brief()).isEmpty();
            assertThat(duplicates).as("duplicated replies: " + brief()).isZero();
        }

        List<Integer> lost() {
            List<Integer> lost = new ArrayList<>();
            for (int sequence = 1; sequence <= sent; sequence++) {
                if (!replies.containsKey(sequence)) {
                    lost.add(sequence);
                }
            }
            return lost;
        }

        /// The requests that were sent in the span of wall-clock time, by the times of their answered neighbours.
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
