package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Steering by eBPF: what the host sends comes out at the lane of its peer, and in order. Four spokes, each with
/// networks of its own, and 5,000 flows to them that fall silent for longer than the kernel remembers a flow (3 s).
/// (wireguard-go has one TUN queue.)
@DisabledIfSystemProperty(named = "culvert.it.implementation", matches = "wireguard-go")
@ExtendWith(LogsOnFailure.class)
@Timeout(150)
final class SteeringIT {
    private static final String METRICS = "http://127.0.0.1:9586/metrics";
    private static final int SPOKES = 4;
    private static final int TARGETS = 100;
    private static final int ROUNDS = 3;
    private static final int TCP_CONNECTIONS = 5_000;
    private static final int PAUSE_MS = 3_300;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Network network = new Network();
    private final Namespace hub = network.namespace("h");
    private final String hubInterface = network.name("st");
    private final Identity identity = Identity.fresh();
    private final List<Node> spokes = new ArrayList<>();
    private final List<String> targets = new ArrayList<>();

    SteeringIT() {
        network.bridge(hub, "br0", "172.30.0.1/24");
        for (int i = 0; i < SPOKES; i++) {
            int host = 10 + i;
            Namespace namespace = network.namespace("s" + i);
            network.plug(hub, "br0", namespace, "eth0", "172.30.0." + host + "/24");
            Node spoke = new Node(network, namespace, Implementation.WIREGUARD_GO, 1, host, Topology.SPOKE_PORT);
            spoke.up();
            namespace.ip("route add local 10.80." + host + ".0/24 dev lo");
            namespace.ip("-6 route add local fd80:0:0:" + host + "::/64 dev lo");
            spoke.setconf(spoke.interfaceSection()
                    + Topology.peerSection(
                            identity.publicKey(),
                            null,
                            Node.TUNNEL_PREFIX_4 + "," + Node.TUNNEL_PREFIX_6,
                            "172.30.0.1:" + Topology.HUB_PORT));
            spokes.add(spoke);
        }
        for (int i = 0; i < TARGETS; i++) {
            int host = 10 + i % SPOKES;
            targets.add(i % 8 < SPOKES ? "10.80." + host + "." + i : "fd80:0:0:" + host + "::" + i);
        }
    }

    @AfterEach
    void close() {
        network.close();
    }

    /// A hub with its spokes connected.
    ///
    /// @param before words before the command, as of a program that starts it
    private Daemon up(int lanes, String steering, String... before) {
        Path settings = network.secretFile(
                hubInterface + ".yaml", "steering: " + steering + "\nadmin:\n  listen: 127.0.0.1:9586\n");
        List<String> command = new ArrayList<>(List.of("env", "CULVERT_SETTINGS=" + settings));
        command.addAll(List.of(before));
        command.addAll(Implementation.CULVERT.foreground(hubInterface));
        Daemon daemon = network.daemon(hub, hubInterface, command, Implementation.CULVERT, lanes);
        daemon.awaitReady();
        Network.addAddresses(hub, hubInterface, "10.77.0.1/24", "fd77::1/64");
        hub.ip("link set " + hubInterface + " mtu " + Node.MTU + " up");
        hub.ip("route add 10.80.0.0/16 dev " + hubInterface);
        hub.ip("-6 route add fd80::/48 dev " + hubInterface);
        StringBuilder file = new StringBuilder(
                "[Interface]\nPrivateKey=" + identity.privateKey() + "\nListenPort=" + Topology.HUB_PORT + "\n");
        for (int i = 0; i < SPOKES; i++) {
            Node spoke = spokes.get(i);
            file.append(Topology.peerSection(
                    spoke.identity().publicKey(),
                    null,
                    spoke.innerPrefixes() + ",10.80." + (10 + i) + ".0/24,fd80:0:0:" + (10 + i) + "::/64",
                    null));
        }
        Path conf = network.secretFile(hubInterface + ".conf", file.toString());
        Command.require("wg", "setconf", hubInterface, conf.toString());
        spokes.forEach(spoke -> Ping.succeeds(spoke.namespace(), "10.77.0.1", 5));
        Await.until("metrics", LIMIT, () -> hub.run("curl", "-fsS", METRICS).exitCode() == 0);
        return daemon;
    }

    private FlowOrder flows(int rounds) {
        return FlowOrder.measure(hub, spokes.stream().map(Node::namespace).toList(), targets, rounds, PAUSE_MS);
    }

    private double handedOver() {
        return hub.run("curl", "-fsS", METRICS)
                .required()
                .lines()
                .filter(line -> line.startsWith("culvert_hand_overs_total{") && line.contains("direction=\"given\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private static String logOf(Daemon daemon) {
        try {
            return Files.readString(daemon.log());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest(name = "{0} lanes")
    @ValueSource(ints = {1, 2, 3})
    void everyPacketComesOutAtItsLaneAndInOrder(int lanes) {
        Daemon daemon = up(lanes, "ebpf");
        Await.until("the kernel to know the spokes' lanes", LIMIT, () -> {
            double before = handedOver();
            spokes.forEach(spoke -> Ping.succeeds(hub, spoke.inner(Family.IPV4), 3));
            return handedOver() == before;
        });
        double before = handedOver();
        FlowOrder order = flows(ROUNDS);
        System.out.println(lanes + " lanes, ebpf: " + order + ", handed over " + (handedOver() - before));
        assertThat(order.received()).as("most, on a busy machine").isGreaterThan(order.sent() / 2);
        assertThat(order.reordered()).as("%s", order).isZero();
        assertThat(handedOver() - before).as("of %s", order).isLessThan(order.sent() / 1000.0);
        assertThat(logOf(daemon).contains("are steered to their lane by eBPF")).isEqualTo(lanes > 1);
    }

    /// Connections that fall silent for longer than the kernel remembers their lane, and then send more than one
    /// super-packet at once.
    @ParameterizedTest(name = "{0} lanes")
    @ValueSource(ints = {1, 2, 3})
    void noTcpSegmentOvertakesAnother(int lanes) {
        up(lanes, "auto");
        // The host's bursts wait for a busy machine, and few are lost.
        hub.ip("link set " + hubInterface + " txqueuelen 20000");
        TcpOrder order = TcpOrder.measure(
                hub, spokes.stream().map(Node::namespace).toList(), targets, TCP_CONNECTIONS, ROUNDS, PAUSE_MS);
        System.out.println(lanes + " lanes: " + order);
        assertThat(order.received()).as("%s", order).isEqualTo(order.sent());
        assertThat(order.reorderings()).as("%s", order).isZero();
        // A loss also leaves segments out of order, which no sender takes for overtaking: up to 16 of 15,000 bursts on
        // a
        // busy machine. With the kernel's own choice it is a fifth of the bursts, and more.
        assertThat(order.outOfOrder())
                .as("%s", order)
                .isLessThan(TCP_CONNECTIONS * ROUNDS / 100)
                .isLessThanOrEqualTo(order.retransmitted());
    }

    /// What the other test would see without the program.
    @Test
    void theKernelsOwnChoiceNeedsHandOvers() {
        up(2, "kernel");
        double before = handedOver();
        FlowOrder order = flows(1);
        System.out.println("2 lanes, the kernel's: " + order + ", handed over " + (handedOver() - before));
        assertThat(handedOver() - before).as("of %s", order).isGreaterThan(order.sent() / 20.0);
    }

    @Test
    void goesOnWithoutWhereTheKernelRefusesIt() {
        Daemon daemon = up(2, "ebpf", "setpriv", "--bounding-set", "-bpf,-sys_admin", "--");
        assertThat(logOf(daemon)
                        .lines()
                        .filter(line -> line.contains("the lane that the kernel chooses, and may overtake")))
                .singleElement()
                .asString()
                .contains("CAP_BPF");
        spokes.forEach(spoke -> Ping.succeeds(hub, spoke.inner(Family.IPV6), 5));
    }
}
