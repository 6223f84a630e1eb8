package dev.culvert.bench.compare;

import dev.culvert.bench.compare.Implementation.Kind;
import java.util.List;
import java.util.Map;

/// Everything between a hub and one client.
///
/// @param ownClient the client is the hub's own kind
/// @param configuredPeers of the hub, the client among them
record PairStage(List<Row> rows, boolean ownClient, int configuredPeers) implements Stage {
    static Stage withNewestClient() {
        return new PairStage(List.of(Row.TCP_UP, Row.TCP_DOWN, Row.UDP_200, Row.PING_IDLE, Row.PING_LOADED), false, 1);
    }

    static Stage withItself() {
        return new PairStage(List.of(Row.TCP_UP_SAME, Row.TCP_DOWN_SAME), true, 1);
    }

    static Stage withPeers(Row row, int configuredPeers) {
        return new PairStage(List.of(row), false, configuredPeers);
    }

    @Override
    public void run(Visit visit) {
        if (visit.implementation.kind() == Kind.OPENVPN && !ownClient) {
            for (Row row : rows) {
                if (visit.wants(row) && (row == Row.TCP_UP || row == Row.TCP_DOWN || configuredPeers > 1)) {
                    visit.absent(row, "does not speak WireGuard; see the rows with the same at both ends");
                }
            }
        }
        if (rows.stream().noneMatch(visit::wants)) {
            return;
        }
        Implementation client = ownClient ? visit.implementation : visit.client;
        Pair pair = new Pair(visit.owner, visit.implementation, client, configuredPeers - 1);
        int seconds = visit.options.seconds();
        for (Row row : rows) {
            if (visit.wants(row)) {
                Map<Metric, Double> unused = measure(pair, row, visit.options.warmSeconds());
                assert !unused.isEmpty();
                visit.measured(row, measure(pair, row, seconds));
            }
        }
    }

    private static Map<Metric, Double> measure(Pair pair, Row row, int seconds) {
        return switch (row) {
            case TCP_UP, TCP_UP_SAME, PEERS_1, PEERS_1000, PEERS_50000 -> pair.tcp(false, seconds);
            case TCP_DOWN, TCP_DOWN_SAME -> pair.tcp(true, seconds);
            case UDP_200 -> pair.udp(seconds);
            case PING_IDLE -> pair.pingIdle(seconds);
            case PING_LOADED -> pair.pingLoaded(seconds);
            default -> throw new AssertionError(row);
        };
    }
}
