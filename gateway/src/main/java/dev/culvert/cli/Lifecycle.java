package dev.culvert.cli;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// What a serving command waits for: a signal, or the end of its gateway. A signal that asks to end also
/// interrupts the command's thread, so that a set-up that is under way rolls back; once the end has begun, it is
/// left in peace.
final class Lifecycle {
    enum Event {
        END,
        RELOAD
    }

    private static final int EVENTS_MAX = 8;

    private final Thread owner;
    private final BlockingQueue<Event> events = new ArrayBlockingQueue<>(EVENTS_MAX);
    private boolean ending;

    private Lifecycle(Thread owner) {
        this.owner = owner;
    }

    /// For the calling thread, with TERM and INT to end it, and HUP to reload or to end it.
    static Lifecycle ofCaller(boolean reloads) {
        Lifecycle lifecycle = new Lifecycle(Thread.currentThread());
        Signals.handle("TERM", lifecycle::end);
        Signals.handle("INT", lifecycle::end);
        Signals.handle("HUP", reloads ? () -> lifecycle.post(Event.RELOAD) : lifecycle::end);
        return lifecycle;
    }

    /// Ends with the gateway: its link or its socket was deleted.
    void endWith(RunningGateway gateway) {
        Thread.ofPlatform().daemon().name("await-end").start(() -> {
            try {
                gateway.awaitEnd();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            post(Event.END);
        });
    }

    /// The next event; an interrupt is an END.
    Event await() {
        try {
            return events.take();
        } catch (InterruptedException e) {
            return Event.END;
        }
    }

    /// From here on nothing interrupts the owner any more.
    synchronized void endBegins() {
        ending = true;
        Thread.interrupted();
    }

    synchronized void end() {
        if (!ending) {
            ending = true;
            owner.interrupt();
        }
        post(Event.END);
    }

    private void post(Event event) {
        if (!events.offer(event) && event == Event.END) {
            events.clear(); // reloads that nobody has come to yet
            events.add(event);
        }
    }
}
