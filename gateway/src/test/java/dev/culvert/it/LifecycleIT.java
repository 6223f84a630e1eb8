package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A daemon starts, ends, and leaves nothing behind.
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
final class LifecycleIT {
    private static final Duration END_LIMIT = Duration.ofSeconds(2);

    static IntStream lanes() {
        return Implementation.lanes();
    }

    @ParameterizedTest(name = "{0} lanes")
    @MethodSource("lanes")
    void endsCleanlyAndStartsAgain(int lanes) {
        try (Network network = new Network()) {
            Namespace namespace = network.namespace("n");
            String interfaceName = network.name("t");
            Daemon first = start(network, namespace, interfaceName, lanes);
            first.terminate();
            requireEnd(first, namespace, interfaceName);

            // The same name again, this time ended by taking its interface away.
            Daemon second = start(network, namespace, interfaceName, lanes);
            namespace.ip("link del " + interfaceName);
            requireEnd(second, namespace, interfaceName);

            Daemon third = start(network, namespace, interfaceName, lanes);
            third.terminate();
            requireEnd(third, namespace, interfaceName);
        }
    }

    private static Daemon start(Network network, Namespace namespace, String interfaceName, int lanes) {
        Daemon daemon = network.daemon(Implementation.underTest(), lanes, namespace, interfaceName);
        daemon.awaitReady();
        namespace.ip("link set " + interfaceName + " up");
        Wg.set(interfaceName, "listen-port 51820 peer " + Identity.fresh().publicKey() + " allowed-ips 10.77.0.0/24");
        return daemon;
    }

    private static void requireEnd(Daemon daemon, Namespace namespace, String interfaceName) {
        assertThat(daemon.awaitEnd(END_LIMIT)).as("exit code").isZero();
        assertThat(namespace.hasLink(interfaceName)).isFalse();
        assertThat(Files.exists(Daemon.socketOf(interfaceName))).isFalse();
    }
}
