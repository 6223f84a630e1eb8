package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/// The wheel against a list of deadlines: never early, at most 10 ms late, nothing lost.
@LaneConfined
final class TimerWheelTest {
    private static final long MS = 1_000_000L;
    private static final long LATE_MAX_NS = 10 * MS;

    private static final class Timer extends TimerWheel.Entry {
        long deadlineNs = -1;
        long firedNs = -1;
    }

    @Property(tries = 100)
    void firesEachTimerOnceInTime(@ForAll long seed) {
        Random random = new Random(seed);
        long[] nowNs = {Math.floorMod(random.nextLong(), 1L << 50)};
        TimerWheel wheel = new TimerWheel(nowNs[0]);
        List<Timer> timers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Timer timer = new Timer();
            timers.add(timer);
            set(wheel, timer, nowNs[0], random);
        }
        int[] fired = {0};
        for (int step = 0; step < 300; step++) {
            // Follow the wake-ups as the alarm would: at the time asked for, or a little later.
            long wakeUpNs = wheel.nextWakeUpNs();
            if (wakeUpNs == Long.MAX_VALUE) {
                break;
            }
            assertThat(wakeUpNs).as("no busy loop").isGreaterThanOrEqualTo(nowNs[0] - LATE_MAX_NS);
            nowNs[0] = Math.max(nowNs[0], wakeUpNs) + random.nextInt(2) * MS;
            wheel.expire(nowNs[0], Integer.MAX_VALUE, entry -> {
                Timer timer = (Timer) entry;
                fired[0]++;
                assertThat(timer.deadlineNs).as("not early").isLessThanOrEqualTo(nowNs[0]);
                assertThat(nowNs[0] - timer.deadlineNs).as("not late").isLessThan(LATE_MAX_NS);
                timer.deadlineNs = -1;
                if (random.nextBoolean()) {
                    set(wheel, timer, nowNs[0], random);
                }
            });
            Timer other = timers.get(random.nextInt(timers.size()));
            switch (random.nextInt(4)) {
                case 0 -> set(wheel, other, nowNs[0], random);
                case 1 -> {
                    wheel.disarm(other);
                    other.deadlineNs = -1;
                }
                default -> {}
            }
            for (Timer timer : timers) {
                assertThat(wheel.armed(timer)).isEqualTo(timer.deadlineNs >= 0);
                assertThat(timer.deadlineNs < 0 || timer.deadlineNs > nowNs[0] - LATE_MAX_NS)
                        .as("none is forgotten")
                        .isTrue();
            }
        }
        assertThat(fired[0]).isPositive();
    }

    private static void set(TimerWheel wheel, Timer timer, long nowNs, Random random) {
        long scale = 1L << random.nextInt(10, 52); // microseconds to weeks
        timer.deadlineNs = nowNs + Math.floorMod(random.nextLong(), scale);
        wheel.arm(timer, timer.deadlineNs);
    }

    @Test
    void aJumpOfYearsCostsNoTicks() {
        TimerWheel wheel = new TimerWheel(0);
        List<Timer> timers = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Timer timer = new Timer();
            timers.add(timer);
            wheel.arm(timer, i * 3_600_000L * MS);
        }
        long years = 5L * 365 * 86_400_000 * MS;
        assertThat(wheel.expire(years, Integer.MAX_VALUE, entry -> ((Timer) entry).firedNs = years))
                .isEqualTo(1000);
        assertThat(timers).allMatch(timer -> timer.firedNs == years);
        assertThat(wheel.nextWakeUpNs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void takesAtMostWhatItIsAskedForAndKeepsTheRestDue() {
        TimerWheel wheel = new TimerWheel(0);
        for (int i = 0; i < 10; i++) {
            wheel.arm(new Timer(), 100 * MS);
        }
        assertThat(wheel.expire(200 * MS, 4, entry -> {})).isEqualTo(4);
        assertThat(wheel.nextWakeUpNs()).isLessThanOrEqualTo(200 * MS);
        assertThat(wheel.expire(200 * MS, 100, entry -> {})).isEqualTo(6);
        assertThat(wheel.nextWakeUpNs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aTimerThatIsMovedFiresAtItsNewTimeOnly() {
        TimerWheel wheel = new TimerWheel(0);
        Timer timer = new Timer();
        wheel.arm(timer, 50 * MS);
        wheel.arm(timer, 500 * MS);
        assertThat(wheel.expire(100 * MS, 10, entry -> {})).isZero();
        assertThat(wheel.expire(510 * MS, 10, entry -> {})).isEqualTo(1);
    }
}
