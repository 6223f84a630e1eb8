package dev.culvert.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import java.util.function.LongConsumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class IpPacketTest {
    private static final String IPV4 = "45b8003c1c46400040060000" + "c0a80101" + "fe7f0203" + "ab".repeat(40);
    private static final String IPV6 = "6b8123450014060a" + "20010db8000000018000000000000001"
            + "fd00ffffffffffff0102030405060708" + "cd".repeat(20);

    private static void at(String hex, LongConsumer test) {
        at(Vectors.hex(hex), test);
    }

    private static void at(byte[] bytes, LongConsumer test) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(Math.max(bytes.length, 1)).address();
            Memory.copyIn(bytes, 0, address, bytes.length);
            test.accept(address);
        }
    }

    @Test
    void readsAnIpv4Packet() {
        at(IPV4, packet -> {
            assertThat(IpPacket.version(packet)).isEqualTo(4);
            assertThat(IpPacket.isIpv6(packet)).isFalse();
            assertThat(IpPacket.totalLength(packet, 60)).isEqualTo(60);
            assertThat(IpPacket.sourceHi(packet)).isEqualTo(0xc0a80101_00000000L);
            assertThat(IpPacket.sourceLo(packet)).isZero();
            assertThat(IpPacket.destinationHi(packet)).isEqualTo(0xfe7f0203_00000000L);
            assertThat(IpPacket.destinationLo(packet)).isZero();
        });
    }

    @Test
    void readsAnIpv6Packet() {
        at(IPV6, packet -> {
            assertThat(IpPacket.version(packet)).isEqualTo(6);
            assertThat(IpPacket.isIpv6(packet)).isTrue();
            assertThat(IpPacket.totalLength(packet, 60)).isEqualTo(60);
            assertThat(IpPacket.sourceHi(packet)).isEqualTo(0x20010db800000001L);
            assertThat(IpPacket.sourceLo(packet)).isEqualTo(0x8000000000000001L);
            assertThat(IpPacket.destinationHi(packet)).isEqualTo(0xfd00ffffffffffffL);
            assertThat(IpPacket.destinationLo(packet)).isEqualTo(0x0102030405060708L);
        });
    }

    @Test
    void leavesPaddingOut() {
        at(IPV4, packet -> assertThat(IpPacket.totalLength(packet, 64)).isEqualTo(60));
        at(IPV6, packet -> assertThat(IpPacket.totalLength(packet, 64)).isEqualTo(60));
    }

    @Test
    void refusesAPacketThatClaimsMoreThanIsThere() {
        at(IPV4, packet -> assertThat(IpPacket.totalLength(packet, 59)).isEqualTo(IpPacket.LENGTH_MISMATCH));
        at(IPV6, packet -> assertThat(IpPacket.totalLength(packet, 59)).isEqualTo(IpPacket.LENGTH_MISMATCH));
    }

    @Test
    void doesNotWrapThePayloadLengthOfIpv6() {
        // 65,535 + 40 is 39 in 16 bits.
        at("60000000ffff0640" + "00".repeat(92), packet -> {
            assertThat(IpPacket.totalLength(packet, 100)).isEqualTo(IpPacket.LENGTH_MISMATCH);
            assertThat(IpPacket.totalLength(packet, 65_575)).isEqualTo(65_575);
        });
    }

    @Test
    void takesAnEmptyIpv6Payload() {
        at(
                "6000000000003b40" + "00".repeat(32),
                packet -> assertThat(IpPacket.totalLength(packet, 40)).isEqualTo(40));
    }

    @Test
    void refusesAnIpv4LengthBelowItsHeader() {
        for (int length = 0; length < 20; length++) {
            at(
                    "450000" + Vectors.hex(new byte[] {(byte) length}) + "00".repeat(56),
                    packet -> assertThat(IpPacket.totalLength(packet, 60)).isEqualTo(IpPacket.LENGTH_MISMATCH));
        }
        at(
                "45000014" + "00".repeat(16),
                packet -> assertThat(IpPacket.totalLength(packet, 20)).isEqualTo(20));
    }

    @Test
    void refusesLessThanAHeader() {
        for (int available = 0; available < 20; available++) {
            int bytes = available;
            at(IPV4, packet -> assertThat(IpPacket.totalLength(packet, bytes)).isEqualTo(IpPacket.HEADER_TOO_SHORT));
        }
        for (int available = 0; available < 40; available++) {
            int bytes = available;
            at(IPV6, packet -> assertThat(IpPacket.totalLength(packet, bytes)).isEqualTo(IpPacket.HEADER_TOO_SHORT));
        }
    }

    @Test
    void readsNothingOfAnEmptyPacket() {
        assertThat(IpPacket.totalLength(0, 0)).isEqualTo(IpPacket.HEADER_TOO_SHORT);
    }

    @Test
    void refusesEveryOtherVersion() {
        for (int version = 0; version < 16; version++) {
            if (version != 4 && version != 6) {
                byte[] bytes = new byte[60];
                bytes[0] = (byte) (version << 4 | 5);
                at(bytes, packet -> assertThat(IpPacket.totalLength(packet, 60)).isEqualTo(IpPacket.BAD_VERSION));
            }
        }
    }

    @Property
    void believesOnlyWhatFits(@ForAll @Size(60) byte[] bytes, @ForAll @IntRange(max = 60) int available) {
        at(bytes, packet -> {
            int length = IpPacket.totalLength(packet, available);
            if (length >= 0) {
                assertThat(length).isBetween(IpPacket.isIpv6(packet) ? 40 : 20, available);
            } else {
                assertThat(length).isBetween(IpPacket.LENGTH_MISMATCH, IpPacket.BAD_VERSION);
            }
        });
    }
}
