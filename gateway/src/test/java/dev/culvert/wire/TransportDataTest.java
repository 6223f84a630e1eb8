package dev.culvert.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class TransportDataTest {
    @Test
    void padsAsEveryVectorSays() {
        JsonNode cases = Vectors.field(Vectors.read("padding.json"), "cases");
        assertThat(cases.size()).isGreaterThan(100);
        for (JsonNode c : cases) {
            int length = Vectors.field(c, "length").asInt();
            int mtu = Vectors.field(c, "mtu").asInt();
            assertThat(TransportData.paddedLength(length, mtu))
                    .as("%d bytes, MTU %d", length, mtu)
                    .isEqualTo(Vectors.field(c, "padded").asInt());
        }
    }

    @Property
    void paddingNeverShrinksAndNeverCrossesTheMtu(
            @ForAll @IntRange(max = 65_535) int length, @ForAll @IntRange(min = 1, max = 65_535) int mtu) {
        int padded = TransportData.paddedLength(length, mtu);
        assertThat(padded).isBetween(length, length + 15);
        if (length <= mtu) {
            assertThat(padded).isLessThanOrEqualTo(mtu);
            assertThat(padded % 16 == 0 || padded == mtu).isTrue();
        }
    }

    @Test
    void writesTheHeaderAndReadsItBack() {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(24).address();
            Memory.putLong(address + 16, -1);
            TransportData.writeHeader(address, 0xfedcba98, 0x8877665544332211L);
            byte[] bytes = new byte[24];
            Memory.copyOut(address, bytes, 0, 24);
            assertThat(Vectors.hex(bytes)).isEqualTo("0400000098badcfe1122334455667788" + "ff".repeat(8));
            assertThat(TransportData.receiverIndex(address)).isEqualTo(0xfedcba98);
            assertThat(TransportData.counter(address)).isEqualTo(0x8877665544332211L);
        }
    }

    @Test
    void findsTheReceiverIndexOfEachMessageThatHasOne() {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(92).address();
            Memory.putInt(address + 4, 44);
            Memory.putInt(address + 8, 88);
            assertThat(TransportData.receiverIndex(MessageType.RESPONSE, address))
                    .isEqualTo(88);
            assertThat(TransportData.receiverIndex(MessageType.COOKIE_REPLY, address))
                    .isEqualTo(44);
            assertThat(TransportData.receiverIndex(MessageType.DATA, address)).isEqualTo(44);
        }
    }
}
