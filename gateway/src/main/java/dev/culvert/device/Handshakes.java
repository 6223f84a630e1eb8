package dev.culvert.device;

import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.Keypair;
import dev.culvert.noise.Protocol;
import dev.culvert.noise.ReceivedInitiation;
import dev.culvert.noise.ResponseDraft;
import dev.culvert.noise.SentInitiation;
import dev.culvert.noise.SessionKeys;
import dev.culvert.noise.Tai64n;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The handshakes of a lane's peers (architecture, decision 8). The arithmetic runs on a worker over an
/// immutable view; the result comes back here, is checked against what holds now, and is committed or wiped.
/// Sender index and macs are written at the commit: neither is in the Noise hash.
@LaneConfined
final class Handshakes {
    private static final Logger LOG = LoggerFactory.getLogger(Handshakes.class);

    /// Initiations to a peer that is greeted, 5 s apart.
    private static final int GREETINGS = 3;

    private final Lane lane;
    private final DeviceState device;

    Handshakes(Lane lane) {
        this.lane = lane;
        device = lane.device;
    }

    // Initiator.

    /// Kernel: `wg_packet_send_queued_handshake_initiation`. Suppressed within 5 s of the last handshake
    /// message.
    ///
    /// @param isRetry the retransmit timer asks; anything else starts the count of attempts anew
    void initiationWanted(LanePeer peer, boolean isRetry) {
        if (!isRetry) {
            peer.attempts = 0;
        }
        if (peer.handshakeSentWithin(lane.nowNs, Protocol.REKEY_TIMEOUT_NS)) {
            lane.timers.initiationSuppressed(peer);
            return;
        }
        Identity identity = device.identity;
        if (identity == null || peer.endpoint == null || peer.initiationOnWorker || !device.up) {
            return;
        }
        peer.sentHandshakeBefore = true;
        peer.lastSentHandshakeNs = lane.nowNs;
        Tai64n timestamp = Tai64n.of(device.clock.wallNs()).orAfter(peer.lastTimestampSent);
        peer.lastTimestampSent = timestamp;
        peer.initiationOnWorker = device.handshakes.offerOwn(worker -> {
            SentInitiation made = SentInitiation.create(
                    identity.keys(),
                    peer.peer.publicKey(),
                    peer.peer.staticStatic(identity.keys()),
                    timestamp,
                    PrivateKey.generate(device.random),
                    worker.cipher());
            lane.command(() -> commitInitiation(peer, identity, made));
        });
        if (!peer.initiationOnWorker) {
            lane.counters.dropped(DropReason.HANDSHAKE_QUEUE_FULL, peer.peer);
        }
        lane.timers.handshakeInitiated(peer);
    }

    /// The peer had a session with an earlier run of ours. A few tries: whoever has gone in the meantime costs
    /// little.
    void greet(LanePeer peer) {
        if (peer.keypairs.current() == null && peer.initiation == null) {
            peer.attempts = Protocol.MAX_TIMER_HANDSHAKES + 2 - GREETINGS;
            initiationWanted(peer, true);
        }
    }

    @SuppressWarnings("ReferenceEquality") // the same identity object, or it has been replaced meanwhile
    private void commitInitiation(LanePeer peer, Identity identity, @Nullable SentInitiation made) {
        peer.initiationOnWorker = false;
        if (peer.peer.removed || device.identity != identity || !device.up) {
            if (made != null) {
                made.close();
            }
            lane.counters.dropped(DropReason.SUPERSEDED, peer.peer);
            return;
        }
        if (made == null) {
            lane.counters.dropped(DropReason.LOW_ORDER_KEY, peer.peer);
            lane.timers.initiationAbandoned(peer);
            return;
        }
        dropInitiation(peer);
        int index = lane.insertIndex(IndexEntry.of(peer, made));
        peer.initiation = made;
        peer.initiationIndex = index;
        byte[] message = made.message();
        HandshakeInitiation.writeSenderIndex(message, index);
        peer.cookie.stamp(message, peer.peer.remote, lane.nowNs);
        peer.lastSentHandshakeNs = lane.nowNs;
        lane.timers.anyAuthenticatedPacketTraversal(peer);
        lane.timers.anyAuthenticatedPacketSent(peer);
        lane.sender.sendHandshake(peer, message);
        lane.timers.handshakeInitiated(peer);
        lane.counters.handshakeInitiated();
    }

    /// Forgets the outstanding initiation: its response would come too late.
    void dropInitiation(LanePeer peer) {
        SentInitiation outstanding = peer.initiation;
        if (outstanding != null) {
            lane.sessions.remove(peer.initiationIndex);
            outstanding.close();
            peer.initiation = null;
        }
    }

    /// A response to `initiation` came, with a right mac1. Two Diffie-Hellmans, on a worker.
    void responseReceived(LanePeer peer, SentInitiation initiation, byte[] message, Endpoint source) {
        Identity identity = device.identity;
        if (identity == null) {
            lane.counters.dropped(DropReason.NO_IDENTITY);
            return;
        }
        boolean queued = device.handshakes.offerOwn(worker -> {
            SessionKeys keys =
                    initiation.consumeResponse(identity.keys(), peer.peer.presharedKey, message, worker.cipher());
            if (keys == null) {
                worker.counters().dropped(DropReason.BAD_RESPONSE, peer.peer);
                noted(peer.peer, Cause.BAD_RESPONSE, source, "");
            } else {
                int remoteIndex = HandshakeResponse.senderIndex(message);
                lane.command(() -> commitResponse(peer, initiation, keys, remoteIndex, source, message.length));
            }
        });
        if (!queued) {
            lane.counters.dropped(DropReason.HANDSHAKE_QUEUE_FULL, peer.peer);
        }
    }

    @SuppressWarnings("ReferenceEquality") // an initiation that was replaced meanwhile is another object
    private void commitResponse(
            LanePeer peer, SentInitiation initiation, SessionKeys keys, int remoteIndex, Endpoint source, int bytes) {
        if (peer.initiation != initiation) {
            keys.close();
            lane.counters.dropped(DropReason.UNEXPECTED_RESPONSE, peer.peer);
            return;
        }
        peer.moveTo(source);
        int localIndex = peer.initiationIndex;
        dropInitiation(peer);
        Keypair keypair = keypair(keys, localIndex, remoteIndex, true);
        boolean free = lane.sessions.insert(localIndex, IndexEntry.of(peer, keypair));
        assert free : "the keypair inherits its handshake's index";
        peer.keypairs.addAsInitiator(keypair, lane);
        peer.received(bytes);
        lane.timers.sessionDerived(peer);
        lane.timers.handshakeComplete(peer);
        lane.sender.sendKeepalive(peer);
        lane.timers.anyAuthenticatedPacketReceived(peer);
        lane.timers.anyAuthenticatedPacketTraversal(peer);
    }

    // Responder.

    /// An initiation passed the lane's cheap checks: opens it on a worker, whatever lane its peer lives on.
    ///
    /// @return false if the queue is full
    boolean initiationReceived(Identity identity, byte[] message, Endpoint source) {
        long receivedNs = lane.nowNs;
        return device.handshakes.offerInbound(worker -> {
            if (device.clock.bootNs() - receivedNs < Protocol.REKEY_TIMEOUT_NS) {
                openInitiation(identity, message, source, receivedNs, worker);
            } else {
                // Its sender has made another one and would not take the response. In a storm, work for nothing would
                // keep the queue long for ever.
                worker.counters().dropped(DropReason.HANDSHAKE_QUEUE_FULL);
            }
        });
    }

    private void openInitiation(
            Identity identity, byte[] message, Endpoint source, long receivedNs, HandshakeWorker worker) {
        LaneCounters counters = worker.counters();
        try (ReceivedInitiation received = ReceivedInitiation.open(identity.keys(), message, worker.cipher())) {
            if (received == null) {
                counters.dropped(DropReason.BAD_INITIATION);
                noted(source, Cause.BAD_INITIATION, null);
                return;
            }
            if (received.initiator().equals(identity.keys().publicKey())) {
                counters.dropped(DropReason.OWN_KEY);
                noted(source, Cause.OWN_KEY, null);
                return;
            }
            Peer peer = device.peers.find(received.initiator());
            if (peer == null) {
                counters.dropped(DropReason.UNKNOWN_PEER);
                noted(source, Cause.UNKNOWN_KEY, received.initiator());
                return;
            }
            long generation = peer.generation; // before what it guards is read
            Tai64n timestamp = received.openTimestamp(peer.staticStatic(identity.keys()), worker.cipher());
            if (timestamp == null) {
                counters.dropped(DropReason.BAD_INITIATION);
                noted(source, Cause.BAD_INITIATION, received.initiator());
                return;
            }
            if (isStale(peer, timestamp)) {
                tellOfClock(peer, timestamp, source);
                counters.dropped(DropReason.STALE_TIMESTAMP, peer);
                return;
            }
            ResponseDraft draft =
                    received.respond(peer.presharedKey, PrivateKey.generate(device.random), worker.cipher());
            if (draft == null) {
                counters.dropped(DropReason.LOW_ORDER_KEY, peer);
                noted(peer, Cause.LOW_ORDER_KEY, source, "");
                return;
            }
            LanePeer home = device.assignment.home(peer);
            if (home == null) {
                draft.close();
                counters.dropped(DropReason.PEER_REMOVED);
                return;
            }
            int remoteIndex = received.senderIndex();
            home.lane.command(() -> home.lane.handshakes.commitInitiationReceived(
                    home,
                    new Opened(
                            identity, generation, timestamp, draft, remoteIndex, source, message.length, receivedNs)));
        }
    }

    /// What a worker made of an initiation.
    private record Opened(
            Identity identity,
            long generation,
            Tai64n timestamp,
            ResponseDraft draft,
            int remoteIndex,
            Endpoint source,
            int bytes,
            long receivedNs) {}

    private void commitInitiationReceived(LanePeer peer, Opened opened) {
        try (ResponseDraft draft = opened.draft()) {
            DropReason refusal = refusal(peer, opened);
            if (refusal != null) {
                lane.counters.dropped(refusal, peer.peer);
                if (refusal == DropReason.HANDSHAKE_FLOOD) {
                    noted(peer.peer, Cause.TOO_OFTEN, opened.source(), "");
                } else if (refusal == DropReason.DRAINING) {
                    noted(peer.peer, Cause.DRAINING, opened.source(), "");
                }
                return;
            }
            if (peer.keypairs.next() != null && !device.peers.isHidden(peer.peer)) {
                noted(peer.peer, Cause.NEVER_CONFIRMED, peer.endpoint, "");
            }
            peer.peer.greatestTimestamp = opened.timestamp();
            peer.acceptedInitiationBefore = true;
            peer.lastAcceptedInitiationNs = lane.nowNs;
            peer.moveTo(opened.source());
            if (!device.peers.isHidden(peer.peer)) {
                device.memory.note(peer.peer);
                lane.counters.handshakeReceived();
                lane.counters.handshakeAnswered(lane.nowNs - opened.receivedNs());
            }
            respond(peer, draft, opened.remoteIndex());
            peer.received(opened.bytes());
            lane.timers.anyAuthenticatedPacketReceived(peer);
            lane.timers.anyAuthenticatedPacketTraversal(peer);
        }
    }

    @SuppressWarnings("ReferenceEquality") // the same identity object, or it has been replaced meanwhile
    private @Nullable DropReason refusal(LanePeer peer, Opened opened) {
        if (peer.peer.removed) {
            return DropReason.PEER_REMOVED;
        }
        if (!device.up) {
            return DropReason.DEVICE_DOWN;
        }
        if (device.identity != opened.identity() || peer.peer.generation != opened.generation()) {
            return DropReason.SUPERSEDED;
        }
        if (device.draining
                && peer.keypairs.current() == null
                && peer.keypairs.next() == null
                && !device.peers.isHidden(peer.peer)) {
            return DropReason.DRAINING;
        }
        if (isStale(peer.peer, opened.timestamp())) {
            return DropReason.STALE_TIMESTAMP;
        }
        boolean flood = peer.acceptedInitiationBefore
                && lane.nowNs - peer.lastAcceptedInitiationNs < Protocol.INITIATION_INTERVAL_MIN_NS;
        return flood ? DropReason.HANDSHAKE_FLOOD : null;
    }

    /// Equal is a replay (conformance 1.5).
    private static boolean isStale(Peer peer, Tai64n timestamp) {
        Tai64n greatest = peer.greatestTimestamp;
        return greatest != null && timestamp.compareTo(greatest) <= 0;
    }

    /// A peer whose clock went back cannot come in any more, and nothing else would say so: its operator sees
    /// silence. A copy of a late initiation, which the network makes, is no news.
    private void tellOfClock(Peer peer, Tai64n timestamp, Endpoint source) {
        Tai64n greatest = peer.greatestTimestamp;
        long behindS = greatest == null ? 0 : greatest.seconds() - timestamp.seconds();
        if (timestamp.equals(greatest)) {
            noted(peer, Cause.REPLAYED, source, "");
        } else {
            noted(peer, Cause.CLOCK_BEHIND, source, behindS + " s behind");
        }
        if (behindS > 1 && device.staleTimestampLog.allows(device.clock.bootNs())) {
            LOG.warn(
                    "peer {}: an initiation was refused, its timestamp is {} s older than the last one: a replay, or the"
                            + " peer's clock went back (then set it, or remove the peer and add it again)",
                    peer.publicKey(),
                    behindS);
        }
    }

    /// By any thread.
    private void noted(Peer peer, Cause cause, @Nullable Endpoint source, String detail) {
        if (device.incidents.allows(IncidentLog.Of.PEER, device.clock.bootNs())) {
            device.incidents.ofPeer(peer, cause, source, detail);
        }
    }

    /// By any thread.
    private void noted(Endpoint source, Cause cause, @Nullable PublicKey claimed) {
        if (device.incidents.allows(IncidentLog.Of.SOURCE, device.clock.bootNs())) {
            device.incidents.ofSource(source, cause, claimed);
        }
    }

    private void respond(LanePeer peer, ResponseDraft draft, int remoteIndex) {
        int localIndex = lane.freeIndex();
        Keypair keypair = keypair(draft.keys(), localIndex, remoteIndex, false);
        boolean free = lane.sessions.insert(localIndex, IndexEntry.of(peer, keypair));
        assert free;
        byte[] message = draft.message();
        HandshakeResponse.writeSenderIndex(message, localIndex);
        peer.cookie.stamp(message, peer.peer.remote, lane.nowNs);
        peer.keypairs.addAsResponder(keypair, lane);
        peer.sentHandshakeBefore = true;
        peer.lastSentHandshakeNs = lane.nowNs;
        lane.timers.sessionDerived(peer);
        lane.timers.anyAuthenticatedPacketTraversal(peer);
        lane.timers.anyAuthenticatedPacketSent(peer);
        lane.sender.sendHandshake(peer, message);
    }

    private Keypair keypair(SessionKeys keys, int localIndex, int remoteIndex, boolean initiator) {
        long slot = lane.keys.take(keys);
        keys.close();
        return new Keypair(slot, slot + KeySlab.KEY_BYTES, localIndex, remoteIndex, initiator, lane.nowNs);
    }
}
