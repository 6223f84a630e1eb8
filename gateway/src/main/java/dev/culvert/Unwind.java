package dev.culvert;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a start that fails half-way has to undo, in reverse order; nothing once [#keep] was called.
final class Unwind implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Unwind.class);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    <T extends AutoCloseable> T add(T resource) {
        opened.push(resource);
        return resource;
    }

    void keep() {
        opened.clear();
    }

    @Override
    public void close() {
        for (AutoCloseable resource : opened) {
            try {
                resource.close();
            } catch (Exception e) {
                LOG.warn("while undoing a failed start", e);
            }
        }
    }
}
