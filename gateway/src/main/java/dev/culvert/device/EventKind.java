package dev.culvert.device;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What an [Event] tells. The texts are what operators read; `deploy/EVENTS.md` has them with their fields.
@Published
public enum EventKind {
    CONNECTED("a peer that had no session has one: data under its keys has come, or its response", "endpoint"),
    REKEYED("a peer that has a session has the next one", "endpoint"),
    ROAMED("a peer sends from another address or port than before", "from", "to"),
    IDLE("a peer has had no new session for 180 s: nobody sends, or nothing comes through", "endpoint"),
    EXPIRED("the keys of a peer are erased, 540 s after its last handshake", "endpoint"),
    REFUSED(
            "a handshake message was refused; a cause repeated from one address is told once a minute",
            "address",
            "cause"),
    UNANSWERED("the hub gave up: a peer has not answered initiations for 90 s", "endpoint"),
    PEER_ADDED("a peer was configured", "allowed_ips"),
    PEER_REMOVED("a peer was taken away"),
    PEER_CHANGED("a peer's configuration changed", "changed"),
    PEERS_CHANGED("one request changed more peers than are told singly", "added", "removed", "changed"),
    PREFIX_MOVED("a prefix went from one peer to another, since it was given to that one too", "prefix", "from_key"),
    UNDER_LOAD("so many handshakes wait that senders must show a cookie"),
    LOAD_OVER("no cookies are asked for any more"),
    DRAINING("no new peers are let in"),
    DRAINING_OVER("new peers are let in again"),
    LINK_UP("the interface is up, its sockets are open", "port"),
    LINK_DOWN("the interface is down; sessions are gone"),
    LOST("events came faster than they could be passed on", "count");

    private static final Map<String, EventKind> BY_LABEL =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(EventKind::label, Function.identity()));

    private final String label = name().toLowerCase(Locale.ROOT);
    private final String text;

    @SuppressWarnings("ImmutableEnumChecker") // List.of makes one that never changes
    private final List<String> fields;

    EventKind(String text, String... fields) {
        this.text = text;
        this.fields = List.of(fields);
    }

    /// @throws IllegalArgumentException if there is none of that label
    public static EventKind of(String label) {
        EventKind kind = BY_LABEL.get(label);
        if (kind == null) {
            throw new IllegalArgumentException("there is no event '" + label + "'");
        }
        return kind;
    }

    /// Stable and lower-case, for programs.
    public String label() {
        return label;
    }

    /// What it means.
    public String text() {
        return text;
    }

    /// What it always carries beside time, number and peer.
    public List<String> fields() {
        return fields;
    }
}
