package dev.culvert.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MessageTypeTest {
    private static @Nullable MessageType typeOf(int firstFour, int length) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(Math.max(length, 4)).address();
            Memory.putInt(address, firstFour);
            return MessageType.of(address, length);
        }
    }

    @Test
    void recognizesEachMessageByTypeAndLength() {
        assertThat(typeOf(1, 148)).isEqualTo(MessageType.INITIATION);
        assertThat(typeOf(2, 92)).isEqualTo(MessageType.RESPONSE);
        assertThat(typeOf(3, 64)).isEqualTo(MessageType.COOKIE_REPLY);
        assertThat(typeOf(4, 32)).isEqualTo(MessageType.DATA);
        assertThat(typeOf(4, 33)).isEqualTo(MessageType.DATA);
        assertThat(typeOf(4, 65_535)).isEqualTo(MessageType.DATA);
    }

    @Test
    void refusesEveryOtherLengthUpToTheLongestDatagram() {
        for (int length = 0; length <= 65_535; length += length < 200 ? 1 : 997) {
            assertThat(typeOf(1, length)).isEqualTo(length == 148 ? MessageType.INITIATION : null);
            assertThat(typeOf(2, length)).isEqualTo(length == 92 ? MessageType.RESPONSE : null);
            assertThat(typeOf(3, length)).isEqualTo(length == 64 ? MessageType.COOKIE_REPLY : null);
            assertThat(typeOf(4, length)).isEqualTo(length >= 32 ? MessageType.DATA : null);
        }
    }

    @Test
    void refusesUnknownTypes() {
        for (int type = 0; type < 256; type++) {
            if (type < 1 || type > 4) {
                for (int length : new int[] {32, 64, 92, 148, 1500}) {
                    assertThat(typeOf(type, length)).isNull();
                }
            }
        }
    }

    @Test
    void refusesEachBitInTheReservedBytes() {
        int[] lengths = {148, 92, 64, 128};
        for (int type = 1; type <= 4; type++) {
            for (int bit = 8; bit < 32; bit++) {
                assertThat(typeOf(type | 1 << bit, lengths[type - 1])).isNull();
            }
        }
    }

    @Test
    void doesNotReadWhatIsTooShortToHaveAType() {
        // Address 0 would crash the machine if it were read.
        for (int length = 0; length < 32; length++) {
            assertThat(MessageType.of(0, length)).isNull();
        }
    }

    @Property
    void acceptsNothingButTheFourShapes(@ForAll int firstFour, @ForAll @IntRange(max = 2000) int length) {
        MessageType type = typeOf(firstFour, length);
        if (type != null) {
            assertThat(firstFour).isEqualTo(type.code()).isBetween(1, 4);
        }
    }
}
