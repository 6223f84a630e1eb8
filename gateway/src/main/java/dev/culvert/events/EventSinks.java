package dev.culvert.events;

import dev.culvert.device.Event;
import dev.culvert.device.EventKind;
import dev.culvert.device.EventLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Passes events on, each sink on a thread of its own. What a sink does not take is tried again, after longer and
/// longer pauses; meanwhile events wait in the [EventLog], and when that is full the oldest are lost, which the sink is
/// told as an event of its own.
public final class EventSinks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventSinks.class);
    private static final int BATCH_MAX = 100;
    private static final long PAUSE_MIN_MS = 500;
    private static final long PAUSE_MAX_MS = 60_000;
    private static final long CLOSE_MS = 1_000;

    private final EventLog log;
    private final EventOptions options;
    private final List<Feed> feeds = new ArrayList<>();
    private volatile boolean ending;

    /// One sink and how far it is.
    private final class Feed {
        private final EventSink sink;
        private final AtomicLong failures = new AtomicLong();
        private final AtomicLong lost = new AtomicLong();
        private final Thread thread;
        private long pauseMs = PAUSE_MIN_MS;
        private boolean inTrouble;

        Feed(String interfaceName, EventSink sink) {
            this.sink = sink;
            thread = Thread.ofPlatform()
                    .daemon()
                    .name(interfaceName + "-events-" + sink.name())
                    .unstarted(this::run);
        }

        private void run() {
            long last = 0;
            try {
                while (!ending || log.newest() > last) {
                    List<Event> events = log.after(last, BATCH_MAX);
                    if (events.isEmpty()) {
                        log.awaitChange(last, () -> ending);
                        continue;
                    }
                    deliver(wanted(events, last));
                    last = events.getLast().number();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the end
            }
        }

        private List<Event> wanted(List<Event> events, long last) {
            List<Event> wanted = new ArrayList<>();
            long missed = events.getFirst().number() - last - 1;
            if (missed > 0) {
                lost.addAndGet(missed);
                wanted.add(new Event(
                        last + 1,
                        events.getFirst().wallNs(),
                        EventKind.LOST,
                        null,
                        "",
                        Map.of("count", Long.toString(missed))));
            }
            events.stream()
                    .filter(event -> options.kinds().contains(event.kind()))
                    .forEach(wanted::add);
            return wanted;
        }

        private void deliver(List<Event> events) throws InterruptedException {
            while (!events.isEmpty()) {
                try {
                    sink.write(events);
                    if (inTrouble) {
                        LOG.info("events go to the {} again", sink.name());
                    }
                    inTrouble = false;
                    pauseMs = PAUSE_MIN_MS;
                    return;
                } catch (EventSink.RefusedException e) {
                    failures.incrementAndGet();
                    lost.addAndGet(events.size());
                    tell(e, "these events are lost");
                    return;
                } catch (IOException e) {
                    failures.incrementAndGet();
                    if (ending) {
                        lost.addAndGet(events.size());
                        return;
                    }
                    tell(e, "it is tried again");
                    // Many hubs must not come back at the same time.
                    Thread.sleep(pauseMs / 2 + ThreadLocalRandom.current().nextLong(pauseMs / 2 + 1));
                    pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2);
                }
            }
        }

        private void tell(IOException e, String consequence) {
            if (!inTrouble) {
                LOG.warn("{}; {}", e.getMessage(), consequence);
            }
            inTrouble = true;
        }
    }

    private EventSinks(EventLog log, EventOptions options) {
        this.log = log;
        this.options = options;
    }

    /// Begins with the events that are there already.
    public static EventSinks start(String interfaceName, EventLog log, EventOptions options) {
        EventSinks sinks = new EventSinks(log, options);
        EventText text = new EventText(interfaceName);
        sinks.add(
                interfaceName, options.stdout() == null ? null : new LineSink("stdout", text::json, options.stdout()));
        sinks.add(
                interfaceName,
                options.journal() == null ? null : new LineSink("journal", text::journal, options.journal()));
        sinks.add(interfaceName, options.file() == null ? null : new FileSink(options.file(), text));
        sinks.add(
                interfaceName,
                options.webhook() == null ? null : new Webhook(options.webhook(), options.webhookTokenFile(), text));
        sinks.feeds.forEach(feed -> feed.thread.start());
        return sinks;
    }

    private void add(String interfaceName, @Nullable EventSink sink) {
        if (sink != null) {
            feeds.add(new Feed(interfaceName, sink));
        }
    }

    /// In use.
    public List<String> names() {
        return feeds.stream().map(feed -> feed.sink.name()).toList();
    }

    /// How often a sink did not take what it was given.
    public long failures(String sink) {
        return feed(sink).failures.get();
    }

    /// Events that never reached a sink.
    public long lost(String sink) {
        return feed(sink).lost.get();
    }

    private Feed feed(String sink) {
        return feeds.stream()
                .filter(feed -> feed.sink.name().equals(sink))
                .findFirst()
                .orElseThrow();
    }

    /// Gives what is left a moment.
    @Override
    public void close() {
        ending = true;
        log.wake();
        for (Feed feed : feeds) {
            try {
                feed.thread.join(CLOSE_MS);
                feed.thread.interrupt();
                feed.thread.join(CLOSE_MS);
                feed.sink.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                feed.thread.interrupt();
            } catch (IOException e) {
                LOG.debug("the {} does not close", feed.sink.name(), e);
            }
        }
    }
}
