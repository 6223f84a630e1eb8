package dev.culvert.bench.compare;

import java.util.List;

/// Rows that share a scene.
interface Stage {
    List<Row> rows();

    /// Sets the scene for one implementation and measures the rows that are wanted.
    void run(Visit visit);

    /// Every stage, in the table's order.
    static List<Stage> all() {
        return List.of(
                PairStage.withNewestClient(),
                PairStage.withItself(),
                SpokesStage.throughKernel(),
                SpokesStage.throughItself(),
                new LoadStage(),
                PairStage.withPeers(Row.PEERS_1, 1),
                PairStage.withPeers(Row.PEERS_1000, 1_000),
                PairStage.withPeers(Row.PEERS_50000, 50_000));
    }
}
