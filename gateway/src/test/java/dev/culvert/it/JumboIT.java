package dev.culvert.it;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// A tunnel MTU beyond the path's, changed while the device runs: datagrams leave without "don't fragment" and the
/// kernel cuts them.
@ParameterizedClass(name = "{0}")
@MethodSource("dev.culvert.it.Topology#eachPairOfOurs")
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
final class JumboIT {
    private static final int MTU = 9000;

    private final Topology topology;

    JumboIT(Topology topology) {
        this.topology = topology;
    }

    @ParameterizedTest(name = "outside {0}")
    @EnumSource(Family.class)
    void packetsBeyondThePathMtuPass(Family outer) {
        Node hub = topology.hub();
        Node spoke = topology.spoke();
        topology.connect(outer);
        Ping.succeeds(spoke.namespace(), hub.inner(Family.IPV4), 5);
        for (Node node : new Node[] {hub, spoke}) {
            node.namespace().ip("link set " + node.interfaceName() + " mtu " + MTU);
        }
        try {
            for (Family inner : Family.values()) {
                String payload = Integer.toString(MTU - inner.pingHeaderBytes());
                Ping.succeeds(spoke.namespace(), hub.inner(inner), 20, "-M", "do", "-s", payload);
            }
            Transfer.succeeds(spoke.namespace(), hub.namespace(), hub.inner(Family.IPV4), 10);
        } finally {
            for (Node node : new Node[] {hub, spoke}) {
                node.namespace().ip("link set " + node.interfaceName() + " mtu " + Node.MTU);
            }
        }
    }
}
