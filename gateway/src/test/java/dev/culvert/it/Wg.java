package dev.culvert.it;

import java.util.ArrayList;
import java.util.List;

/// Debian's `wg`, which finds a daemon by its socket from any namespace, and its tab-separated dump.
final class Wg {
    private Wg() {}

    static void set(String interfaceName, String words) {
        trySet(interfaceName, words).required();
    }

    static Command trySet(String interfaceName, String words) {
        List<String> command = new ArrayList<>(List.of("wg", "set", interfaceName));
        command.addAll(List.of(words.split(" ")));
        return Command.run(Command.LIMIT, "", command);
    }

    static Dump dump(String interfaceName) {
        return Dump.parse(Command.require("wg", "show", interfaceName, "dump"));
    }

    /// The only peer of an interface.
    static Peer onlyPeer(String interfaceName) {
        List<Peer> peers = dump(interfaceName).peers();
        if (peers.size() != 1) {
            throw new AssertionError(interfaceName + " has " + peers.size() + " peers instead of one");
        }
        return peers.getFirst();
    }

    /// @param listenPort 0 if no socket is open
    /// @param fwmark `off` or hexadecimal
    record Dump(String publicKey, int listenPort, String fwmark, List<Peer> peers) {
        static Dump parse(String text) {
            List<String[]> lines =
                    text.lines().map(line -> line.split("\t", -1)).toList();
            String[] device = lines.getFirst();
            List<Peer> peers = lines.stream().skip(1).map(Peer::parse).toList();
            return new Dump(device[1], Integer.parseInt(device[2]), device[3], peers);
        }

        Peer peer(String publicKey) {
            return peers.stream()
                    .filter(peer -> peer.publicKey().equals(publicKey))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no peer " + publicKey));
        }
    }

    /// @param endpoint `(none)` if unknown
    /// @param allowedIps comma-separated or `(none)`
    /// @param latestHandshakeSeconds since 1970, 0 for never
    /// @param persistentKeepalive seconds or `off`
    record Peer(
            String publicKey,
            boolean hasPresharedKey,
            String endpoint,
            String allowedIps,
            long latestHandshakeSeconds,
            long rxBytes,
            long txBytes,
            String persistentKeepalive) {
        private static Peer parse(String[] fields) {
            return new Peer(
                    fields[0],
                    !fields[1].equals("(none)"),
                    fields[2],
                    fields[3],
                    Long.parseLong(fields[4]),
                    Long.parseLong(fields[5]),
                    Long.parseLong(fields[6]),
                    fields[7]);
        }
    }
}
