package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class WipeTest {
    @Test
    void zeroesEachArray() {
        byte[] a = {1, 2, 3};
        byte[] b = {4};
        Wipe.zero(a, b, new byte[0]);
        assertThat(a).containsOnly(0);
        assertThat(b).containsOnly(0);
    }

    @Test
    void findsEachSingleBitOfDifferenceInsideTheRangeAndNoneOutside() {
        byte[] a = new byte[40];
        byte[] b = new byte[40];
        for (int i = 0; i < 20; i++) {
            a[i + 3] = (byte) (i * 37);
            b[i + 11] = (byte) (i * 37);
        }
        assertThat(Wipe.equal(a, 3, b, 11, 20)).isTrue();
        for (int bit = 0; bit < 8 * b.length; bit++) {
            b[bit / 8] ^= (byte) (1 << bit % 8);
            boolean inside = bit / 8 >= 11 && bit / 8 < 31;
            assertThat(Wipe.equal(a, 3, b, 11, 20)).isEqualTo(!inside);
            b[bit / 8] ^= (byte) (1 << bit % 8);
        }
    }

    @Test
    void comparesNothingAsEqualAndRefusesRangesOutsideTheArrays() {
        assertThat(Wipe.equal(new byte[0], 0, new byte[3], 3, 0)).isTrue();
        assertThatThrownBy(() -> Wipe.equal(new byte[16], 1, new byte[16], 0, 16))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Wipe.equal(new byte[16], 0, new byte[16], 0, -1))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
