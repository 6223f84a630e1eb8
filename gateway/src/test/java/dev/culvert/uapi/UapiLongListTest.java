package dev.culvert.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// An answer of many buffers is whole, wherever one ends and the next begins.
final class UapiLongListTest {
    private static final int PEERS = 700;
    private static final int PREFIXES = 3000;

    private final RecordingDevice device = new RecordingDevice();

    @Test
    void tellsALongListOfPeersAndAPeerWithALongListOfPrefixes() throws IOException {
        StringBuilder set = new StringBuilder("set=1\nlisten_port=51820\n");
        StringBuilder get = new StringBuilder("listen_port=51820\n");
        for (int i = 0; i < PEERS; i++) {
            String key = "public_key=%064x\n".formatted(i * 0x9e3779b9L);
            String presharedKey = "preshared_key=%064x\n".formatted(i % 3 == 0 ? 0 : i);
            StringBuilder prefixes = new StringBuilder();
            for (int j = 0; j < (i == PEERS / 2 ? PREFIXES : 1 + i % 3); j++) {
                prefixes.append("allowed_ip=10.%d.%d.%d/32\n".formatted(i & 255, j >> 8, j & 255));
            }
            if (i % 2 == 0) {
                prefixes.append("allowed_ip=fd00:%x::/%d\n".formatted(i + 1, 33 + i % 96));
            }
            set.append(key)
                    .append(presharedKey)
                    .append("persistent_keepalive_interval=")
                    .append(i)
                    .append('\n');
            set.append(prefixes);
            get.append(key).append(presharedKey).append("protocol_version=1\n");
            get.append("last_handshake_time_sec=1700000000\nlast_handshake_time_nsec=123456789\n");
            get.append("tx_bytes=18446744073709551615\nrx_bytes=42\npersistent_keepalive_interval=");
            get.append(i).append('\n').append(prefixes);
        }
        assertThat(ask(set + "\n")).isEqualTo("errno=0\n\n");
        assertThat(ask("get=1\n\n")).isEqualTo(get + "errno=0\n\n");
    }

    private String ask(String request) throws IOException {
        return UapiFuzzTest.serve(device, request.getBytes(StandardCharsets.ISO_8859_1))
                .text();
    }
}
