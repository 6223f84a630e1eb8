package dev.culvert.cli;

import dev.culvert.crypto.PrivateKey;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerStatus;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// What `culvert show --json` prints: all that is known of devices and is no secret. Times are RFC 3339, bytes are
/// whole numbers; what is not there is left out.
final class ShowJson {
    private ShowJson() {}

    static String of(List<String> names, UapiClient client) throws CliFailure, IOException, InterruptedException {
        Map<String, Object> devices = new LinkedHashMap<>();
        for (String name : names) {
            devices.put(name, device(client.get(name), client.remarks(name), client.drops(name)));
        }
        return JsonMapper.builder()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .build()
                        .writeValueAsString(devices)
                + '\n';
    }

    static Map<String, Object> device(DeviceStatus status, UapiAnswer.Remarks remarks, Map<String, Long> drops) {
        Map<String, Object> device = new LinkedHashMap<>();
        try (PrivateKey key = status.privateKey()) {
            if (key != null) {
                device.put("public_key", key.publicKey().toBase64());
            }
        }
        device.put("listen_port", status.listenPort());
        device.put("fwmark", Integer.toUnsignedLong(status.fwmark()));
        device.put("draining", remarks.draining());
        device.put("traits", remarks.traits());
        device.put("drops", drops);
        device.put(
                "peers",
                status.peers().stream().map(peer -> peer(peer, remarks)).toList());
        return device;
    }

    private static Map<String, Object> peer(PeerStatus status, UapiAnswer.Remarks remarks) {
        Map<String, Object> peer = new LinkedHashMap<>();
        peer.put("public_key", status.publicKey().toBase64());
        String name = remarks.name(status.publicKey());
        if (!name.isEmpty()) {
            peer.put("name", name);
        }
        peer.put("has_preshared_key", !status.presharedKey().isNone());
        if (status.endpoint() != null) {
            peer.put("endpoint", IpText.format(status.endpoint()));
        }
        String trouble = remarks.troubles().get(status.publicKey());
        if (trouble != null) {
            peer.put("endpoint_trouble", trouble);
        }
        peer.put("allowed_ips", status.allowedIps().stream().map(IpText::format).toList());
        if (status.lastHandshakeWallNs() != 0) {
            peer.put(
                    "latest_handshake",
                    Instant.EPOCH.plusNanos(status.lastHandshakeWallNs()).toString());
        }
        peer.put("received_bytes", status.rxBytes());
        peer.put("sent_bytes", status.txBytes());
        peer.put("persistent_keepalive_s", status.persistentKeepaliveSeconds());
        peer.put("drops", remarks.drops(status.publicKey()));
        return peer;
    }
}
