package dev.culvert.cli;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.Diagnosis;
import dev.culvert.device.DropReason;
import dev.culvert.device.Event;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerStatus;
import dev.culvert.uapi.DiagnosisLines;
import dev.culvert.uapi.EventLines;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The answer to one `get=1` or `culvert_engine=1`, line by line, read as strictly as wg(8)'s ipc-uapi.h does:
/// unknown keys are skipped, values that cannot be read end it. No message quotes a value: it may be a key.
final class UapiAnswer {
    private static final long NS_PER_S = 1_000_000_000L;
    private static final String ZEROS = "0".repeat(64);

    private final String interfaceName;
    private final List<PeerStatus> peers = new ArrayList<>();
    private @Nullable PrivateKey privateKey;
    private int listenPort;
    private int fwmark;
    private @Nullable PublicKey peer;
    private PresharedKey presharedKey = PresharedKey.NONE;
    private @Nullable InetSocketAddress endpoint;
    private long handshakeS;
    private long handshakeNs;
    private long txBytes;
    private long rxBytes;
    private int keepaliveSeconds;
    private List<AllowedIp> allowedIps = new ArrayList<>();
    private @Nullable Integer errno;
    private @Nullable String engine;
    private boolean draining;
    private final List<String> diagnosisLines = new ArrayList<>();
    private final List<String> eventLines = new ArrayList<>();
    private long newestEvent;
    private final Map<PublicKey, String> endpointTroubles = new HashMap<>();
    private final Map<PublicKey, String> names = new HashMap<>();
    private final Map<String, String> traits = new LinkedHashMap<>();
    private final Map<PublicKey, Map<String, Long>> peerDrops = new HashMap<>();
    private final Map<String, Long> drops = new TreeMap<>();

    UapiAnswer(String interfaceName) {
        this.interfaceName = interfaceName;
    }

    CliFailure broken(String what) {
        return new CliFailure(
                "the program that serves " + interfaceName + ' ' + what + "; restart it, and look at its log");
    }

    void line(String line) throws CliFailure {
        int equals = line.indexOf('=');
        if (equals < 0) {
            throw broken("sent a line without `=`");
        }
        String key = line.substring(0, equals);
        String value = line.substring(equals + 1);
        try {
            if (key.startsWith(DiagnosisLines.KEYS)) {
                diagnosisLines.add(line);
            } else if (key.startsWith(EventLines.KEYS)) {
                eventLines.add(line);
            } else if (DropReason.isLabel(key)) {
                drops.put(key, Long.parseUnsignedLong(value));
            } else if (!device(key, value) && peer != null) {
                ofPeer(key, value);
            }
        } catch (IllegalArgumentException e) {
            throw broken("sent a " + (key.matches("[a-z_]{1,40}") ? key : "line") + " that cannot be read");
        }
    }

    DeviceStatus finish() throws CliFailure {
        if (errno == null) {
            throw broken("sent no errno");
        }
        if (errno != 0) {
            throw broken("answered with error " + errno);
        }
        finishPeer();
        return new DeviceStatus(privateKey, listenPort, fwmark, List.copyOf(peers));
    }

    /// What is special about a device.
    ///
    /// @param troubles with endpoints that are names, by peer
    /// @param names what its peers are called
    /// @param traits how the device was built, by name
    /// @param peerDrops of the peers that had some, by reason
    record Remarks(
            boolean draining,
            Map<PublicKey, String> troubles,
            Map<PublicKey, String> names,
            Map<String, String> traits,
            Map<PublicKey, Map<String, Long>> peerDrops) {
        static final Remarks NONE = new Remarks(false, Map.of(), Map.of(), Map.of(), Map.of());

        /// As wg(8), which knows nothing of the rest.
        Remarks brief() {
            return new Remarks(draining, troubles, Map.of(), Map.of(), Map.of());
        }

        /// How many packets of the peer were dropped, by reason.
        Map<String, Long> drops(PublicKey peer) {
            return peerDrops.getOrDefault(peer, Map.of());
        }

        String name(PublicKey peer) {
            return names.getOrDefault(peer, "");
        }
    }

    /// What a Culvert answered to the question for it. None of another program, which does not know the question.
    Remarks remarks() {
        return new Remarks(draining, endpointTroubles, names, traits, peerDrops);
    }

    /// @throws CliFailure if the device does not know the request, or refused it
    void requireDone() throws CliFailure {
        if (errno == null || errno != 0) {
            throw new CliFailure(
                    interfaceName + " is served by another program, or an older Culvert: it does not drain");
        }
    }

    String engine() throws CliFailure {
        if (engine == null) {
            throw new CliFailure(
                    interfaceName + " is served by another program, or an older Culvert: it names no engine");
        }
        return engine;
    }

    /// How many packets were dropped, by reason; empty of another program.
    Map<String, Long> drops() {
        return drops;
    }

    /// What a Culvert answered to the question for it.
    List<Diagnosis> diagnoses() throws CliFailure {
        if (errno == null || errno != 0) {
            throw new CliFailure(interfaceName
                    + " is served by another program, or an older Culvert: it notes nothing of failed handshakes");
        }
        try {
            return DiagnosisLines.parse(diagnosisLines);
        } catch (IllegalArgumentException e) {
            throw broken("sent a diagnosis that cannot be read");
        }
    }

    /// @param newest the number of the latest event, of these or after them
    record Events(List<Event> events, long newest) {}

    /// What a Culvert answered to the question for it.
    Events events() throws CliFailure {
        if (errno == null || errno != 0) {
            throw new CliFailure(
                    interfaceName + " is served by another program, or an older Culvert: it tells no events");
        }
        try {
            return new Events(EventLines.parse(eventLines), newestEvent);
        } catch (IllegalArgumentException e) {
            throw broken("sent an event that cannot be read");
        }
    }

    private boolean device(String key, String value) {
        switch (key) {
            case "events_newest" -> newestEvent = Long.parseLong(value);
            case "errno" -> errno = Integer.valueOf(value);
            case "engine" -> engine = value;
            case "device_draining" -> draining = value.equals("true");
            case "device_trait" -> {
                int blank = value.indexOf(' ');
                traits.put(value.substring(0, Math.max(0, blank)), value.substring(blank + 1));
            }
            case "endpoint_trouble" -> ofKey(value, endpointTroubles);
            case "peer_drop" -> {
                String[] words = value.split(" ", -1);
                if (words.length != 3) {
                    throw new IllegalArgumentException("not a key, a reason and a number");
                }
                peerDrops
                        .computeIfAbsent(PublicKey.fromHex(words[0]), _ -> new TreeMap<>())
                        .put(words[1], Long.parseUnsignedLong(words[2]));
            }
            case "peer_name" -> ofKey(value, names);
            case "public_key" -> {
                finishPeer();
                peer = PublicKey.fromHex(value);
            }
            case "private_key" -> privateKey = value.equals(ZEROS) ? null : PrivateKey.fromHex(value);
            case "listen_port" -> listenPort = upTo(value, 65535);
            case "fwmark" -> fwmark = Integer.parseUnsignedInt(value);
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void ofKey(String keyAndText, Map<PublicKey, String> texts) {
        int blank = keyAndText.indexOf(' ');
        texts.put(PublicKey.fromHex(keyAndText.substring(0, Math.max(0, blank))), keyAndText.substring(blank + 1));
    }

    private void ofPeer(String key, String value) {
        switch (key) {
            case "preshared_key" -> presharedKey = PresharedKey.fromHex(value);
            case "endpoint" -> endpoint = required(IpText.parseEndpoint(value));
            case "persistent_keepalive_interval" -> keepaliveSeconds = upTo(value, 65535);
            case "allowed_ip" -> {
                AllowedIp prefix = value.indexOf('/') < 0 ? null : IpText.parsePrefix(value);
                allowedIps.add(required(prefix));
            }
            case "last_handshake_time_sec" -> handshakeS = positive(value);
            case "last_handshake_time_nsec" -> handshakeNs = positive(value);
            case "tx_bytes" -> txBytes = Long.parseUnsignedLong(value);
            case "rx_bytes" -> rxBytes = Long.parseUnsignedLong(value);
            default -> {
                // protocol_version, and what later versions will add
            }
        }
    }

    private void finishPeer() {
        if (peer != null) {
            long wallNs = handshakeS > Long.MAX_VALUE / NS_PER_S - 1
                    ? Long.MAX_VALUE
                    : handshakeS * NS_PER_S + Math.min(handshakeNs, NS_PER_S - 1);
            peers.add(new PeerStatus(
                    peer, presharedKey, endpoint, wallNs, txBytes, rxBytes, keepaliveSeconds, List.copyOf(allowedIps)));
        }
        presharedKey = PresharedKey.NONE;
        endpoint = null;
        handshakeS = 0;
        handshakeNs = 0;
        txBytes = 0;
        rxBytes = 0;
        keepaliveSeconds = 0;
        allowedIps = new ArrayList<>();
    }

    private static int upTo(String value, int max) {
        int number = Integer.parseInt(value);
        if (number < 0 || number > max) {
            throw new IllegalArgumentException("out of range");
        }
        return number;
    }

    private static long positive(String value) {
        long number = Long.parseLong(value);
        if (number < 0) {
            throw new IllegalArgumentException("negative");
        }
        return number;
    }

    private static <T> T required(@Nullable T value) {
        if (value == null) {
            throw new IllegalArgumentException("not an address");
        }
        return value;
    }
}
