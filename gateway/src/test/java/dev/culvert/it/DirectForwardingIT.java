package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Two spokes talk through a hub: what they see is the same whether its kernel forwards or Culvert does, but for
/// the
/// firewall of the hub's host.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachForwarding")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class DirectForwardingIT {
    private static final int SPOOFED = 10;
    private static final int MEGABYTES = 20;

    private final Node hub;
    private final Node one;
    private final Node two;
    private final boolean direct;

    private final Topology topology;

    DirectForwardingIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        one = topology.spoke(0);
        two = topology.spoke(1);
        direct = topology.hubSettings().contains("direct");
    }

    private void connect(Family inner) {
        topology.connect(Family.IPV4);
        Ping.succeeds(one.namespace(), hub.inner(inner), 2);
        Ping.succeeds(two.namespace(), hub.inner(inner), 2);
    }

    /// What the hub's kernel forwards from the tunnel to the tunnel.
    private PacketCount forwarded(String name, Family inner, String verdict) {
        return PacketCount.of(
                hub.namespace(),
                name + inner.name(),
                "forward",
                "iifname " + hub.interfaceName() + " meta nfproto "
                        + inner.name().toLowerCase(Locale.ROOT) + verdict);
    }

    @ParameterizedTest(name = "inside {0}")
    @EnumSource(Family.class)
    void spokesSeeOneHopAndTheKernelSeesThemOnlyIfItForwards(Family inner) {
        connect(inner);
        PacketCount count = forwarded("seen", inner, "");
        Ping.succeeds(one.namespace(), two.inner(inner), 50);
        Ping.succeeds(two.namespace(), one.inner(inner), 50);
        assertThat(one.namespace()
                        .run("ping", "-n", "-c", "1", "-W", "2", two.inner(inner))
                        .required())
                .contains("ttl=63");
        Transfer.succeeds(one.namespace(), two.namespace(), two.inner(inner), MEGABYTES);
        Transfer.succeeds(two.namespace(), one.namespace(), one.inner(inner), MEGABYTES);
        if (direct) {
            assertThat(count.packets()).isZero();
        } else {
            assertThat(count.packets()).isGreaterThan(200);
        }
    }

    @ParameterizedTest(name = "inside {0}")
    @EnumSource(Family.class)
    void theHubAnswersWhenTheTimeToLiveIsUsedUp(Family inner) {
        connect(inner);
        String output = one.namespace()
                .run("ping", "-n", "-c", "2", "-W", "2", "-t", "1", two.inner(inner))
                .output();
        assertThat(output)
                .as("time exceeded, as traceroute sees it")
                .contains("From " + hub.inner(inner))
                .containsIgnoringCase(inner == Family.IPV4 ? "Time to live exceeded" : "Hop limit");
        Ping.succeeds(one.namespace(), two.inner(inner), 2, "-t", "2");
    }

    @ParameterizedTest(name = "inside {0}")
    @EnumSource(Family.class)
    void theHostsFirewallAppliesOnlyIfItsKernelForwards(Family inner) {
        connect(inner);
        Ping.succeeds(one.namespace(), two.inner(inner), 2);
        String table = "inet shut" + inner.name();
        hub.namespace().nft("""
                table %s {
                  chain forward {
                    type filter hook forward priority 0
                    policy drop
                  }
                }
                """.formatted(table));
        try {
            if (direct) {
                Ping.succeeds(one.namespace(), two.inner(inner), 20);
            } else {
                Ping.fails(one.namespace(), two.inner(inner), 5);
            }
            Ping.succeeds(one.namespace(), hub.inner(inner), 2);
        } finally {
            hub.namespace().nft("delete table " + table);
        }
    }

    @ParameterizedTest(name = "inside {0}")
    @EnumSource(Family.class)
    void anotherSpokesSourceIsDropped(Family inner) {
        connect(inner);
        PacketCount arrived = PacketCount.of(
                two.namespace(),
                "stolen" + inner.name(),
                "prerouting",
                "iifname " + two.interfaceName() + (inner == Family.IPV4 ? " ip" : " ip6") + " saddr "
                        + hub.inner(inner));
        String address = hub.inner(inner) + "/" + inner.hostPrefixLength();
        Network.addAddresses(one.namespace(), one.interfaceName(), address);
        try {
            Ping.fails(one.namespace(), two.inner(inner), SPOOFED, "-I", hub.inner(inner));
        } finally {
            one.namespace().ip("addr del " + address + " dev " + one.interfaceName());
        }
        assertThat(arrived.packets()).isZero();
        Ping.succeeds(one.namespace(), two.inner(inner), 5);
    }

    @ParameterizedTest(name = "inside {0}")
    @EnumSource(Family.class)
    void anAddressThatTheHubTakesForItselfIsTheHubs(Family inner) {
        connect(inner);
        Ping.succeeds(one.namespace(), two.inner(inner), 2);
        // The hub's host gets the address that a peer's prefix covers: from then on it is the host's.
        String address = two.inner(inner) + "/" + inner.hostPrefixLength();
        PacketCount taken = PacketCount.of(
                hub.namespace(),
                "taken" + inner.name(),
                "input",
                "iifname " + hub.interfaceName() + (inner == Family.IPV4 ? " ip" : " ip6") + " daddr "
                        + two.inner(inner));
        Network.addAddresses(hub.namespace(), "lo", address);
        try {
            Await.until(() -> "the hub answers for " + address, Duration.ofSeconds(3), () -> {
                one.namespace().run("ping", "-n", "-c", "1", "-W", "0.2", two.inner(inner));
                return taken.packets() > 0;
            });
        } finally {
            hub.namespace().ip("addr del " + address + " dev lo");
        }
        Await.until(
                () -> "the spoke has its address again",
                Duration.ofSeconds(3),
                () -> one.namespace()
                        .run("ping", "-n", "-c", "1", "-W", "0.5", two.inner(inner))
                        .output()
                        .contains("ttl=63"));
    }
}
