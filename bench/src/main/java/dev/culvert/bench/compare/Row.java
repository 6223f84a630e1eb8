package dev.culvert.bench.compare;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// What is measured, in the table's order. The first metric of a row is the one that the chart shows.
enum Row {
    TCP_UP("tcp-up", "TCP client → hub, client is the newest wireguard-go", Metric.GBIT, Metric.GBIT_PER_CPU),
    TCP_DOWN("tcp-down", "TCP hub → client, client is the newest wireguard-go", Metric.GBIT, Metric.GBIT_PER_CPU),
    UDP_200("udp-200", "UDP 200 B client → hub at 20 kpackets/s", Metric.KPKT_PER_CPU, Metric.KPPS, Metric.LOSS),
    PING_IDLE("ping-idle", "ping, nothing else", Metric.P50, Metric.P99),
    PING_LOADED("ping-loaded", "ping beside one TCP stream client → hub", Metric.P99, Metric.P50),
    TCP_UP_SAME("tcp-up-same", "TCP client → hub, the same at both ends", Metric.GBIT, Metric.GBIT_PER_CPU),
    TCP_DOWN_SAME("tcp-down-same", "TCP hub → client, the same at both ends", Metric.GBIT, Metric.GBIT_PER_CPU),
    SPOKES("spokes", "TCP spoke → hub → spoke, forwarded by the hub's kernel", Metric.GBIT, Metric.GBIT_PER_CPU),
    SPOKES_DIRECT("spokes-direct", "the same, forwarded by the hub itself", Metric.GBIT, Metric.GBIT_PER_CPU),
    RX_500(
            "rx-500",
            "hub alone: 500 peers, single 228 B packets, 100 kpackets/s",
            Metric.KPKT_PER_CPU,
            Metric.KPPS,
            Metric.LOSS),
    RX_1420(
            "rx-1420",
            "hub alone: 32 peers, 1420 B in bursts of 8, 300 kpackets/s",
            Metric.KPKT_PER_CPU,
            Metric.KPPS,
            Metric.LOSS),
    RX_228(
            "rx-228",
            "hub alone: 32 peers, 228 B in bursts of 8, 400 kpackets/s",
            Metric.KPKT_PER_CPU,
            Metric.KPPS,
            Metric.LOSS),
    FLOOD_228(
            "flood-228",
            "hub alone: 32 peers, 228 B in bursts of 8, as fast as it goes",
            Metric.KPPS,
            Metric.KPKT_PER_CPU,
            Metric.LOSS),
    ACTIVE_1("active-1", "hub alone: 1 peer, 1420 B in bursts of 8, 150 kpackets/s", Metric.KPKT_PER_CPU, Metric.LOSS),
    ACTIVE_100("active-100", "the same packets, of 100 peers in turn", Metric.KPKT_PER_CPU, Metric.LOSS),
    ACTIVE_1000("active-1000", "the same packets, of 1,000 peers in turn", Metric.KPKT_PER_CPU, Metric.LOSS),
    PEERS_1("peers-1", "TCP client → hub, 1 configured peer", Metric.GBIT, Metric.GBIT_PER_CPU),
    PEERS_1000("peers-1000", "TCP client → hub, 1,000 configured peers", Metric.GBIT, Metric.GBIT_PER_CPU),
    PEERS_50000("peers-50000", "TCP client → hub, 50,000 configured peers", Metric.GBIT, Metric.GBIT_PER_CPU);

    final String id;
    final String title;

    @SuppressWarnings("ImmutableEnumChecker") // List.of makes one that never changes
    final List<Metric> metrics;

    Row(String id, String title, Metric... metrics) {
        this.id = id;
        this.title = title;
        this.metrics = List.of(metrics);
    }

    Metric headline() {
        return metrics.getFirst();
    }

    static Row named(String id) {
        return Arrays.stream(values())
                .filter(row -> row.id.equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no row `" + id + "`; there are "
                        + Arrays.stream(values()).map(row -> row.id).collect(Collectors.joining(", "))));
    }
}
