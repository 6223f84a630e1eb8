package dev.culvert.it;

import static dev.culvert.it.Implementation.WIREGUARD_GO;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A hub and its spokes, each in a namespace of its own, on one underlay that the hub bridges. It is the
/// argument of a parameterized test class: built with the first node that is asked for, shared by the class's
/// tests, closed by JUnit after them. [#connect] gives the nodes keys and peers, as often as the tests like.
final class Topology implements AutoCloseable {
    static final int HUB_PORT = 51820;
    static final int SPOKE_PORT = 51821;

    private static final int FIRST_SPOKE_HOST = 10;

    private final Implementation hubImplementation;
    private final String hubSettings;
    private final int lanes;
    private final List<Implementation> spokeImplementations;
    private @Nullable Nodes nodes;
    private @Nullable Throwable failure;

    private record Nodes(Network network, Node hub, List<Node> spokes) {}

    private Topology(int lanes, Implementation hubImplementation, Implementation... spokeImplementations) {
        this("", lanes, hubImplementation, spokeImplementations);
    }

    private Topology(
            String hubSettings, int lanes, Implementation hubImplementation, Implementation... spokeImplementations) {
        this.hubSettings = hubSettings;
        this.lanes = lanes;
        this.hubImplementation = hubImplementation;
        this.spokeImplementations = List.of(spokeImplementations);
    }

    /// Culvert as the hub of a wireguard-go spoke, as the spoke of a wireguard-go hub, and as both.
    static Stream<Topology> eachPairing() {
        Stream<Topology> mixed = eachMixedPairing();
        return Implementation.underTest() == WIREGUARD_GO ? mixed : Stream.concat(mixed, eachPairOfOurs());
    }

    /// Culvert against wireguard-go, either way round.
    static Stream<Topology> eachMixedPairing() {
        if (Implementation.underTest() == WIREGUARD_GO) {
            return eachHub();
        }
        return Stream.concat(eachHub(), eachSpoke());
    }

    /// Culvert as the spoke of a wireguard-go hub.
    static Stream<Topology> eachSpoke() {
        Implementation ours = Implementation.underTest();
        return Implementation.lanes().mapToObj(lanes -> new Topology(lanes, WIREGUARD_GO, ours));
    }

    /// Culvert as the hub of a wireguard-go spoke.
    static Stream<Topology> eachHub() {
        Implementation ours = Implementation.underTest();
        return Implementation.lanes().mapToObj(lanes -> new Topology(lanes, ours, WIREGUARD_GO));
    }

    /// Culvert as both hub and spoke.
    static Stream<Topology> eachPairOfOurs() {
        Implementation ours = Implementation.underTest();
        return Implementation.lanes().mapToObj(lanes -> new Topology(lanes, ours, ours));
    }

    /// Culvert as the hub of a wireguard-go spoke and of a Culvert spoke.
    static Stream<Topology> eachHubOfTwo() {
        Implementation ours = Implementation.underTest();
        return Implementation.lanes().mapToObj(lanes -> new Topology(lanes, ours, WIREGUARD_GO, ours));
    }

    /// Culvert as the hub of two wireguard-go spokes, either way of forwarding between them.
    static Stream<Topology> eachForwarding() {
        if (Implementation.underTest() == WIREGUARD_GO) {
            return Stream.of(new Topology(1, WIREGUARD_GO, WIREGUARD_GO, WIREGUARD_GO));
        }
        return Implementation.lanes()
                .boxed()
                .flatMap(lanes -> Stream.of("forwarding: kernel\n", "forwarding: direct\n")
                        .map(settings ->
                                new Topology(settings, lanes, Implementation.CULVERT, WIREGUARD_GO, WIREGUARD_GO)));
    }

    /// Culvert with two lanes as the hub of a wireguard-go spoke, for what does not depend on lanes.
    static Stream<Topology> oneHub() {
        return Stream.of(new Topology(2, Implementation.underTest(), WIREGUARD_GO));
    }

    private Nodes nodes() {
        if (failure != null) {
            throw new AssertionError("the topology did not start, see the first test that failed with it", failure);
        }
        if (nodes == null) {
            try {
                nodes = start();
            } catch (RuntimeException | AssertionError e) {
                failure = e;
                throw e;
            }
        }
        return nodes;
    }

    private Nodes start() {
        Network network = new Network();
        try {
            Namespace hubNamespace = network.namespace("h");
            network.forward(hubNamespace);
            network.bridge(hubNamespace, "br0", "172.30.0.1/24", "fd30::1/64");
            Node hub = new Node(network, hubNamespace, hubImplementation, lanes, 1, HUB_PORT, hubSettings);
            List<Node> spokes = new ArrayList<>();
            for (int index = 0; index < spokeImplementations.size(); index++) {
                int host = FIRST_SPOKE_HOST + index;
                Namespace namespace = network.namespace("s" + index);
                network.plug(
                        hubNamespace, "br0", namespace, "eth0", "172.30.0." + host + "/24", "fd30::" + host + "/64");
                spokes.add(new Node(network, namespace, spokeImplementations.get(index), lanes, host, SPOKE_PORT));
            }
            hub.up();
            spokes.forEach(Node::up);
            return new Nodes(network, hub, List.copyOf(spokes));
        } catch (RuntimeException | AssertionError e) {
            network.close();
            throw e;
        }
    }

    Network network() {
        return nodes().network();
    }

    Node hub() {
        return nodes().hub();
    }

    Node spoke() {
        return spoke(0);
    }

    Node spoke(int index) {
        return nodes().spokes().get(index);
    }

    Implementation hubImplementation() {
        return hubImplementation;
    }

    Implementation spokeImplementation() {
        return spokeImplementations.getFirst();
    }

    int lanes() {
        return lanes;
    }

    /// Of a Culvert hub, in YAML; empty for none.
    String hubSettings() {
        return hubSettings;
    }

    /// Fresh keys at all nodes, every spoke a peer of the hub; the spokes know the hub's endpoint.
    void connect(Family outer) {
        connect(outer, null, false);
    }

    /// Fresh keys at all nodes, every spoke a peer of the hub.
    ///
    /// @param hubInitiates the hub knows the spokes' endpoints and they do not know its, instead of the other
    /// way
    void connect(Family outer, @Nullable String presharedKey, boolean hubInitiates) {
        hub().renew();
        nodes().spokes().forEach(Node::renew);
        // The initiator last: whatever is waiting to be sent starts a handshake at once, and the next try is 5 s away.
        if (hubInitiates) {
            configureSpokes(outer, presharedKey, false);
            configureHub(outer, presharedKey, true);
        } else {
            configureHub(outer, presharedKey, false);
            configureSpokes(outer, presharedKey, true);
        }
    }

    private void configureHub(Family outer, @Nullable String presharedKey, boolean initiates) {
        StringBuilder file = new StringBuilder(hub().interfaceSection());
        for (Node spoke : nodes().spokes()) {
            file.append(peerSection(
                    spoke.identity().publicKey(),
                    presharedKey,
                    spoke.innerPrefixes(),
                    initiates ? spoke.endpoint(outer) : null));
        }
        hub().setconf(file.toString());
    }

    private void configureSpokes(Family outer, @Nullable String presharedKey, boolean initiate) {
        for (Node spoke : nodes().spokes()) {
            spoke.setconf(spoke.interfaceSection()
                    + peerSection(
                            hub().identity().publicKey(),
                            presharedKey,
                            Node.TUNNEL_PREFIX_4 + "," + Node.TUNNEL_PREFIX_6,
                            initiate ? hub().endpoint(outer) : null));
        }
    }

    static String peerSection(
            String publicKey, @Nullable String presharedKey, String allowedIps, @Nullable String endpoint) {
        return "[Peer]\nPublicKey=" + publicKey + "\nAllowedIPs=" + allowedIps + "\n"
                + (presharedKey == null ? "" : "PresharedKey=" + presharedKey + "\n")
                + (endpoint == null ? "" : "Endpoint=" + endpoint + "\n");
    }

    @Override
    public void close() {
        if (nodes != null) {
            nodes.network().close();
        }
    }

    @Override
    public String toString() {
        return "hub " + hubImplementation + ", spoke " + spokeImplementations + ", lanes " + lanes
                + (hubSettings.isEmpty() ? "" : ", " + hubSettings.strip());
    }
}
