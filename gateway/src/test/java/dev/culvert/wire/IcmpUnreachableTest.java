package dev.culvert.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IcmpUnreachableTest {
    private static final String IPV4 = "4500001c000000004011" + "0000" + "0a000002" + "0a000063" + "1111222200080000";
    private static final String IPV6 = "60000000000811" + "40" + "fd000000000000000000000000000002"
            + "fd000000000000000000000000000063" + "1111222200080000";

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void closes() {
        arena.close();
    }

    private long packet(String hex, int lengthBytes) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        long address =
                arena.allocate(2000 + IcmpUnreachable.PREFIX_BYTES_MAX).address() + IcmpUnreachable.PREFIX_BYTES_MAX;
        Memory.copyIn(bytes, 0, address, bytes.length);
        byte[] rest = new byte[lengthBytes - bytes.length];
        new Random(lengthBytes).nextBytes(rest);
        Memory.copyIn(rest, 0, address + bytes.length, rest.length);
        return address;
    }

    private static byte[] answer(long packet, int lengthBytes) {
        long start = packet - IcmpUnreachable.prefixBytes(packet);
        byte[] answer = new byte[IcmpUnreachable.write(packet, lengthBytes)];
        Memory.copyOut(start, answer, 0, answer.length);
        return answer;
    }

    /// Written out plainly, word by word, with the field in it: the sum of a right packet is 0xffff.
    private static int sum(byte[] bytes, int from, int to, int initial) {
        int sum = initial;
        for (int i = from; i < to; i += 2) {
            sum += (bytes[i] & 0xff) << 8 | (i + 1 < to ? bytes[i + 1] & 0xff : 0);
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(ints = {28, 29, 31, 548, 549, 1420})
    void quotesAnIpv4PacketUpTo576BytesWithRightChecksums(int lengthBytes) {
        long packet = packet(IPV4, lengthBytes);
        byte[] before = new byte[lengthBytes];
        Memory.copyOut(packet, before, 0, lengthBytes);
        byte[] answer = answer(packet, lengthBytes);

        assertThat(answer).hasSize(Math.min(lengthBytes + 28, 576));
        assertThat(answer[0]).isEqualTo((byte) 0x45);
        assertThat((answer[2] & 0xff) << 8 | answer[3] & 0xff).isEqualTo(answer.length);
        assertThat(answer[9]).as("ICMP").isEqualTo((byte) 1);
        assertThat(Arrays.copyOfRange(answer, 12, 20)).containsExactly(10, 0, 0, 99, 10, 0, 0, 2);
        assertThat(answer[20]).as("destination unreachable").isEqualTo((byte) 3);
        assertThat(answer[21]).as("host").isEqualTo((byte) 1);
        assertThat(Arrays.copyOfRange(answer, 28, answer.length)).isEqualTo(Arrays.copyOf(before, answer.length - 28));
        assertThat(sum(answer, 0, 20, 0)).isEqualTo(0xffff);
        assertThat(sum(answer, 20, answer.length, 0)).isEqualTo(0xffff);
    }

    @ParameterizedTest
    @ValueSource(ints = {48, 49, 1232, 1233, 1420})
    void quotesAnIpv6PacketUpTo1280BytesWithARightChecksum(int lengthBytes) {
        long packet = packet(IPV6, lengthBytes);
        byte[] before = new byte[lengthBytes];
        Memory.copyOut(packet, before, 0, lengthBytes);
        byte[] answer = answer(packet, lengthBytes);

        assertThat(answer).hasSize(Math.min(lengthBytes + 48, 1280));
        assertThat(answer[0]).isEqualTo((byte) 0x60);
        assertThat((answer[4] & 0xff) << 8 | answer[5] & 0xff).isEqualTo(answer.length - 40);
        assertThat(answer[6]).as("ICMPv6").isEqualTo((byte) 58);
        assertThat(answer[23]).as("from where it should have gone").isEqualTo((byte) 0x63);
        assertThat(answer[39]).isEqualTo((byte) 2);
        assertThat(answer[40]).as("destination unreachable").isEqualTo((byte) 1);
        assertThat(answer[41]).as("address").isEqualTo((byte) 3);
        assertThat(Arrays.copyOfRange(answer, 48, answer.length)).isEqualTo(Arrays.copyOf(before, answer.length - 48));
        assertThat(sum(answer, 40, answer.length, sum(answer, 8, 40, 58 + answer.length - 40)))
                .isEqualTo(0xffff);
    }

    @ParameterizedTest(name = "{0}: {2}")
    @CsvSource({
        "16, 0a000063, true, a host",
        "16, e0000001, false, to a multicast group",
        "16, ffffffff, false, to a broadcast",
        "12, 00000000, false, from nobody",
        "12, 7f000001, false, from loopback",
        "12, ef010101, false, from a multicast group",
        "6, 20b9, false, a later fragment",
        "6, 2000, true, a first fragment",
        "0, 44, false, a header too short for itself",
        "0, 4f, false, a header longer than the packet"
    })
    void answersNoIpv4PacketThatAnErrorMustNotAnswer(int offset, String bytes, boolean answers, String what) {
        assertThat(IcmpUnreachable.mayAnswer(changed(IPV4, offset, bytes, 28), 28))
                .as(what)
                .isEqualTo(answers);
    }

    @ParameterizedTest
    @CsvSource({"0, true", "8, true", "3, false", "4, false", "5, false", "11, false", "12, false", "13, true"})
    void answersAnIcmpRequestButNoIcmpError(int type, boolean answers) {
        long packet = changed(IPV4, 9, "01", 28);
        Memory.putByte(packet + 20, type);
        assertThat(IcmpUnreachable.mayAnswer(packet, 28)).isEqualTo(answers);
        assertThat(IcmpUnreachable.mayAnswer(packet, 20)).as("cut off").isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "24, ff020000000000000000000000000001, false, to a multicast group",
        "8, 00000000000000000000000000000000, false, from nobody",
        "8, ff020000000000000000000000000001, false, from a multicast group",
        "6, 06, true, TCP",
        "6, 3a, false, an ICMPv6 error",
        "6, 2c, false, a fragment header that is cut off"
    })
    void answersNoIpv6PacketThatAnErrorMustNotAnswer(int offset, String bytes, boolean answers, String what) {
        assertThat(IcmpUnreachable.mayAnswer(changed(IPV6, offset, bytes, 48), 47))
                .as(what)
                .isEqualTo(answers);
    }

    @Test
    void looksForIcmpErrorsBehindExtensionHeaders() {
        // Hop-by-hop options, then ICMPv6: an echo request, and an error.
        long packet = packet(IPV6, 80);
        Memory.putByte(packet + 6, 0);
        Memory.putByte(packet + 40, 58);
        Memory.putByte(packet + 41, 0);
        Memory.putByte(packet + 48, 128);
        assertThat(IcmpUnreachable.mayAnswer(packet, 80)).isTrue();
        Memory.putByte(packet + 48, 1);
        assertThat(IcmpUnreachable.mayAnswer(packet, 80)).isFalse();
        // A first fragment of UDP, then a later one.
        Memory.putByte(packet + 6, 44);
        Memory.putByte(packet + 40, 17);
        Memory.putShortBe(packet + 42, 1);
        assertThat(IcmpUnreachable.mayAnswer(packet, 80)).isTrue();
        Memory.putShortBe(packet + 42, 8);
        assertThat(IcmpUnreachable.mayAnswer(packet, 80)).isFalse();
        // A chain without an end.
        Memory.putByte(packet + 6, 60);
        for (int at = 40; at < 80; at += 8) {
            Memory.putByte(packet + at, 60);
            Memory.putByte(packet + at + 1, 0);
        }
        assertThat(IcmpUnreachable.mayAnswer(packet, 80)).isFalse();
    }

    private long changed(String packet, int offset, String bytes, int lengthBytes) {
        long address = packet(packet, lengthBytes);
        byte[] change = HexFormat.of().parseHex(bytes);
        Memory.copyIn(change, 0, address + offset, change.length);
        return address;
    }
}
