package dev.culvert.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// Many UDP flows from one namespace to others: how many packets came, and how many of them behind a later one of
/// their flow.
///
/// @param sent packets
/// @param received of them
/// @param reordered of those received
record FlowOrder(long sent, long received, long reordered) {
    static final int FLOWS_A_TARGET = 50;

    private static final int PORT = 7000;
    private static final Duration LIMIT = Duration.ofSeconds(100);

    /// @param targets addresses of the receivers; each has [#FLOWS_A_TARGET] flows
    /// @param pauseMs between rounds
    static FlowOrder measure(Namespace from, List<Namespace> receivers, List<String> targets, int rounds, int pauseMs) {
        String flows = Integer.toString(FLOWS_A_TARGET * targets.size());
        List<Process> programs = new ArrayList<>();
        try {
            List<CompletableFuture<long[]>> counts = new ArrayList<>();
            for (Namespace receiver : receivers) {
                List<String> words = Transfer.program(FlowEnd.class, "receive", Integer.toString(PORT), flows);
                programs.add(Command.start(Map.of(), receiver.inside(words)));
                counts.add(follow(programs.getLast()));
            }
            List<String> words = new ArrayList<>(List.of(
                    "send", Integer.toString(PORT), flows, Integer.toString(rounds), Integer.toString(pauseMs)));
            words.addAll(targets);
            List<String> command = from.inside(Transfer.program(FlowEnd.class, words.toArray(String[]::new)));
            long sent =
                    Long.parseLong(Command.run(LIMIT, "", command).required().strip());
            long received = 0;
            long reordered = 0;
            for (CompletableFuture<long[]> count : counts) {
                long[] values = count.join();
                received += values[0];
                reordered += values[1];
            }
            return new FlowOrder(sent, received, reordered);
        } finally {
            programs.forEach(Process::destroyForcibly);
        }
    }

    /// Waits until it is ready, and then, on a thread of its own, for its two counts.
    static CompletableFuture<long[]> follow(Process program) {
        CompletableFuture<long[]> counts = new CompletableFuture<>();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(program.getInputStream(), StandardCharsets.UTF_8));
        try {
            String first = output.readLine();
            if (!"ready".equals(first)) {
                throw new AssertionError("a receiver printed: " + first);
            }
        } catch (IOException e) {
            throw new AssertionError("a receiver did not start", e);
        }
        Thread.ofVirtual().start(() -> {
            try (output) {
                String[] words = String.valueOf(output.readLine()).split(" ", -1);
                counts.complete(new long[] {Long.parseLong(words[0]), Long.parseLong(words[1])});
            } catch (IOException | RuntimeException e) {
                counts.completeExceptionally(e);
            }
        });
        return counts;
    }
}
