package dev.culvert.bench.lab;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/// Everything that one trial started, which is ended in reverse order whatever happens.
public final class Belongings implements Owner, AutoCloseable {
    /// For the shutdown hook.
    private static final Deque<Belongings> OPEN = new ConcurrentLinkedDeque<>();

    private static volatile boolean ending;

    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final Path logs;
    private final String prefix;

    /// @param logs directory, which is there
    /// @param prefix of the logs' names
    public Belongings(Path logs, String prefix) {
        this.logs = logs;
        this.prefix = prefix;
        OPEN.push(this);
    }

    /// When the program is ended from outside.
    public static void closeAll() {
        ending = true;
        for (Belongings each = OPEN.poll(); each != null; each = OPEN.poll()) {
            each.close();
        }
    }

    /// At once, if the program is ending.
    @Override
    public <T extends AutoCloseable> T add(T opened) {
        synchronized (started) {
            started.push(opened);
        }
        if (ending) {
            close();
            throw new TrialFailure("the program is ending");
        }
        return opened;
    }

    @Override
    public Path log(String name) {
        return logs.resolve(prefix + "-" + name + ".log");
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
