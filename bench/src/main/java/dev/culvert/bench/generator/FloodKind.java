package dev.culvert.bench.generator;

import java.util.Locale;

/// What a flood consists of (conformance 5.3, R13).
public enum FloodKind {
    /// Bytes of any length that are no message.
    RANDOM_BYTES(true),
    /// Data for a session that is not there.
    UNKNOWN_INDEX(true),
    /// Initiations for some other key.
    WRONG_MAC1(true),
    /// Initiations whose sender knows the hub's public key and nothing else.
    RANDOM_EPHEMERAL(false),
    /// One genuine initiation, again and again.
    REPLAYED_INITIATION(false),
    /// Data for a session that is there, with a tag that is not.
    BAD_TAG(false);

    private final boolean cheap;

    FloodKind(boolean cheap) {
        this.cheap = cheap;
    }

    /// Whether the hub needs next to no arithmetic to refuse it.
    public boolean isCheap() {
        return cheap;
    }

    public static FloodKind named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    public String operatorName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
