package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Whole devices through bad hours (conformance 5.3, R7). `-Dculvert.simulation.runs=N` sets how many, and
/// `-Dculvert.simulation.seed=N` replays one run exactly.
@AnyThread
final class SimulationTest {
    private static final int RUNS = Integer.getInteger("culvert.simulation.runs", 1000);
    private static final Long SEED = Long.getLong("culvert.simulation.seed");

    @Test
    void everySessionComesBackAndNothingIsDeliveredTwiceOrSentTwiceUnderOneNonce() throws InterruptedException {
        List<Long> seeds = new ArrayList<>();
        if (SEED != null) {
            seeds.add(SEED);
        } else {
            for (long seed = 1; seed <= RUNS; seed++) {
                seeds.add(seed);
            }
        }
        AtomicLong delivered = new AtomicLong();
        List<String> failures = new ArrayList<>();
        try (ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<?>> runs = new ArrayList<>();
            for (long seed : seeds) {
                runs.add(threads.submit(() -> {
                    Simulation simulation = new Simulation(seed);
                    simulation.run();
                    delivered.addAndGet(simulation.packetsDelivered());
                    if (SEED != null) {
                        System.out.println(simulation.summary());
                    }
                }));
            }
            for (Future<?> run : runs) {
                try {
                    run.get();
                } catch (ExecutionException e) {
                    failures.add(String.valueOf(e.getCause()));
                    if (SEED != null) {
                        e.printStackTrace();
                    }
                }
            }
        }
        assertThat(failures)
                .as("replay one with -Dtest=SimulationTest -Dculvert.simulation.seed=N")
                .isEmpty();
        assertThat(delivered.get()).as("packets delivered").isGreaterThan(100L * seeds.size());
    }

    @Test
    void aSeedReplaysExactly() {
        Simulation first = new Simulation(7);
        first.run();
        Simulation second = new Simulation(7);
        second.run();
        assertThat(second.summary()).isEqualTo(first.summary());
    }
}
