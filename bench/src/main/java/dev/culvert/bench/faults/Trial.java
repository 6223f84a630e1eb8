package dev.culvert.bench.faults;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/// The run of one row: its options, its report, and everything that it started, which is ended in reverse order
/// whatever happens.
final class Trial implements AutoCloseable {
    /// For the shutdown hook.
    private static final Deque<Trial> OPEN = new ConcurrentLinkedDeque<>();

    private static volatile boolean ending;

    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    final Options options;
    final Report report;
    final Results results;
    final String row;

    Trial(FaultRow row, Options options, Results results) {
        this.row = row.id();
        this.options = options;
        this.results = results;
        report = new Report(row.id(), options.quick());
        OPEN.push(this);
    }

    /// When the program is ended from outside.
    static void closeAll() {
        ending = true;
        for (Trial trial = OPEN.poll(); trial != null; trial = OPEN.poll()) {
            trial.close();
        }
    }

    /// Has it closed with the trial; at once, if the program is ending.
    <T extends AutoCloseable> T add(T opened) {
        synchronized (started) {
            started.push(opened);
        }
        if (ending) {
            close();
            throw new TrialFailure("the program is ending");
        }
        return opened;
    }

    Path log(String name) {
        return results.logs().resolve(row + "-" + name + ".log");
    }

    @Override
    public void close() {
        OPEN.remove(this);
        while (true) {
            AutoCloseable next;
            synchronized (started) {
                next = started.poll();
            }
            if (next == null) {
                return;
            }
            try {
                next.close();
            } catch (Exception e) { // one that cannot be closed must not keep the others open
                System.err.println("while cleaning up: " + e.getMessage());
            }
        }
    }
}
