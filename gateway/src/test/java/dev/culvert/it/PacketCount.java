package dev.culvert.it;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A named nftables counter in a namespace: what really crossed an interface, whatever a daemon says.
final class PacketCount {
    private static final Pattern PACKETS = Pattern.compile("packets (\\d+) bytes");

    private final Namespace namespace;
    private final String name;

    private PacketCount(Namespace namespace, String name) {
        this.namespace = namespace;
        this.name = name;
    }

    /// Counts the packets that pass the netfilter hook (`input`, `output`, `prerouting`) and match.
    static PacketCount of(Namespace namespace, String name, String hook, String match) {
        namespace.nft("""
                table inet it {
                  counter %1$s { }
                  chain %1$s_chain {
                    type filter hook %2$s priority -300
                    %3$s counter name %1$s
                  }
                }
                """.formatted(name, hook, match));
        return new PacketCount(namespace, name);
    }

    long packets() {
        String listed =
                namespace.run("nft", "list", "counter", "inet", "it", name).required();
        Matcher packets = PACKETS.matcher(listed);
        if (!packets.find()) {
            throw new AssertionError("nft printed no counter: " + listed);
        }
        return Long.parseLong(packets.group(1));
    }
}
