package dev.culvert.it;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// One end of the tunnels in a [Topology]: its namespace, its daemon, its addresses outside and inside.
final class Node {
    static final String TUNNEL_PREFIX_4 = "10.77.0.0/24";
    static final String TUNNEL_PREFIX_6 = "fd77::/64";
    static final int MTU = 1420;

    private final Network network;
    private final Namespace namespace;
    private final String interfaceName;
    private final int host;
    private final int port;
    private final Daemon daemon;
    private Identity identity = Identity.fresh();

    /// Starts the daemon and does not wait.
    ///
    /// @param host the last part of all the node's addresses
    Node(Network network, Namespace namespace, Implementation implementation, int lanes, int host, int port) {
        this(network, namespace, implementation, lanes, host, port, "");
    }

    /// @param settings of Culvert, in YAML
    Node(
            Network network,
            Namespace namespace,
            Implementation implementation,
            int lanes,
            int host,
            int port,
            String settings) {
        this.network = network;
        this.namespace = namespace;
        this.interfaceName = namespace.name() + "t";
        this.host = host;
        this.port = port;
        List<String> command = new ArrayList<>(implementation.foreground(interfaceName));
        if (!settings.isEmpty()) {
            command.addAll(List.of(
                    "--settings",
                    network.secretFile(interfaceName + ".yaml", settings).toString()));
        }
        this.daemon = network.daemon(namespace, interfaceName, command, implementation, lanes);
    }

    /// Waits for the daemon, gives the interface its addresses and switches it on.
    void up() {
        daemon.awaitReady();
        Network.addAddresses(namespace, interfaceName, inner(Family.IPV4) + "/24", inner(Family.IPV6) + "/64");
        namespace.ip("link set " + interfaceName + " mtu " + MTU + " up");
    }

    Namespace namespace() {
        return namespace;
    }

    String interfaceName() {
        return interfaceName;
    }

    Daemon daemon() {
        return daemon;
    }

    int port() {
        return port;
    }

    Identity identity() {
        return identity;
    }

    void renew() {
        identity = Identity.fresh();
    }

    String inner(Family family) {
        return family == Family.IPV4 ? "10.77.0." + host : "fd77::" + host;
    }

    /// The address on the first underlay.
    String outer(Family family) {
        return family == Family.IPV4 ? "172.30.0." + host : "fd30::" + host;
    }

    /// The address on the second underlay, which only a roaming node is plugged into.
    String secondOuter(Family family) {
        return family == Family.IPV4 ? "172.31.0." + host : "fd31::" + host;
    }

    String endpoint(Family family) {
        return family.endpoint(outer(family), port);
    }

    String innerPrefixes() {
        return inner(Family.IPV4) + "/32," + inner(Family.IPV6) + "/128";
    }

    String interfaceSection() {
        return "[Interface]\nPrivateKey=" + identity.privateKey() + "\nListenPort=" + port + "\n";
    }

    Path privateKeyFile() {
        return network.secretFile(interfaceName + ".key", identity.privateKey() + "\n");
    }

    /// Replaces the whole configuration with `wg setconf`.
    void setconf(String configuration) {
        configure("setconf", configuration);
    }

    void configure(String command, String configuration) {
        Path file = network.secretFile(interfaceName + ".conf", configuration);
        Command.require("wg", command, interfaceName, file.toString());
    }

    Wg.Dump dump() {
        return Wg.dump(interfaceName);
    }

    /// What this node's interface knows of the other node.
    Wg.Peer peer(Node other) {
        return dump().peer(other.identity().publicKey());
    }
}
