package dev.culvert.device;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Why a packet was dropped: each drop is counted under exactly one of these, without a log line. The label of
/// the metric, and what an operator is told.
@Published
public enum DropReason {
    MALFORMED("not a WireGuard message: type, reserved bytes or length are wrong"),
    TRUNCATED("the datagram was longer than a receive buffer"),
    NO_IDENTITY("the interface has no private key"),
    BAD_MAC1("the handshake message was not made for our public key"),
    COOKIE_REQUIRED("under load: answered with a cookie reply"),
    COOKIE_WITHHELD("under load: more ask for cookies than a lane answers, and this was its sender's first try"),
    RATE_LIMITED("under load: too many handshakes from this source"),
    HANDSHAKE_QUEUE_FULL("more handshakes than the workers can do, at all or in time"),
    BAD_INITIATION("the initiation did not open"),
    OWN_KEY("the initiation carries our own public key"),
    UNKNOWN_PEER("the initiation is of a public key that is no peer"),
    LOW_ORDER_KEY("a key of small order: the shared secret is zero"),
    STALE_TIMESTAMP("the initiation's timestamp is not newer: a replay, or the peer's clock went back"),
    HANDSHAKE_FLOOD("initiations of one peer within 20 ms"),
    UNEXPECTED_RESPONSE("a response to no outstanding initiation"),
    BAD_RESPONSE("the response did not open: another preshared key, or a forgery"),
    BAD_COOKIE("a cookie reply that was not asked for or did not open"),
    DRAINING("the hub is draining, and the peer has no session here"),
    SUPERSEDED("the configuration changed while the handshake was computed"),
    UNKNOWN_INDEX("data of a session that is not ours or has ended"),
    EXPIRED_SESSION("data under a key older than 180 s"),
    REPLAYED("data with a counter seen before, or too old"),
    FORGED("data that did not authenticate"),
    INNER_VERSION("the inner packet is neither IPv4 nor IPv6"),
    INNER_LENGTH("the inner packet's length is wrong"),
    SPOOFED_SOURCE("the inner source address belongs to another peer or to none"),
    TUN_FULL("the TUN device did not take the packet"),
    TUN_DOWN("the link is down"),
    NOT_IP("what the host sent is no IP packet"),
    NO_ROUTE("no peer has the destination in its allowed-ips"),
    NO_ENDPOINT("the peer's address is not known yet"),
    STAGED_OVERFLOW("more than 128 packets wait for the peer's handshake"),
    STAGED_MEMORY("packets that wait for handshakes have reached the device's limit of bytes"),
    STAGED_EXPIRED("the peer did not answer for 90 s"),
    LANE_FULL("the packet's home lane does not keep up"),
    SEND_QUEUE_FULL("the socket or the network card takes no more"),
    SEND_FAILED("the kernel refused to send: see routes and firewall"),
    PEER_REMOVED("the peer was removed"),
    DEVICE_DOWN("the interface went down");

    private static final Set<String> LABELS =
            Stream.of(values()).map(DropReason::label).collect(Collectors.toUnmodifiableSet());

    private final String text;
    private final String label;

    DropReason(String text) {
        this.text = text;
        label = name().toLowerCase(Locale.ROOT);
    }

    /// Whether a reason has this label.
    public static boolean isLabel(String text) {
        return LABELS.contains(text);
    }

    /// One sentence for people.
    public String text() {
        return text;
    }

    /// Stable and lower-case, for metrics.
    public String label() {
        return label;
    }
}
