package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MatrixTest {
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void saysHowLongItWillTakeOnceItKnows() {
        assertThat(Matrix.left(0, 10, 0)).isEmpty();
        assertThat(Matrix.left(1, 4, 20 * SECOND_NS)).isEqualTo(", about 60 s left");
        assertThat(Matrix.left(2, 20, 60 * SECOND_NS)).isEqualTo(", about 9 min left");
    }
}
