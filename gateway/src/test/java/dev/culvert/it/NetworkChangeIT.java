package dev.culvert.it;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The spoke sends from the address on which it was last answered; here that address, or its whole interface,
/// is taken from it while it talks.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachSpoke")
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
final class NetworkChangeIT {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final Topology topology;
    private final Node hub;
    private final Node spoke;

    NetworkChangeIT(Topology topology) {
        this.topology = topology;
        hub = topology.hub();
        spoke = topology.spoke();
    }

    /// wireguard-go may stay stuck with a lost IPv4 address: it knows EINVAL, which the kernel answers for IPv6
    /// only.
    static Stream<Family> families() {
        return Implementation.underTest() == Implementation.WIREGUARD_GO
                ? Stream.of(Family.IPV6)
                : Stream.of(Family.values());
    }

    @ParameterizedTest(name = "outside {0}")
    @MethodSource("families")
    void aReplacedAddressCostsOnlyWhatIsInFlight(Family outer) {
        String prefix = outer == Family.IPV4 ? "/24" : "/64";
        String old = spoke.outer(outer) + prefix;
        String fresh = spoke.outer(outer) + "9";
        spoke.namespace().sysctl("ipv4/conf/all/promote_secondaries", "1");
        topology.connect(outer);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 5);
        try (Ping ping = Ping.start(spoke.namespace(), hub.inner(Family.IPV4))) {
            ping.awaitReplies(25, LIMIT);
            Move move = Move.make(
                    "the spoke's address is replaced",
                    () -> {
                        Network.addAddresses(spoke.namespace(), "eth0", fresh + prefix);
                        spoke.namespace().ip("addr del " + old + " dev eth0");
                    },
                    () -> hub.peer(spoke).endpoint().equals(outer.endpoint(fresh, spoke.port())));
            ping.awaitReplies(25, LIMIT);
            Move.requireLostOnlyInFlight(ping.end(), List.of(move), 0);
            Ping.succeeds(hub.namespace(), spoke.inner(Family.IPV4), 20);
        } finally {
            Network.addAddresses(spoke.namespace(), "eth0", old);
            spoke.namespace().ip("addr del " + fresh + prefix + " dev eth0");
        }
    }

    /// As when a machine's wireless network is gone and the mobile one has taken over.
    @ParameterizedTest(name = "outside {0}")
    @MethodSource("families")
    void aLostInterfaceCostsOnlyWhatIsInFlight(Family outer) {
        String route = secondUnderlay(outer);
        topology.connect(outer);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 5);
        try (Ping ping = Ping.start(spoke.namespace(), hub.inner(Family.IPV4))) {
            ping.awaitReplies(25, LIMIT);
            Move move = Move.make(
                    "the spoke's interface is lost",
                    () -> {
                        spoke.namespace().ip(route.formatted("replace"));
                        spoke.namespace().ip("link set eth0 down");
                    },
                    () -> hub.peer(spoke).endpoint().equals(outer.endpoint(spoke.secondOuter(outer), spoke.port())));
            ping.awaitReplies(25, LIMIT);
            Move.requireLostOnlyInFlight(ping.end(), List.of(move), 0);
            Ping.succeeds(hub.namespace(), spoke.inner(Family.IPV4), 20);
        } finally {
            spoke.namespace().ip(route.formatted("del"));
            spoke.namespace().ip("link set eth0 up");
            // The kernel takes the IPv6 addresses away with the link.
            spoke.namespace().ip("addr replace " + spoke.outer(Family.IPV6) + "/64 dev eth0 nodad");
        }
    }

    /// Plugs the spoke into the hub's second underlay, once.
    ///
    /// @return the `ip` words that lead the way to the hub over it, with a place for the verb
    private String secondUnderlay(Family outer) {
        if (!spoke.namespace().hasLink("eth1")) {
            topology.network().bridge(hub.namespace(), "br1", "172.31.0.1/24", "fd31::1/64");
            topology.network()
                    .plug(
                            hub.namespace(),
                            "br1",
                            spoke.namespace(),
                            "eth1",
                            spoke.secondOuter(Family.IPV4) + "/24",
                            spoke.secondOuter(Family.IPV6) + "/64");
        }
        return outer == Family.IPV4
                ? "route %s 172.30.0.1/32 via 172.31.0.1 dev eth1"
                : "-6 route %s fd30::1/128 via fd31::1 dev eth1";
    }
}
