package dev.culvert.device;

import dev.culvert.noise.Keypair;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Everything that a device knows of a peer at a moment, by name, so that a test can say what an event changes
/// and that it changes nothing else.
@AnyThread
final class PeerState {
    static final long NEVER = LanePeer.NEVER;

    private PeerState() {}

    /// The five deadlines and the values beside them (conformance 1.10).
    static Map<String, Object> timers(LanePeer peer) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("retransmit", peer.retransmitNs);
        state.put("keepalive", peer.keepaliveNs);
        state.put("newHandshake", peer.newHandshakeNs);
        state.put("zeroKeys", peer.zeroKeysNs);
        state.put("persistent", peer.persistentNs);
        state.put("attempts", peer.attempts);
        state.put("needAnotherKeepalive", peer.needAnotherKeepalive);
        state.put("sentLastMinute", peer.sentLastMinuteHandshake);
        state.put("lastSentHandshake", peer.sentHandshakeBefore ? peer.lastSentHandshakeNs : "never");
        return state;
    }

    /// And all the rest.
    static Map<String, Object> all(LanePeer peer) {
        Map<String, Object> state = timers(peer);
        state.put("previous", session(peer.keypairs.previous()));
        state.put("current", session(peer.keypairs.current()));
        state.put("next", session(peer.keypairs.next()));
        state.put("initiation", peer.initiation == null ? "none" : peer.initiationIndex);
        state.put("greatestTimestamp", String.valueOf(peer.peer.greatestTimestamp));
        state.put("lastAcceptedInitiation", peer.acceptedInitiationBefore ? peer.lastAcceptedInitiationNs : "never");
        state.put("lastTimestampSent", String.valueOf(peer.lastTimestampSent));
        state.put("endpoint", endpoint(peer.endpoint));
        state.put("lastHandshakeWall", peer.lastHandshakeWallNs);
        state.put("tx", peer.txBytes());
        state.put("rx", peer.rxBytes());
        state.put("staged", peer.staged.size());
        state.put("indices", peer.lane.sessions.size());
        state.put("keys", peer.lane.keys.used());
        return state;
    }

    /// And what the device has done: its indices on all lanes, what it delivered and sent.
    static Map<String, Object> all(TestDevice device, LanePeer peer) {
        Map<String, Object> state = all(peer);
        int sessions = 0;
        for (Lane lane : device.state.lanes()) {
            sessions += lane.sessions.size();
        }
        state.put("indices of all lanes", sessions);
        state.put("delivered", device.delivered().size());
        state.put("sent", device.sent.size());
        return state;
    }

    private static String session(@Nullable Keypair keypair) {
        if (keypair == null) {
            return "none";
        }
        StringBuilder window = new StringBuilder();
        for (long counter = 0; counter < 64; counter++) {
            window.append(keypair.window().mayAccept(counter) ? '.' : 'x');
        }
        return "%08x sent %d %s %s"
                .formatted(keypair.localIndex(), keypair.sendCounter(), keypair.sendingValid(), window);
    }

    private static String endpoint(@Nullable Endpoint endpoint) {
        return endpoint == null
                ? "none"
                : endpoint.toSocketAddress() + " from " + endpoint.localHi + "," + endpoint.localLo + ","
                        + endpoint.localInterface;
    }

    /// What differs, with its new value.
    static Map<String, Object> changes(Map<String, Object> before, Map<String, Object> after) {
        Map<String, Object> changed = new LinkedHashMap<>();
        after.forEach((name, value) -> {
            if (!Objects.equals(before.get(name), value)) {
                changed.put(name, value);
            }
        });
        return changed;
    }
}
