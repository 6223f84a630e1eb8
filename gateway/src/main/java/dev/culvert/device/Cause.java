package dev.culvert.device;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Why a peer has no connection, or has one: what an [Incident] was, or what a [Diagnosis] concludes from the state.
/// The texts are what operators read.
@Published
public enum Cause {
    // Of what came in.
    WRONG_HUB_KEY(
            "a handshake message was not made for our public key (mac1)",
            "put this hub's public key (`culvert show IFNAME public-key`) into the sender's [Peer] section"),
    NO_PRIVATE_KEY("this interface has no private key", "set PrivateKey in the hub's [Interface] section"),
    UNDER_LOAD(
            "the hub is under load and asked the sender for a cookie",
            "nothing: a real peer answers with the cookie and comes in; if none does, replies to it are lost"),
    RATE_LIMITED(
            "the hub is under load and this address starts too many handshakes",
            "look for peers behind one address, or raise per-source-per-second in the settings"),
    QUEUE_FULL(
            "more handshakes came than the hub can compute",
            "nothing if it has just started; else give it more handshake-workers"),
    BAD_INITIATION(
            "an initiation for our key did not open: damaged or forged",
            "nothing, unless a peer that should connect comes from there: then look at its software"),
    OWN_KEY(
            "an initiation carries the hub's own public key",
            "the peer was given the hub's private key: make one of its own (`culvert genkey`)"),
    UNKNOWN_KEY(
            "the initiation is of a public key that is no peer here",
            "add that key as a peer, or give the sender the private key that belongs to its peer here"),
    CLOCK_BEHIND(
            "the initiation's timestamp is older than the last one of this peer: its clock went back, another host"
                    + " uses its key, or it is a replay",
            "set the peer's clock (NTP), and look that no two hosts have one key; or remove the peer and add it again"),
    REPLAYED(
            "an initiation came again",
            "nothing: the network or somebody repeats it; if it is the peer itself, its clock stands still"),
    LOW_ORDER_KEY("the key is of small order and unsafe", "make the peer another key (`culvert genkey`)"),
    TOO_OFTEN("initiations of one peer came within 20 ms", "look that no two hosts have one key"),
    DRAINING("the hub is draining and lets no new peer in", "end it with `culvert drain --undo`, or use another hub"),
    NEVER_CONFIRMED(
            "the hub answered, and no data came under the new key: the preshared key differs, or the answer does not"
                    + " reach the peer",
            "compare PresharedKey on both sides; then look at the way back (firewall, NAT, routes from the hub)"),
    BAD_RESPONSE(
            "the peer's response did not open: the preshared key differs, or it is forged",
            "compare PresharedKey on both sides"),
    NO_ANSWER(
            "the hub sent initiations and nothing came back",
            "look whether the peer runs, whether Endpoint, port and firewall are right, and whether it has this hub's"
                    + " public key"),
    SOURCE_NOT_ALLOWED(
            "an inner packet's source address is not among this peer's allowed-ips",
            "add it to AllowedIPs of this peer here, or set the peer's Address to what it may use"),
    NO_SUCH_SESSION(
            "data of a session that the hub does not have",
            "nothing if the hub has just restarted: the peer makes a new session within 15 s of sending"),
    // Of what went out.
    PACKET_TOO_BIG(
            "a datagram is longer than the way to the peer takes (EMSGSIZE)",
            "lower the MTU of the tunnel on both sides, 1280 suits every way; or let ICMP through"),
    SEND_FAILED("the kernel refused to send to the peer", "look at routes and firewall of the hub"),
    NO_ENDPOINT(
            "packets for the peer were dropped, since its address is not known",
            "let the peer connect first (PersistentKeepalive = 25 on its side), or set Endpoint here"),
    // From the state.
    INTERFACE_DOWN("the interface is down", "bring it up (`ip link set IFNAME up`)"),
    NO_ALLOWED_IPS("the peer has no allowed-ips, so nothing goes to it or comes from it", "set AllowedIPs here"),
    ENDPOINT_NAME("the name in Endpoint cannot be looked up", "correct the name, or look at DNS"),
    CONNECTED("the peer has a session", "nothing"),
    NO_SESSION(
            "the peer was connected and has no session now",
            "nothing if neither side sends: the next packet makes one; else look below for what failed since"),
    NEVER_SEEN(
            "nothing has ever come from this peer",
            "look on its side: is Endpoint this hub, with the right port, does its firewall let UDP out and the hub's"
                    + " let it in, and has it this hub's public key and something to send"),
    NEVER_CONNECTED("the peer has never had a session", "look below for what failed"),
    NOT_A_PEER("this key is no peer here", "add it as a peer, or correct the key"),
    NOTHING_NOTED("nothing that failed has come from this address lately", "look whether its packets reach the hub");

    private static final Map<String, Cause> BY_LABEL =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(Cause::label, Function.identity()));

    private static final Set<Cause> REFUSALS = Set.of(
            WRONG_HUB_KEY,
            NO_PRIVATE_KEY,
            RATE_LIMITED,
            QUEUE_FULL,
            BAD_INITIATION,
            OWN_KEY,
            UNKNOWN_KEY,
            CLOCK_BEHIND,
            REPLAYED,
            LOW_ORDER_KEY,
            TOO_OFTEN,
            DRAINING,
            NEVER_CONFIRMED,
            BAD_RESPONSE);

    private final String label = name().toLowerCase(Locale.ROOT);
    private final String text;
    private final String advice;

    Cause(String text, String advice) {
        this.text = text;
        this.advice = advice;
    }

    /// @throws IllegalArgumentException if there is none of that label
    public static Cause of(String label) {
        Cause cause = BY_LABEL.get(label);
        if (cause == null) {
            throw new IllegalArgumentException("no cause has this label");
        }
        return cause;
    }

    /// Stable and lower-case, for programs.
    public String label() {
        return label;
    }

    /// Whether a handshake message was refused by it, which is an event ([EventKind#REFUSED]).
    boolean refuses() {
        return REFUSALS.contains(this);
    }

    /// What it means.
    public String text() {
        return text;
    }

    /// What to do.
    public String advice() {
        return advice;
    }
}
