package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PublicKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// What was dropped of one peer.
final class PeerDropsTest {
    private static Peer peer() {
        byte[] key = new byte[PublicKey.BYTES];
        key[0] = 9;
        return new Peer(PublicKey.fromBytes(key));
    }

    @Test
    void aPeerWithoutDropsHasNone() {
        assertThat(peer().drops()).isEmpty();
    }

    @Test
    void eachReasonIsCountedAlsoForTheLane() {
        Peer peer = peer();
        LaneCounters lane = new LaneCounters();
        lane.dropped(DropReason.FORGED, peer, 3);
        lane.dropped(DropReason.NO_ENDPOINT, peer);
        lane.dropped(DropReason.FORGED, peer);
        lane.dropped(DropReason.FORGED);

        assertThat(peer.drops()).isEqualTo(Map.of(DropReason.FORGED, 4L, DropReason.NO_ENDPOINT, 1L));
        assertThat(lane.drops(DropReason.FORGED)).isEqualTo(5);
        assertThat(lane.drops(DropReason.NO_ENDPOINT)).isEqualTo(1);
    }

    @Test
    void lanesAndWorkersCountAtTheSameTime() throws Exception {
        int threads = 4;
        int rounds = 200;
        CyclicBarrier start = new CyclicBarrier(threads);
        for (int round = 0; round < rounds; round++) {
            Peer peer = peer();
            List<Callable<Void>> counting = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                counting.add(() -> {
                    LaneCounters own = new LaneCounters();
                    start.await();
                    for (DropReason reason : DropReason.values()) {
                        own.dropped(reason, peer, 2);
                    }
                    return null;
                });
            }
            try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
                for (Future<Void> each : pool.invokeAll(counting)) {
                    each.get();
                }
            }
            Map<DropReason, Long> all = new HashMap<>();
            for (DropReason reason : DropReason.values()) {
                all.put(reason, 2L * threads);
            }
            assertThat(peer.drops()).isEqualTo(all);
        }
    }
}
