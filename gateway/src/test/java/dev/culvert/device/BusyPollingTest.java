package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.SelectStrategy;
import org.junit.jupiter.api.Test;

/// What a lane's loop does when the kernel has nothing for it.
@LaneConfined
final class BusyPollingTest {
    private static final long SPAN_NS = 1000;

    private final ManualClock clock = new ManualClock();
    private final SelectStrategy strategy = BusyPolling.strategy(SPAN_NS, clock);

    @Test
    void asksAgainForASpanAfterTheLastWorkAndThenSleeps() throws Exception {
        clock.advance(SPAN_NS);
        assertThat(strategy.calculateStrategy(() -> 0, false)).isEqualTo(SelectStrategy.SELECT);
        assertThat(strategy.calculateStrategy(() -> 3, false)).isEqualTo(3);
        clock.advance(SPAN_NS - 1);
        assertThat(strategy.calculateStrategy(() -> 0, false)).isEqualTo(SelectStrategy.CONTINUE);
        clock.advance(1);
        assertThat(strategy.calculateStrategy(() -> 0, false)).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void tasksAreWorkToo() throws Exception {
        clock.advance(SPAN_NS);
        assertThat(strategy.calculateStrategy(() -> 0, true)).isZero();
        assertThat(strategy.calculateStrategy(() -> 0, false)).isEqualTo(SelectStrategy.CONTINUE);
    }

    @Test
    void leavesTheLoopAsItIsWhenOff() throws Exception {
        SelectStrategy off = BusyPolling.strategy(0, clock);
        assertThat(off.calculateStrategy(() -> 2, true)).isEqualTo(2);
        assertThat(off.calculateStrategy(() -> 0, false)).isEqualTo(SelectStrategy.SELECT);
    }
}
