package dev.culvert.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.device.DeviceStatus;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class UapiAnswerTest {
    private static final String KEY = "0123456789abcdef".repeat(4);

    @Test
    void readsADeviceAndSkipsWhatItDoesNotKnow() throws CliFailure {
        DeviceStatus device = read(
                "private_key=" + KEY,
                "listen_port=51820",
                "fwmark=4294967295",
                "tea=green",
                "preshared_key=" + KEY, // before any peer: ignored
                "public_key=" + KEY,
                "endpoint=[2001:db8::1]:5",
                "last_handshake_time_sec=9223372036854775807",
                "last_handshake_time_nsec=999999999",
                "tx_bytes=18446744073709551615",
                "allowed_ip=10.0.0.2/32",
                "milk=no",
                "public_key=" + "ff".repeat(32),
                "errno=0");
        assertThat(device.listenPort()).isEqualTo(51820);
        assertThat(device.fwmark()).isEqualTo(-1);
        assertThat(device.peers()).hasSize(2);
        assertThat(device.peers().getFirst().presharedKey().isNone()).isTrue();
        assertThat(Long.toUnsignedString(device.peers().getFirst().txBytes())).isEqualTo("18446744073709551615");
        assertThat(device.peers().getFirst().lastHandshakeWallNs()).isEqualTo(Long.MAX_VALUE);
        assertThat(device.peers().getLast().allowedIps()).isEmpty();
        assertThat(device.peers().getLast().endpoint()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "private_key=00",
                "listen_port=65536",
                "listen_port=x",
                "fwmark=4294967296",
                "fwmark=0x1",
                "public_key=zz",
                "endpoint=host:5",
                "allowed_ip=10.0.0.2",
                "allowed_ip=10.0.0.2/33",
                "persistent_keepalive_interval=65536",
                "last_handshake_time_sec=-1",
                "tx_bytes=18446744073709551616",
                "rx_bytes=",
                "errno=x"
            })
    void refusesWhatCannotBeReadWithoutQuotingIt(String line) {
        assertThatThrownBy(() -> read("public_key=" + KEY, line, "errno=0"))
                .isInstanceOf(CliFailure.class)
                .hasMessageStartingWith("the program that serves wg0 sent a ")
                .hasMessageNotContaining("host:5")
                .hasMessageNotContaining("nonsense");
    }

    @Test
    void refusesAnAnswerWithoutErrnoOrWithAnError() {
        assertThatThrownBy(() -> read("listen_port=1")).hasMessageContaining("sent no errno");
        assertThatThrownBy(() -> read("errno=22")).hasMessageContaining("answered with error 22");
    }

    private static DeviceStatus read(String... lines) throws CliFailure {
        UapiAnswer answer = new UapiAnswer("wg0");
        for (String line : List.of(lines)) {
            answer.line(line);
        }
        return answer.finish();
    }
}
