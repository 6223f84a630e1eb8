package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Whom a flooded lane still answers with a cookie.
@LaneConfined
final class CookieReplyBudgetTest {
    private static final long S = 1_000_000_000L;
    private static final int PER_SECOND = 100;
    private static final int BURST = 2 * PER_SECOND;
    private static final int PORT = 51820;

    private long nowNs = 1000 * S;
    private final CookieReplyBudget budget = new CookieReplyBudget(PER_SECOND, 42, nowNs);
    private int strangers;

    @AfterEach
    void closes() {
        budget.close();
    }

    private boolean asks(long client) {
        return budget.allows(client, 0, PORT, nowNs);
    }

    /// Somebody who never came before.
    private boolean strangerAsks() {
        strangers++;
        return budget.allows(0x7000_0000_0000_0000L + strangers, 0, PORT, nowNs);
    }

    private void spendWhatAnyoneMayHave() {
        int most = 2 * BURST;
        while (strangerAsks()) {
            assertThat(--most).isPositive();
        }
    }

    /// Strangers take what anyone may have, for so long.
    private void flood(double seconds) {
        int rate = 20 * PER_SECOND;
        for (int i = 0; i < seconds * rate; i++) {
            nowNs += S / rate;
            strangerAsks();
        }
    }

    @Test
    void answersAnyoneUpToItsBurstAndThenItsRate() {
        for (int i = 0; i < BURST; i++) {
            assertThat(strangerAsks()).isTrue();
        }
        assertThat(strangerAsks()).isFalse();
        int answered = 0;
        for (int i = 0; i < 10_000; i++) {
            nowNs += S / 1000;
            answered += strangerAsks() ? 1 : 0;
        }
        assertThat(answered).isBetween(10 * PER_SECOND - 1, 10 * PER_SECOND + 1);
    }

    @Test
    void answersWhoeverComesAgainAfterTheTimeoutOfAnInitiator() {
        for (long ms : new long[] {5000, 5166, 5333}) {
            for (long phaseMs = 0; phaseMs < 2500; phaseMs += 50) {
                nowNs += 20 * S + phaseMs * 1_000_000;
                spendWhatAnyoneMayHave();
                long client = ms << 32 | phaseMs;
                assertThat(asks(client)).as("first try").isFalse();
                nowNs += ms * 1_000_000;
                spendWhatAnyoneMayHave();
                assertThat(asks(client))
                        .as("after %d ms, in phase %d", ms, phaseMs)
                        .isTrue();
            }
        }
    }

    @Test
    void doesNotAnswerWhoeverAsksAllTheTime() {
        flood(3);
        for (int i = 0; i < 200; i++) {
            flood(0.1);
            assertThat(asks(1)).as("after %d times", i).isFalse();
        }
    }

    @Test
    void doesNotKnowWhoeverComesMuchLater() {
        flood(3);
        assertThat(asks(1)).isFalse();
        flood(10.1);
        assertThat(asks(1)).isFalse();
        flood(100);
        assertThat(asks(1)).isFalse();
        flood(5.1);
        assertThat(asks(1)).isTrue();
    }

    @Test
    void addressAndPortAreTheSender() {
        flood(3);
        assertThat(budget.allows(1, 2, 3, nowNs)).isFalse();
        flood(5.1);
        assertThat(budget.allows(1, 2, 4, nowNs)).isFalse();
        assertThat(budget.allows(1, 3, 3, nowNs)).isFalse();
        assertThat(budget.allows(2, 2, 3, nowNs)).isFalse();
        assertThat(budget.allows(1, 2, 3, nowNs)).isTrue();
    }

    @Test
    void whoeverComesAgainHasABudgetOfItsOwnAndItsBoundToo() {
        flood(3);
        for (int i = 0; i < 10 * BURST; i++) {
            assertThat(asks(i)).isFalse();
        }
        flood(5.1);
        int answered = 0;
        for (int i = 0; i < 10 * BURST; i++) {
            answered += asks(i) ? 1 : 0;
        }
        assertThat(answered).isBetween(BURST - 1, BURST + 1);
    }

    /// The target of a hub: 100 honest clients of 100 under 50,000 forged senders a second on a lane. At most
    /// one of them may be taken for somebody who asked lately.
    @Test
    void honestClientsAreAnsweredAtTheirSecondTryUnderAFloodOfForgedSenders() {
        SplittableRandom random = new SplittableRandom(7);
        int clients = 100;
        int rate = 50_000;
        boolean[] tried = new boolean[clients];
        int late = 0;
        int strangersAnswered = 0;
        try (CookieReplyBudget flooded = new CookieReplyBudget(4000, random.nextLong(), nowNs)) {
            for (int i = 0; i < 16 * rate; i++) {
                nowNs += S / rate;
                strangersAnswered += flooded.allows(random.nextLong() << 32, 0, random.nextInt(1 << 16), nowNs) ? 1 : 0;
                int at = i - 8 * rate;
                // A client each 10 ms, and again 5.2 s later.
                if (at >= 0 && at % (rate / 100) == 0 && at / (rate / 100) < clients) {
                    int client = at / (rate / 100);
                    tried[client] = flooded.allows(client, 0, PORT, nowNs);
                }
                int later = at - (int) (5.2 * rate);
                if (later >= 0 && later % (rate / 100) == 0 && later / (rate / 100) < clients) {
                    int client = later / (rate / 100);
                    late += tried[client] || flooded.allows(client, 0, PORT, nowNs) ? 0 : 1;
                }
            }
        }
        assertThat(late).isLessThanOrEqualTo(1);
        assertThat(strangersAnswered).isLessThan(16 * 4000 + 8000 + 16 * rate / 50);
    }

    @Test
    void aClockThatJumpsForgetsEverybodyAndHarmsNothing() {
        for (long jump : new long[] {100_000 * S, -50_000 * S, Long.MAX_VALUE / 2, -Long.MAX_VALUE / 2}) {
            flood(3);
            assertThat(asks(1)).isFalse();
            nowNs += jump;
            flood(3);
            assertThat(asks(1)).as("jump of %d ns", jump).isFalse();
        }
    }
}
