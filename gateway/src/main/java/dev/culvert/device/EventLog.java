package dev.culvert.device;

import dev.culvert.crypto.PublicKey;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The latest events, numbered, for whoever reads on from a number: sinks, `culvert events`, `/api/events`. Holds
/// [#EVENTS_MAX] and no more; a reader that is too late sees by the numbers how many it has missed.
///
/// Made where they happen: by a lane, a handshake worker or the control plane, at changes of a session or of the
/// configuration, never for each packet. The lock is held for the length of a few stores. Rates are limited: of one
/// peer (so that one which flaps hides no other), of all peers, and of senders that proved nothing. What is kept back
/// is counted, and said by the next event of the kind.
@AnyThread
public final class EventLog {
    public static final int EVENTS_MAX = 4096;

    /// Peers of one request that are told singly.
    static final int CHANGES_MAX = 100;
    static final int OF_PEER_AT_ONCE = 10;
    static final int PEERS_PER_SECOND = 2000;
    static final int REFUSALS_PER_SECOND = 20;

    private static final long SECOND_NS = 1_000_000_000L;
    private static final long LOAD_CHECK_MS = 500;

    private final DeviceClock clock;
    private final Allowance ofPeers = new Allowance(PEERS_PER_SECOND);
    private final Allowance ofRefusals = new Allowance(REFUSALS_PER_SECOND);
    private final Allowance ofLoad = new Allowance(2);
    private volatile Function<PublicKey, String> names = key -> "";
    private volatile Runnable loadCheck = () -> {};

    // Guarded by the lock.
    private final Object lock = new Object();
    private final @Nullable Event[] ring = new Event[EVENTS_MAX];
    private final Map<EventKind, Long> made = new EnumMap<>(EventKind.class);
    private final Map<EventKind, Long> keptBack = new EnumMap<>(EventKind.class);
    private final Map<EventKind, Long> keptBackUntold = new EnumMap<>(EventKind.class);
    private long newest;
    private boolean underLoad;

    public EventLog(DeviceClock clock) {
        this.clock = clock;
    }

    /// @param of what operators call a peer; empty for nothing
    void names(Function<PublicKey, String> of) {
        names = of;
    }

    /// @param check asks whether the load is over: nobody else may, when nothing comes in any more
    void loadCheck(Runnable check) {
        loadCheck = check;
    }

    // Telling.

    /// Of a peer's session; by its lane.
    void ofSession(LanePeer peer, EventKind kind) {
        if (allows(peer, kind)) {
            add(kind, peer.peer.publicKey(), "endpoint", text(peer.endpoint));
        }
    }

    /// The peer was at the one address and is at the other; by its lane.
    void roamed(LanePeer peer, Endpoint from, Endpoint to) {
        if (allows(peer, EventKind.ROAMED)) {
            add(EventKind.ROAMED, peer.peer.publicKey(), "from", text(from), "to", text(to));
        }
    }

    /// Asked before a text is made: who flaps may do it with each packet.
    private boolean allows(LanePeer peer, EventKind kind) {
        if (peer.lane.device.peers.isHidden(peer.peer)) {
            return false;
        }
        long nowNs = peer.lane.nowNs;
        long paidNs = Math.max(peer.eventsPaidNs, nowNs);
        if (paidNs - nowNs >= OF_PEER_AT_ONCE * SECOND_NS || !ofPeers.take(nowNs)) {
            keepBack(kind);
            return false;
        }
        peer.eventsPaidNs = paidNs + SECOND_NS;
        return true;
    }

    private static String text(@Nullable Endpoint endpoint) {
        return endpoint == null ? "" : IpText.format(endpoint.toSocketAddress());
    }

    /// The load began or is over: at most two a second, whatever the settings and the flood are.
    void load(boolean begins) {
        EventKind kind = begins ? EventKind.UNDER_LOAD : EventKind.LOAD_OVER;
        if (ofLoad.take(clock.bootNs())) {
            add(kind, null);
        } else {
            keepBack(kind);
        }
    }

    /// A handshake message that was refused, of a peer or of a sender that proved nothing.
    void refused(Cause cause, @Nullable Endpoint source, @Nullable PublicKey key, String detail) {
        if (!ofRefusals.take(clock.bootNs())) {
            keepBack(EventKind.REFUSED);
            return;
        }
        String address = text(source);
        add(
                EventKind.REFUSED,
                key,
                detail.isEmpty()
                        ? new String[] {"address", address, "cause", cause.label()}
                        : new String[] {"address", address, "cause", cause.label(), "detail", detail});
    }

    /// Of the device or its configuration: what operators do, so without a limit.
    public void add(EventKind kind, @Nullable PublicKey key, String... details) {
        Map<String, String> fields = LinkedHashMap.newLinkedHashMap(details.length / 2 + 1);
        for (int i = 0; i < details.length; i += 2) {
            fields.put(details[i], details[i + 1]);
        }
        assert fields.keySet().containsAll(kind.fields()) : kind;
        String name = key == null ? "" : names.apply(key);
        long wallNs = clock.wallNs();
        synchronized (lock) {
            Long untold = keptBackUntold.remove(kind);
            if (untold != null) {
                fields.put(Event.SUPPRESSED, untold.toString());
            }
            made.merge(kind, 1L, Long::sum);
            newest++;
            ring[(int) (newest % EVENTS_MAX)] = new Event(newest, wallNs, kind, key, name, fields);
            underLoad = kind == EventKind.UNDER_LOAD || underLoad && kind != EventKind.LOAD_OVER;
            lock.notifyAll();
        }
    }

    private void keepBack(EventKind kind) {
        synchronized (lock) {
            keptBack.merge(kind, 1L, Long::sum);
            keptBackUntold.merge(kind, 1L, Long::sum);
        }
    }

    // Reading.

    /// The number of the latest; 0 if there is none.
    public long newest() {
        loadCheck.run();
        synchronized (lock) {
            return newest;
        }
    }

    /// Those that are still there with a greater number, the oldest first, not more than `max`. If the first one's
    /// number is not the next, those between were overwritten.
    public List<Event> after(long number, int max) {
        loadCheck.run();
        List<Event> events = new ArrayList<>();
        synchronized (lock) {
            long first = Math.max(Math.max(0, number) + 1, newest - EVENTS_MAX + 1);
            for (long i = first; i <= newest && events.size() < max; i++) {
                Event event = ring[(int) (i % EVENTS_MAX)];
                assert event != null && event.number() == i;
                events.add(event);
            }
        }
        // A peer may have been told before its name was.
        events.replaceAll(event ->
                event.key() == null || !event.name().isEmpty() ? event : event.named(names.apply(event.key())));
        return events;
    }

    /// Waits until there is one with a greater number, or until `ends` is true after [#wake]; looks after a load
    /// meanwhile, whose end nobody else might notice.
    public void awaitChange(long number, BooleanSupplier ends) throws InterruptedException {
        while (true) {
            synchronized (lock) {
                if (newest > number || ends.getAsBoolean()) {
                    return;
                }
                lock.wait(underLoad ? LOAD_CHECK_MS : 0);
            }
            loadCheck.run();
        }
    }

    /// Whoever waits looks again.
    public void wake() {
        synchronized (lock) {
            lock.notifyAll();
        }
    }

    /// How many of a kind were told since the start.
    public long made(EventKind kind) {
        synchronized (lock) {
            return made.getOrDefault(kind, 0L);
        }
    }

    /// How many of a kind the rate limit kept back.
    public long keptBack(EventKind kind) {
        synchronized (lock) {
            return keptBack.getOrDefault(kind, 0L);
        }
    }
}
