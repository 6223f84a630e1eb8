package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.AeadEngine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// When a device is under load, for how long, and whose handshakes wait for whose (conformance 1.7).
@AnyThread
final class HandshakeLoadTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long LIMIT_S = 60;

    private final DepthOnlyQueue queue = new DepthOnlyQueue();

    private HandshakeLoad load(HandshakeLimits limits) {
        return new HandshakeLoad(queue, limits, 5, 0);
    }

    @Test
    void isUnderLoadFromAnEighthOfTheKernelsQueueAndForASecondAfterwards() {
        HandshakeLoad load = load(HandshakeLimits.DEFAULTS);
        assertThat(HandshakeLimits.DEFAULTS.underLoadAt()).isEqualTo(4096 / 8);
        assertThat(load.isUnderLoad(0)).as("from the start").isFalse();
        queue.depth = 511;
        assertThat(load.isUnderLoad(1)).isFalse();
        queue.depth = 512;
        assertThat(load.isUnderLoad(2)).isTrue();
        queue.depth = 511;
        assertThat(load.isUnderLoad(2 + SECOND_NS - 1)).isTrue();
        assertThat(load.isUnderLoad(2 + SECOND_NS))
                .as("asking does not prolong it")
                .isFalse();
        assertThat(load.isUnderLoad(2 + 100 * SECOND_NS)).isFalse();
    }

    @Test
    void aSecondSpellProlongsIt() {
        HandshakeLoad load = load(HandshakeLimits.DEFAULTS);
        queue.depth = 4096;
        assertThat(load.isUnderLoad(0)).isTrue();
        assertThat(load.isUnderLoad(SECOND_NS / 2)).isTrue();
        queue.depth = 0;
        assertThat(load.isUnderLoad(SECOND_NS + SECOND_NS / 2 - 1)).isTrue();
        assertThat(load.isUnderLoad(SECOND_NS + SECOND_NS / 2)).isFalse();
    }

    @Test
    void theLoadOfOneDeviceIsNotAnothers() {
        HandshakeLoad loaded = load(HandshakeLimits.DEFAULTS);
        queue.depth = 512;
        assertThat(loaded.isUnderLoad(0)).isTrue();
        queue.depth = 0; // the other device's queue, at the same moment
        HandshakeLoad other = load(HandshakeLimits.DEFAULTS);
        assertThat(other.isUnderLoad(0)).isFalse();
        assertThat(loaded.isUnderLoad(0)).isTrue();
        for (int i = 0; i < 5; i++) {
            assertThat(loaded.allows(false, 1L << 32, 0)).isTrue();
        }
        assertThat(loaded.allows(false, 1L << 32, 0)).isFalse();
        assertThat(other.allows(false, 1L << 32, 0)).isTrue();
    }

    /// gotatun 0.1.2 stayed in cookie mode after a hundred handshakes, and asked every hundredth for a cookie.
    @Test
    void handshakesThatDoNotWaitAreNoLoadHoweverMany() {
        HandshakeLoad load = load(HandshakeLimits.DEFAULTS);
        for (int i = 0; i < 100_000; i++) {
            assertThat(load.isUnderLoad(i)).isFalse();
        }
    }

    @Test
    void theFiguresAreConfigurable() {
        HandshakeLoad load = load(new HandshakeLimits(10, 3, 5, 1000, 2, 100, 7));
        queue.depth = 3;
        assertThat(load.isUnderLoad(0)).isTrue();
        queue.depth = 0;
        assertThat(load.isUnderLoad(4)).isTrue();
        assertThat(load.isUnderLoad(5)).isFalse();
        assertThat(load.allows(false, 1L << 32, 0)).isTrue();
        assertThat(load.allows(false, 1L << 32, 0)).isTrue();
        assertThat(load.allows(false, 1L << 32, 0)).isFalse();
        assertThat(load.allows(false, 1L << 32, 1_000_000)).isTrue();
    }

    /// The kernel's key: an IPv4 address, or an IPv6 /64, never a port.
    @Test
    void bucketsBelongToAnIpv4AddressOrAnIpv6Network() {
        HandshakeLoad load = load(HandshakeLimits.DEFAULTS);
        for (int i = 0; i < 20; i++) {
            assertThat(load.allows(false, 0xC0000201L << 32, 0)).isEqualTo(i < 5);
            assertThat(load.allows(true, 0x20010db8_00000001L, 0)).isEqualTo(i < 5);
        }
        assertThat(load.allows(false, 0xC0000202L << 32, 0)).isTrue();
        assertThat(load.allows(true, 0x20010db8_00000002L, 0)).isTrue();
        // An IPv4 address and an IPv6 network of the same bits are two sources.
        assertThat(load.allows(true, 0xC0000201L << 32, 0)).isTrue();
    }

    /// One worker, kept busy; meanwhile a flood fills the inbound queue to its bound.
    @Test
    void theDevicesOwnHandshakesDoNotQueueBehindAFlood() throws InterruptedException {
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1 + 4096);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        try (HandshakeWorkers workers = new HandshakeWorkers("test", 1, 4096, AeadEngine.BOUNCY_CASTLE::newAead)) {
            assertThat(workers.offerOwn(_ -> {
                        busy.countDown();
                        awaits(released);
                    }))
                    .isTrue();
            assertThat(busy.await(LIMIT_S, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 4096; i++) {
                assertThat(workers.offerInbound(_ -> {
                            order.add("inbound");
                            done.countDown();
                        }))
                        .isTrue();
            }
            assertThat(workers.inboundDepth()).isEqualTo(4096);
            assertThat(workers.offerInbound(_ -> order.add("too many"))).isFalse();
            assertThat(workers.offerOwn(_ -> {
                        order.add("own");
                        done.countDown();
                    }))
                    .as("a full inbound queue refuses nothing of ours")
                    .isTrue();
            released.countDown();
            assertThat(done.await(LIMIT_S, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(order).hasSize(4097).startsWith("own").doesNotContain("too many");
    }

    private static void awaits(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aFaultOfOneWorkDoesNotEndItsWorker() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        try (HandshakeWorkers workers = new HandshakeWorkers("test", 1, 16, AeadEngine.BOUNCY_CASTLE::newAead)) {
            workers.offerInbound(_ -> {
                throw new IllegalStateException("planted by a test");
            });
            workers.offerInbound(_ -> done.countDown());
            assertThat(done.await(LIMIT_S, TimeUnit.SECONDS)).isTrue();
        }
    }
}
