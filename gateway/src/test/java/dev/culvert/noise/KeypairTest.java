package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KeypairTest {
    private static final long SECOND_NS = 1_000_000_000L;

    private static Keypair born(long birthdateNs) {
        return new Keypair(0x1000, 0x2000, 3, 4, true, birthdateNs);
    }

    @Test
    void holdsWhatItWasMadeOf() {
        Keypair keypair = born(5);
        assertThat(keypair.sendKey()).isEqualTo(0x1000);
        assertThat(keypair.receiveKey()).isEqualTo(0x2000);
        assertThat(keypair.localIndex()).isEqualTo(3);
        assertThat(keypair.remoteIndex()).isEqualTo(4);
        assertThat(keypair.isInitiator()).isTrue();
        assertThat(keypair.birthdateNs()).isEqualTo(5);
        assertThat(keypair.sendingValid()).isTrue();
    }

    @Test
    void countsFromZero() {
        Keypair keypair = born(0);
        assertThat(keypair.nextCounter()).isZero();
        assertThat(keypair.nextCounter()).isEqualTo(1);
        assertThat(keypair.sendCounter()).isEqualTo(2);
    }

    @Test
    void expiresAt180SecondsForBothDirectionsEvenWhereTheClockWraps() {
        for (long birth : new long[] {0, 1, -SECOND_NS, Long.MAX_VALUE - SECOND_NS, Long.MIN_VALUE}) {
            Keypair keypair = born(birth);
            assertThat(keypair.sendable(birth)).isTrue();
            assertThat(keypair.receivable(birth)).isTrue();
            assertThat(keypair.sendable(birth + 180 * SECOND_NS - 1)).isTrue();
            assertThat(keypair.receivable(birth + 180 * SECOND_NS - 1)).isTrue();
            assertThat(keypair.sendable(birth + 180 * SECOND_NS)).isFalse();
            assertThat(keypair.receivable(birth + 180 * SECOND_NS)).isFalse();
        }
    }

    @Test
    void neverCountsToTheLimit() {
        Keypair keypair = born(0);
        keypair.sendCounter(Protocol.REJECT_AFTER_MESSAGES - 2);
        assertThat(keypair.nextCounter()).isEqualTo(Protocol.REJECT_AFTER_MESSAGES - 2);
        assertThat(keypair.sendable(0)).isTrue();
        assertThat(keypair.nextCounter()).isEqualTo(Protocol.REJECT_AFTER_MESSAGES - 1);
        assertThat(keypair.sendable(0)).isFalse();
        assertThat(keypair.receivable(0)).isTrue();
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(keypair::nextCounter).isInstanceOf(IllegalStateException.class);
        }
        assertThat(keypair.sendCounter()).isEqualTo(Protocol.REJECT_AFTER_MESSAGES);
    }

    @Test
    void countsPastTheSignBit() {
        Keypair keypair = born(0);
        keypair.sendCounter(Long.MAX_VALUE);
        assertThat(keypair.nextCounter()).isEqualTo(Long.MAX_VALUE);
        assertThat(keypair.sendable(0)).isTrue();
        assertThat(keypair.nextCounter()).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void invalidatedItReceivesButSendsNoMore() {
        Keypair keypair = born(0);
        keypair.invalidateSending();
        assertThat(keypair.sendingValid()).isFalse();
        assertThat(keypair.sendable(0)).isFalse();
        assertThat(keypair.receivable(0)).isTrue();
        assertThatThrownBy(keypair::nextCounter).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void hasAReplayWindowOfItsOwn() {
        Keypair one = born(0);
        Keypair other = born(0);
        assertThat(one.window().accept(0)).isTrue();
        assertThat(one.window().accept(0)).isFalse();
        assertThat(other.window().accept(0)).isTrue();
    }
}
