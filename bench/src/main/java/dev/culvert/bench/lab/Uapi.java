package dev.culvert.bench.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Speaks to a tunnel's management socket. One connection a request.
public final class Uapi {
    private Uapi() {}

    public static Path socketOf(String interfaceName) {
        return Path.of("/var/run/wireguard", interfaceName + ".sock");
    }

    public static boolean answers(String interfaceName) {
        try {
            return request(interfaceName, "get=1\n\n").contains("errno=0");
        } catch (IOException notYet) {
            return false;
        }
    }

    /// @param lines without `set=1` and the closing blank line
    public static void set(String interfaceName, CharSequence lines) {
        try {
            List<String> answer = request(interfaceName, "set=1\n" + lines + "\n");
            if (!answer.contains("errno=0")) {
                throw new TrialFailure(interfaceName + " answered a set with " + answer);
            }
        } catch (IOException e) {
            throw new TrialFailure(interfaceName + " could not be configured: " + e.getMessage(), e);
        }
    }

    public static List<String> get(String interfaceName) {
        try {
            return request(interfaceName, "get=1\n\n");
        } catch (IOException e) {
            throw new TrialFailure(interfaceName + " does not answer: " + e.getMessage(), e);
        }
    }

    /// Culvert's counters of dropped packets by reason; empty for another program.
    public static Map<String, Long> drops(String interfaceName) {
        Map<String, Long> drops = new LinkedHashMap<>();
        try {
            for (String line : request(interfaceName, "culvert_drops=1\n\n")) {
                int equals = line.indexOf('=');
                if (equals > 0 && !line.startsWith("errno=")) {
                    drops.put(line.substring(0, equals), Long.parseLong(line.substring(equals + 1)));
                }
            }
        } catch (IOException | NumberFormatException e) {
            return Map.of(); // wireguard-go does not know the request
        }
        return drops;
    }

    /// Peers whose last handshake is known.
    public static long peersWithHandshake(String interfaceName) {
        return get(interfaceName).stream()
                .filter(line -> line.startsWith("last_handshake_time_sec=") && !line.endsWith("=0"))
                .count();
    }

    public static SocketChannel connect(String interfaceName) throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(socketOf(interfaceName)));
    }

    public static List<String> request(String interfaceName, String request) throws IOException {
        try (SocketChannel channel = connect(interfaceName)) {
            ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            List<String> lines = new ArrayList<>();
            BufferedReader reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.US_ASCII));
            for (String line = reader.readLine(); line != null && !line.isEmpty(); line = reader.readLine()) {
                lines.add(line);
            }
            return lines;
        }
    }
}
