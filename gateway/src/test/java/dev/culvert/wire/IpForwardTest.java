package dev.culvert.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IpForwardTest {
    private static byte[] ipv4(byte[] header, int ttl) {
        byte[] packet = header.clone();
        packet[0] = 0x45;
        packet[8] = (byte) ttl;
        writeChecksum(packet);
        return packet;
    }

    /// By the definition (RFC 1071): the ones' complement of the sum, without any code of ours.
    private static void writeChecksum(byte[] header) {
        header[10] = 0;
        header[11] = 0;
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += (header[i] & 0xff) << 8 | header[i + 1] & 0xff;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        header[10] = (byte) (~sum >>> 8);
        header[11] = (byte) ~sum;
    }

    private static byte[] decreased(byte[] packet) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(packet.length).address();
            Memory.copyIn(packet, 0, address, packet.length);
            IpPacket.decreaseTtl(address);
            byte[] result = new byte[packet.length];
            Memory.copyOut(address, result, 0, result.length);
            return result;
        }
    }

    private static boolean isPlain(byte[] packet) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(packet.length).address();
            Memory.copyIn(packet, 0, address, packet.length);
            return IpForward.isPlain(address);
        }
    }

    @Property(tries = 200)
    void everyTimeToLiveOfAnyIpv4HeaderBecomesOneLessWithTheChecksumMadeAnew(@ForAll @Size(20) byte[] header) {
        for (int ttl = 1; ttl < 256; ttl++) {
            assertThat(decreased(ipv4(header, ttl))).isEqualTo(ipv4(header, ttl - 1));
        }
    }

    @Property(tries = 200)
    void aWrongChecksumStaysWrong(@ForAll @Size(20) byte[] header, @ForAll byte wrong) {
        byte[] packet = ipv4(header, 64);
        byte[] right = decreased(packet);
        packet[11] ^= (byte) (wrong | 1);
        byte[] decreased = decreased(packet);
        assertThat(new byte[] {decreased[10], decreased[11]}).isNotEqualTo(new byte[] {right[10], right[11]});
        assertThat(isPlain(packet)).as("the kernel drops it").isFalse();
    }

    @Property(tries = 200)
    void everyHopLimitOfAnyIpv6HeaderBecomesOneLess(@ForAll @Size(40) byte[] header) {
        for (int hops = 1; hops < 256; hops++) {
            header[0] = 0x60;
            header[7] = (byte) hops;
            byte[] expected = header.clone();
            expected[7] = (byte) (hops - 1);
            assertThat(decreased(header)).isEqualTo(expected);
        }
    }

    @Test
    void whatHasUsedUpItsTimeToLiveOrHasOptionsIsNotPlain() {
        byte[] header = new byte[20];
        for (int ttl = 0; ttl < 256; ttl++) {
            assertThat(isPlain(ipv4(header, ttl))).as("%d", ttl).isEqualTo(ttl > 1);
        }
        byte[] options = ipv4(header, 64);
        options[0] = 0x46;
        writeChecksum(options);
        assertThat(isPlain(options)).isFalse();

        byte[] ipv6 = new byte[40];
        ipv6[0] = 0x60;
        ipv6[6] = 6;
        for (int hops = 0; hops < 256; hops++) {
            ipv6[7] = (byte) hops;
            assertThat(isPlain(ipv6)).as("%d", hops).isEqualTo(hops > 1);
        }
        ipv6[6] = 0;
        assertThat(isPlain(ipv6)).as("hop-by-hop options").isFalse();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            false, 0a000001, true
            false, 00000000, false
            false, 00ffffff, false
            false, 01000000, true
            false, 7effffff, true
            false, 7f000001, false
            false, 80000000, true
            false, a9fdffff, true
            false, a9fe0000, false
            false, a9feffff, false
            false, a9ff0000, true
            false, dfffffff, true
            false, e0000001, false
            false, ffffffff, false
            true,  0000000000000000, false
            true,  20010db800000000, true
            true,  fd00000000000000, true
            true,  fe7fffffffffffff, true
            true,  fe80000000000000, false
            true,  febfffffffffffff, false
            true,  fec0000000000000, true
            true,  ff02000000000000, false
            """)
    void forwardsUnicastAddressesBeyondTheLink(boolean isIpv6, String hex, boolean forwardable) {
        long hi = Long.parseUnsignedLong(hex, 16) << (isIpv6 ? 0 : 32);
        assertThat(IpForward.isForwardable(isIpv6, hi)).isEqualTo(forwardable);
    }
}
