package dev.culvert.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@AnyThread
final class IpTextTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, 10.0.0.1/32",
        "10.0.0.1/24, 10.0.0.0/24",
        "0.0.0.0/0, 0.0.0.0/0",
        "255.255.255.255/31, 255.255.255.254/31",
        "::, ::/128",
        "::/0, ::/0",
        "::1, ::1/128",
        "fe80::, fe80::/128",
        "2001:DB8::1/64, 2001:db8::/64",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1/128",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1/128",
        "1:0:0:2:0:0:0:3, 1:0:0:2::3/128",
        "0:0:0:0:0:0:1.2.3.4, ::1.2.3.4/128",
        "::ffff:1.2.3.4, ::ffff:1.2.3.4/128",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0/128",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8/128",
        "64:ff9b::192.0.2.33/96, 64:ff9b::/96",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65, ffff:ffff:ffff:ffff:8000::/65"
    })
    void readsAndWritesAsInetPtonAndInetNtopDo(String text, String canonical) {
        AllowedIp prefix = IpText.parsePrefix(text);
        assertThat(IpText.format(Objects.requireNonNull(prefix))).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10",
                "10.1",
                "10.0.0",
                "10.0.0.1.2",
                "10.0.0.256",
                "10.0.0.01",
                "10.0.0.-1",
                "10.0.0.1 ",
                "1.2.3.4/",
                "10.0.0.1/33",
                "10.0.0.1/-1",
                "10.0.0.1/a",
                "10.0.0.1/24/8",
                ":",
                ":::",
                "1::2::3",
                "1:2:3:4:5:6:7",
                ":1::2",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "12345::",
                "g::",
                "::1.2.3",
                "1.2.3.4::",
                "::1/129",
                "fe80::1%lo",
                "1:",
                "::1:",
                "1:2:3:4:5:6:7:1.2.3.4",
                "0x7f.0.0.1",
                "٣.0.0.1",
                "::٣"
            })
    void refusesWhatIsNoAddress(String text) {
        assertThat(IpText.parsePrefix(text)).isNull();
    }

    @Property
    void readsItsOwnTextOfAnyIpv6Address(@ForAll @Size(16) byte[] address) throws UnknownHostException {
        AllowedIp prefix = AllowedIp.of(address, 128);
        String text = IpText.formatAddress(prefix);
        assertThat(IpText.parse(text)).isEqualTo(address);
        if (!text.contains(".")) {
            assertThat(InetAddress.getByName(text).getAddress()).isEqualTo(address);
        }
    }

    @Test
    void readsAndWritesEndpoints() {
        assertThat(IpText.parseEndpoint("1.2.3.4:5")).hasToString("/1.2.3.4:5");
        assertThat(IpText.format(endpoint("[2001:db8::1]:51820"))).isEqualTo("[2001:db8::1]:51820");
        assertThat(IpText.format(endpoint("[fe80::1%lo]:7"))).isEqualTo("[fe80::1%lo]:7");
        assertThat(IpText.format(endpoint("[fe80::1%1]:7"))).isEqualTo("[fe80::1%lo]:7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":", "1.2.3.4", "1.2.3.4:65536", "1.2.3.4:", "[1.2.3.4]:5", "::1:5", "[::1]", "host:5"})
    void refusesWhatIsNoEndpoint(String text) {
        assertThat(IpText.parseEndpoint(text)).isNull();
    }

    private static InetSocketAddress endpoint(String text) {
        return Objects.requireNonNull(IpText.parseEndpoint(text));
    }
}
