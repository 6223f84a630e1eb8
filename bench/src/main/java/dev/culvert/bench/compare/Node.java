package dev.culvert.bench.compare;

import dev.culvert.bench.compare.Implementation.Kind;
import dev.culvert.bench.lab.Background;
import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Owner;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.Tunnel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One end of a tunnel.
///
/// @param program null for the kernel's own, which has no process
record Node(
        Namespace namespace, String interfaceName, @Nullable Background program) {
    private static final int MTU = 1420;
    /// Fifty thousand peers take seconds.
    private static final Duration CONFIGURE_LIMIT = Duration.ofMinutes(2);

    /// Starts a WireGuard, whose interface has no configuration yet.
    static Node start(
            Owner owner,
            Namespace namespace,
            String interfaceName,
            Implementation implementation,
            Map<String, String> environment) {
        if (implementation.kind() == Kind.KERNEL) {
            namespace.ip("link add " + interfaceName + " type wireguard");
            return new Node(namespace, interfaceName, null);
        }
        Map<String, String> all = new LinkedHashMap<>(Map.of("LOG_LEVEL", "error"));
        all.putAll(environment);
        return new Node(
                namespace, interfaceName, Tunnel.start(owner, namespace, interfaceName, implementation.command(), all));
    }

    /// Replaces the configuration by a file's text, as wg(8) reads it.
    void configure(String text) {
        Shell.run(CONFIGURE_LIMIT, text, namespace.inside("wg setconf " + interfaceName + " /dev/stdin"))
                .required();
    }

    void up(String address) {
        namespace.ip("addr add " + address + " dev " + interfaceName);
        namespace.ip("link set " + interfaceName + " mtu " + MTU + " up");
    }

    /// NaN for the kernel's own: its work is done in threads that are everybody's.
    double cpuSeconds() {
        return program == null ? Double.NaN : Figures.cpuSeconds(program.process.pid());
    }
}
