package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Two spokes talk through the hub, whose kernel forwards between them; and neither can pass for the other.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachHubOfTwo")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class ForwardingIT {
    /// Of the pings that are counted: a greeting of the honest owner that is still under way has another.
    private static final int SIZE = 77;

    private static final int SPOOFED = 20;

    private final Topology topology;
    private final Node hub;
    private final Node one;
    private final Node two;

    ForwardingIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        one = topology.spoke(0);
        two = topology.spoke(1);
    }

    @ParameterizedTest(name = "inside {0}")
    @EnumSource(Family.class)
    void spokesTalkThroughTheHub(Family inner) {
        connectAndGreet(inner);
        try (Ping there = Ping.start(one.namespace(), two.inner(inner));
                Ping back = Ping.start(two.namespace(), one.inner(inner))) {
            there.succeeds(100);
            back.succeeds(100);
        }
        Node sender = inner == Family.IPV4 ? one : two;
        Node receiver = inner == Family.IPV4 ? two : one;
        Transfer.succeeds(sender.namespace(), receiver.namespace(), receiver.inner(inner), 20);
    }

    @ParameterizedTest(name = "inside {0}")
    @EnumSource(Family.class)
    void dropsAndCountsAnotherPeersInnerSource(Family inner) {
        connectAndGreet(inner);
        String stolen = two.inner(inner);
        PacketCount delivered = PacketCount.of(
                hub.namespace(),
                "delivered_" + inner.name(),
                "prerouting",
                "iifname " + hub.interfaceName() + (inner == Family.IPV4 ? " ip" : " ip6") + " saddr " + stolen
                        + (inner == Family.IPV4 ? " ip length " + (28 + SIZE) : " ip6 length " + (8 + SIZE)));
        long dropsBefore = spoofedSourceDrops();
        long rxBefore = hub.peer(one).rxBytes();

        String address = stolen + "/" + inner.hostPrefixLength();
        Network.addAddresses(one.namespace(), one.interfaceName(), address);
        try {
            Ping.fails(one.namespace(), hub.inner(inner), SPOOFED, "-I", stolen, "-s", Integer.toString(SIZE));
        } finally {
            one.namespace().ip("addr del " + address + " dev " + one.interfaceName());
        }
        if (topology.hubImplementation() == Implementation.CULVERT) {
            Await.until(
                    () -> SPOOFED + " more drops SPOOFED_SOURCE than " + dropsBefore + ", now " + spoofedSourceDrops(),
                    Duration.ofSeconds(2),
                    () -> spoofedSourceDrops() == dropsBefore + SPOOFED);
        } else {
            Await.until(
                    "the packets reach the hub",
                    Duration.ofSeconds(2),
                    () -> hub.peer(one).rxBytes() > rxBefore);
        }
        assertThat(delivered.packets()).isZero();

        // The counter works and the honest owner of the address is not hurt.
        Ping.succeeds(two.namespace(), hub.inner(inner), 5, "-s", Integer.toString(SIZE));
        assertThat(delivered.packets()).isGreaterThanOrEqualTo(5);
        Ping.succeeds(one.namespace(), hub.inner(inner), 5);
    }

    private long spoofedSourceDrops() {
        return topology.hubImplementation() == Implementation.CULVERT
                ? Uapi.drops(hub.interfaceName(), "SPOOFED_SOURCE")
                : 0;
    }

    private void connectAndGreet(Family inner) {
        topology.connect(Family.IPV4);
        Ping.succeeds(one.namespace(), hub.inner(inner), 2);
        Ping.succeeds(two.namespace(), hub.inner(inner), 2);
    }
}
