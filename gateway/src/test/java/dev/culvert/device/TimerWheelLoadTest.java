package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The wheel under many entries, jumps of the clock and a limit of expiries a turn: what it costs, and that it
/// keeps its promises when it is called late or may not finish.
@LaneConfined
final class TimerWheelLoadTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long TICK_NS = 1L << 22;

    /// More calls than this for one moment mean that the wheel does not get on.
    private static final int CALLS_MAX = 10_000;

    private static final class Timer extends TimerWheel.Entry implements Comparable<Timer> {
        final int number;
        long deadlineNs;

        Timer(int number) {
            this.number = number;
        }

        @Override
        public int compareTo(Timer other) {
            int byDeadline = Long.compare(deadlineNs, other.deadlineNs);
            return byDeadline != 0 ? byDeadline : Integer.compare(number, other.number);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return number;
        }
    }

    @Property(tries = 300)
    void agreesWithASortedListAtAnyJumpAndLimit(@ForAll long seed) {
        Random random = new Random(seed);
        long[] nowNs = {random.nextBoolean() ? random.nextLong() >> 12 : 0};
        TimerWheel wheel = new TimerWheel(nowNs[0]);
        TreeSet<Timer> armed = new TreeSet<>();
        List<Timer> timers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            timers.add(new Timer(i));
        }
        for (int step = 0; step < 200; step++) {
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                Timer timer = timers.get(random.nextInt(timers.size()));
                armed.remove(timer);
                if (random.nextInt(5) == 0) {
                    wheel.disarm(timer);
                } else {
                    // From a second ago to weeks ahead.
                    timer.deadlineNs = nowNs[0] - SECOND_NS + (random.nextLong() >>> random.nextInt(12, 44));
                    wheel.arm(timer, timer.deadlineNs);
                    armed.add(timer);
                }
            }
            nowNs[0] += random.nextLong() >>> random.nextInt(12, 50);
            int limit = 1 + random.nextInt(8);
            int calls = 0;
            int expired;
            do {
                int[] handed = {0};
                expired = wheel.expire(nowNs[0], limit, entry -> {
                    handed[0]++;
                    Timer timer = (Timer) entry;
                    assertThat(wheel.armed(timer)).isFalse();
                    assertThat(timer.deadlineNs).as("not early").isLessThanOrEqualTo(nowNs[0]);
                    assertThat(armed.remove(timer)).as("armed, and once").isTrue();
                });
                assertThat(expired).isEqualTo(handed[0]).isLessThanOrEqualTo(limit);
                assertThat(++calls).isLessThan(CALLS_MAX);
            } while (wheel.nextWakeUpNs() <= nowNs[0]);
            if (armed.isEmpty()) {
                assertThat(wheel.nextWakeUpNs()).isEqualTo(Long.MAX_VALUE);
            } else {
                assertThat(armed.first().deadlineNs).as("none forgotten").isGreaterThan(nowNs[0] - TICK_NS);
                assertThat(wheel.nextWakeUpNs() - armed.first().deadlineNs)
                        .as("wakes in time")
                        .isLessThan(TICK_NS);
            }
        }
    }

    @Property(tries = 200)
    void wakesOnceForATimerHoweverFar(@ForAll long seed) {
        Random random = new Random(seed);
        long startNs = random.nextLong() >>> 8;
        TimerWheel wheel = new TimerWheel(startNs);
        Timer timer = new Timer(0);
        timer.deadlineNs = startNs + 1 + (random.nextLong() >>> random.nextInt(10, 50));
        wheel.arm(timer, timer.deadlineNs);
        long wakeUpNs = wheel.nextWakeUpNs();
        assertThat(wakeUpNs).isBetween(timer.deadlineNs, timer.deadlineNs + TICK_NS);
        assertThat(wheel.expire(wakeUpNs - TICK_NS, 1, entry -> {})).isZero();
        assertThat(wheel.nextWakeUpNs()).isEqualTo(wakeUpNs);
        assertThat(wheel.expire(wakeUpNs, 1, entry -> {})).isEqualTo(1);
        assertThat(wheel.nextWakeUpNs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aMillionIdleEntriesCauseNoWorkAndNoWakeUp() {
        TimerWheel wheel = new TimerWheel(0);
        for (int i = 0; i < 1_000_000; i++) {
            wheel.arm(new Timer(i), 3600 * SECOND_NS + i);
        }
        assertThat(wheel.nextWakeUpNs()).isGreaterThanOrEqualTo(3600 * SECOND_NS);
        Timer near = new Timer(-1);
        wheel.arm(near, SECOND_NS);
        assertThat(wheel.expire(2 * SECOND_NS, 10, entry -> assertThat(entry).isSameAs(near)))
                .isEqualTo(1);
        assertThat(wheel.nextWakeUpNs()).isGreaterThanOrEqualTo(3600 * SECOND_NS);
    }

    @Test
    void movesManyEntriesDownOverSeveralCalls() {
        TimerWheel wheel = new TimerWheel(0);
        int entries = 10 * TimerWheel.MOVES_MAX;
        long reachedNs = 64 * 64 * TICK_NS;
        for (int i = 0; i < entries; i++) {
            wheel.arm(new Timer(i), reachedNs + (1 + i % 4000) * TICK_NS);
        }
        int calls = 0;
        do {
            assertThat(wheel.expire(reachedNs + TICK_NS / 2, entries, entry -> {}))
                    .isZero();
            assertThat(++calls).isLessThan(CALLS_MAX);
        } while (wheel.nextWakeUpNs() <= reachedNs + TICK_NS / 2);
        assertThat(calls).isBetween(entries / TimerWheel.MOVES_MAX, entries / TimerWheel.MOVES_MAX + 2);
        int[] expired = {0};
        for (calls = 0; wheel.nextWakeUpNs() != Long.MAX_VALUE; calls++) {
            wheel.expire(wheel.nextWakeUpNs(), entries, entry -> expired[0]++);
            assertThat(calls).isLessThan(CALLS_MAX);
        }
        assertThat(expired[0]).isEqualTo(entries);
    }

    @Test
    void anEntryMayGoWhileItsSlotIsHalfMoved() {
        TimerWheel wheel = new TimerWheel(0);
        List<Timer> timers = new ArrayList<>();
        for (int i = 0; i < 2 * TimerWheel.MOVES_MAX; i++) {
            Timer timer = new Timer(i);
            timers.add(timer);
            wheel.arm(timer, 64 * TICK_NS + TICK_NS);
        }
        wheel.expire(64 * TICK_NS, 1, entry -> {});
        timers.forEach(wheel::disarm);
        assertThat(wheel.nextWakeUpNs()).isEqualTo(Long.MAX_VALUE);
        Timer timer = timers.getFirst();
        wheel.arm(timer, 70 * TICK_NS);
        assertThat(wheel.nextWakeUpNs()).isEqualTo(70 * TICK_NS);
        assertThat(wheel.expire(70 * TICK_NS, 1, entry -> assertThat(entry).isSameAs(timer)))
                .isEqualTo(1);
    }

    @Test
    void theOldestOfATickGoesFirstUnderTheLimit() {
        TimerWheel wheel = new TimerWheel(0);
        for (int i = 0; i < 4; i++) {
            wheel.arm(new Timer(i), TICK_NS);
        }
        List<Integer> order = new ArrayList<>();
        wheel.expire(TICK_NS, 2, entry -> order.add(((Timer) entry).number));
        wheel.arm(new Timer(4), 0);
        wheel.expire(TICK_NS, 3, entry -> order.add(((Timer) entry).number));
        assertThat(order).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void anEntryThatArmsItselfInThePastCannotHoldTheTurn() {
        TimerWheel wheel = new TimerWheel(0);
        Timer timer = new Timer(0);
        wheel.arm(timer, SECOND_NS);
        assertThat(wheel.expire(2 * SECOND_NS, 7, entry -> wheel.arm(entry, SECOND_NS)))
                .isEqualTo(7);
        assertThat(wheel.nextWakeUpNs()).isLessThanOrEqualTo(2 * SECOND_NS);
        assertThat(wheel.armed(timer)).isTrue();
    }
}
