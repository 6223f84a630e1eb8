package dev.culvert.device;

import dev.culvert.noise.Keypair;
import dev.culvert.noise.Tai64n;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All of a device's state about one peer that a message could change, for comparison.
@Published
record PeerSnapshot(
        @Nullable Endpoint endpoint,
        long txBytes,
        long rxBytes,
        long lastHandshakeWallNs,
        @Nullable Tai64n greatestTimestamp,
        List<Long> deadlines,
        List<Object> handshake,
        List<Object> keypairs,
        int sessions,
        int staged,
        int deliveredPackets,
        int sentDatagrams) {
    static PeerSnapshot of(TestDevice device, LanePeer peer) {
        List<Object> keypairs = new ArrayList<>();
        for (Keypair keypair :
                new @Nullable Keypair[] {peer.keypairs.previous(), peer.keypairs.current(), peer.keypairs.next()}) {
            keypairs.add(keypair == null ? "none" : keypair);
            if (keypair != null) {
                keypairs.add(keypair.sendCounter());
                keypairs.add(keypair.sendingValid());
            }
        }
        int sessions = 0;
        for (Lane lane : device.state.lanes()) {
            sessions += lane.sessions.size();
        }
        return new PeerSnapshot(
                peer.endpoint,
                peer.txBytes(),
                peer.rxBytes(),
                peer.lastHandshakeWallNs,
                peer.peer.greatestTimestamp,
                List.of(peer.retransmitNs, peer.keepaliveNs, peer.newHandshakeNs, peer.zeroKeysNs, peer.persistentNs),
                List.of(
                        peer.initiation == null ? "none" : peer.initiation,
                        peer.attempts,
                        peer.needAnotherKeepalive,
                        peer.sentLastMinuteHandshake,
                        peer.sentHandshakeBefore,
                        peer.lastSentHandshakeNs,
                        peer.lastAcceptedInitiationNs),
                keypairs,
                sessions,
                peer.staged.size(),
                device.delivered().size(),
                device.sent.size());
    }
}
