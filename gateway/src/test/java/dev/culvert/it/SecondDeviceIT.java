package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// A port belongs to one device. (The lanes of a device share theirs by SO_REUSEPORT, which would let in a second
/// process that takes half of the packets.)
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachHub")
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
final class SecondDeviceIT {
    private final Topology topology;

    SecondDeviceIT(Topology topology) {
        this.topology = topology;
    }

    @Test
    void isRefusedThePortAndTheFirstLosesNothing() {
        topology.connect(Family.IPV4);
        Node hub = topology.hub();
        Node spoke = topology.spoke();
        String second = topology.network().name("h2");
        Daemon daemon =
                topology.network().daemon(topology.hubImplementation(), topology.lanes(), hub.namespace(), second);
        daemon.awaitReady();
        hub.namespace().ip("link set " + second + " up");
        Wg.set(second, "private-key " + hub.privateKeyFile());

        try (Ping ping = Ping.start(spoke.namespace(), hub.inner(Family.IPV4))) {
            ping.awaitReplies(50, Duration.ofSeconds(10));
            for (int attempt = 0; attempt < 3; attempt++) {
                Command refused = Wg.trySet(second, "listen-port " + hub.port());
                assertThat(refused.exitCode()).as(refused.output()).isNotZero();
                assertThat(refused.output()).contains("Address already in use");
                ping.awaitReplies(25, Duration.ofSeconds(10));
            }
            ping.end().requireNoLoss();
        }

        // What was refused is not the end of the second device.
        Wg.set(second, "listen-port " + (hub.port() + 100));
        assertThat(Wg.dump(second).listenPort()).isEqualTo(hub.port() + 100);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 20);
        daemon.terminate();
        assertThat(daemon.awaitEnd(Duration.ofSeconds(2))).isZero();
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 20);
    }
}
