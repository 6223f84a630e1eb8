package dev.culvert.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class EcnTest {
    private static final Map<String, Integer> NAMES =
            Map.of("NotECT", Ecn.NOT_ECT, "ECT0", Ecn.ECT0, "ECT1", Ecn.ECT1, "CE", Ecn.CE);

    private static int named(JsonNode node, String field) {
        Integer value = NAMES.get(Vectors.text(node, field));
        assertThat(value).isNotNull();
        return value == null ? -1 : value;
    }

    @Test
    void namesTheCodepointsOfRfc3168() {
        assertThat(new int[] {Ecn.NOT_ECT, Ecn.ECT1, Ecn.ECT0, Ecn.CE}).containsExactly(0, 1, 2, 3);
    }

    @Test
    void encapsulatesAsEveryVectorSays() {
        JsonNode cases = Vectors.field(Vectors.read("ecn.json"), "encapsulate");
        assertThat(cases.size()).isEqualTo(4);
        for (JsonNode c : cases) {
            assertThat(Ecn.encapsulate(named(c, "inner"))).as("%s", c).isEqualTo(named(c, "outer_ecn"));
        }
    }

    @Test
    void decapsulatesAsTheKernelDoesInEveryVector() {
        JsonNode cases = Vectors.field(Vectors.read("ecn.json"), "decapsulate");
        assertThat(cases.size()).isEqualTo(16);
        for (JsonNode c : cases) {
            assertThat(Ecn.decapsulate(named(c, "inner"), named(c, "outer")))
                    .as("%s", c)
                    .isEqualTo(named(c, "kernel_wireguard"));
        }
    }

    @Property
    void changesNothingOfAnIpv4HeaderButTheFieldAndItsChecksum(
            @ForAll @Size(20) byte[] header, @ForAll @IntRange(max = 3) int outer) {
        header[0] = 0x45;
        writeChecksum(header);
        byte[] expected = header.clone();
        expected[1] = (byte) (header[1] & 0xfc | Ecn.decapsulate(header[1] & 3, outer));
        writeChecksum(expected);
        assertThat(decapsulated(header, outer)).isEqualTo(expected);
    }

    @Property
    void changesNothingOfAnIpv6HeaderButTheField(
            @ForAll @Size(40) byte[] header, @ForAll @IntRange(max = 3) int outer) {
        header[0] = (byte) (0x60 | header[0] & 15);
        byte[] expected = header.clone();
        int inner = header[1] >> 4 & 3;
        expected[1] = (byte) (header[1] & 0xcf | Ecn.decapsulate(inner, outer) << 4);
        assertThat(decapsulated(header, outer)).isEqualTo(expected);
    }

    @Property
    void writesEveryCodepointOverEveryOther(
            @ForAll @Size(40) byte[] header, @ForAll boolean ipv6, @ForAll @IntRange(max = 3) int ecn) {
        header[0] = (byte) (ipv6 ? 0x60 | header[0] & 15 : 0x45);
        byte[] checksummed = header.clone();
        writeChecksum(checksummed);
        byte[] packet = ipv6 ? header : checksummed;
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(packet.length).address();
            Memory.copyIn(packet, 0, address, packet.length);
            IpPacket.writeEcn(address, ecn);
            assertThat(IpPacket.ecn(address)).isEqualTo(ecn);
            byte[] result = new byte[packet.length];
            Memory.copyOut(address, result, 0, result.length);
            if (!ipv6) {
                byte[] recomputed = result.clone();
                writeChecksum(recomputed);
                assertThat(result).isEqualTo(recomputed);
            }
        }
    }

    private static byte[] decapsulated(byte[] header, int outer) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(header.length).address();
            Memory.copyIn(header, 0, address, header.length);
            Ecn.decapsulate(address, outer);
            byte[] result = new byte[header.length];
            Memory.copyOut(address, result, 0, result.length);
            return result;
        }
    }

    /// RFC 791, the long way: over all ten words of the header.
    private static void writeChecksum(byte[] header) {
        header[10] = 0;
        header[11] = 0;
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += (header[i] & 0xff) << 8 | header[i + 1] & 0xff;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        header[10] = (byte) (~sum >>> 8);
        header[11] = (byte) ~sum;
    }
}
