package dev.culvert.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Speaks to a daemon's socket itself, where starting `wg` would be too slow (polling) or where `wg` does not
/// know the request (Culvert's drop counters).
final class Uapi {
    private Uapi() {}

    static boolean answers(String interfaceName) {
        try {
            return request(interfaceName, "get=1\n\n").contains("errno=0");
        } catch (UncheckedIOException notYet) {
            return false;
        }
    }

    /// UDP payload bytes received by the interface from all its peers.
    static long rxBytes(String interfaceName) {
        return sum(interfaceName, "rx_bytes");
    }

    /// UDP payload bytes sent by the interface to all its peers.
    static long txBytes(String interfaceName) {
        return sum(interfaceName, "tx_bytes");
    }

    /// Culvert's count of packets that were dropped for the reason.
    static long drops(String interfaceName, String reason) {
        return sum(request(interfaceName, "culvert_drops=1\n\n"), reason);
    }

    /// What Culvert says to the question why a peer or an address does not connect, line by line.
    static List<String> why(String interfaceName, String query) {
        return request(interfaceName, "culvert_why=1\nquery=" + query + "\n\n");
    }

    private static long sum(String interfaceName, String key) {
        return sum(request(interfaceName, "get=1\n\n"), key);
    }

    private static long sum(List<String> answer, String key) {
        String start = key.toLowerCase(Locale.ROOT) + "=";
        return answer.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
                .mapToLong(line -> Long.parseLong(line.substring(start.length())))
                .sum();
    }

    private static List<String> request(String interfaceName, String request) {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(Daemon.socketOf(interfaceName));
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(address);
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
            List<String> lines = new ArrayList<>();
            BufferedReader reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.US_ASCII));
            for (String line = reader.readLine(); line != null && !line.isEmpty(); line = reader.readLine()) {
                lines.add(line);
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
