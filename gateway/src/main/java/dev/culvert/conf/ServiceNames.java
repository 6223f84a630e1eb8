package dev.culvert.conf;

import dev.culvert.device.IpText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;

/// The UDP services of services(5), which wg(8) accepts wherever a port stands (it asks getaddrinfo(3)). Read
/// once, on the first port that is not a number.
final class ServiceNames {
    private static final Path SERVICES = Path.of("/etc/services");
    private static final int LINES_MAX = 100_000;

    private final Map<String, Integer> ports;

    private ServiceNames(Map<String, Integer> ports) {
        this.ports = ports;
    }

    /// Empty if there is no such file, as on small container images.
    static ServiceNames ofSystem() {
        return Holder.SYSTEM;
    }

    static ServiceNames parse(List<String> lines) {
        Map<String, Integer> ports = new HashMap<>();
        for (String line : lines.subList(0, Math.min(lines.size(), LINES_MAX))) {
            int comment = line.indexOf('#');
            StringTokenizer words = new StringTokenizer(comment < 0 ? line : line.substring(0, comment));
            if (words.countTokens() < 2) {
                continue;
            }
            String name = words.nextToken();
            String port = words.nextToken();
            int number = port.endsWith("/udp") ? IpText.parseDecimal(port, 0, port.length() - 4, 65535) : -1;
            if (number < 0) {
                continue;
            }
            ports.putIfAbsent(name, number);
            while (words.hasMoreTokens()) {
                ports.putIfAbsent(words.nextToken(), number);
            }
        }
        return new ServiceNames(ports);
    }

    /// -1 if there is no such service.
    int port(String name) {
        return ports.getOrDefault(name, -1);
    }

    private static final class Holder {
        private static final ServiceNames SYSTEM = read();

        private static ServiceNames read() {
            try {
                return parse(Files.readAllLines(SERVICES, StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
                return parse(List.of());
            }
        }
    }
}
