package dev.culvert.device;

import dev.culvert.noise.Protocol;

/// The five timers of a peer, one of our own, and the ten events that move them, by the kernel's names (timers.c;
/// conformance
/// 1.10):
///
/// - `retransmit`: an initiation was sent and no response came;
/// - `keepalive`: something was received and nothing sent for 10 s;
/// - `newHandshake`: something was sent and nothing received for 15 s;
/// - `zeroKeys`: no new session for 540 s;
/// - `persistent`: the configured keepalive;
/// - `idle`, ours: no handshake for 180 s, so that no session can be used; for [EventLog] only.
///
/// An event only stores a deadline. The wheel holds one entry a peer, at or before its nearest deadline; an
/// entry that comes up too early is armed again. Never early, so that a retransmission is not suppressed by its
/// own interval.
@LaneConfined
final class Timers implements TimerWheel.ExpiryListener {
    private static final long SECOND_NS = 1_000_000_000L;

    private final Lane lane;
    /// Jitter needs no secrecy: a xorshift, seeded from the device's random source.
    private long jitterState;

    Timers(Lane lane, long jitterSeed) {
        this.lane = lane;
        jitterState = jitterSeed | 1;
    }

    // The ten events.

    /// 1. The peer exists and the link is up: the configured keepalive begins.
    void start(LanePeer peer) {
        if (peer.peer.persistentKeepaliveSeconds != 0) {
            lane.sender.sendKeepalive(peer);
        }
    }

    /// 2. The peer goes, or the link does: nothing is pending any more.
    void stop(LanePeer peer) {
        peer.retransmitNs = LanePeer.NEVER;
        peer.keepaliveNs = LanePeer.NEVER;
        peer.newHandshakeNs = LanePeer.NEVER;
        peer.zeroKeysNs = LanePeer.NEVER;
        peer.persistentNs = LanePeer.NEVER;
        peer.idleNs = LanePeer.NEVER;
        lane.wheel.disarm(peer);
        peer.attempts = 0;
        peer.needAnotherKeepalive = false;
        peer.sentLastMinuteHandshake = false;
    }

    /// 3. An inner packet was sent.
    void dataSent(LanePeer peer) {
        if (peer.newHandshakeNs == LanePeer.NEVER) {
            peer.newHandshakeNs = lane.nowNs + Protocol.NEW_HANDSHAKE_TIMEOUT_NS + jitterNs();
            arm(peer, peer.newHandshakeNs);
        }
    }

    /// 4. An inner packet was received (before it is judged).
    void dataReceived(LanePeer peer) {
        if (peer.keepaliveNs == LanePeer.NEVER) {
            peer.keepaliveNs = lane.nowNs + Protocol.KEEPALIVE_TIMEOUT_NS;
            arm(peer, peer.keepaliveNs);
        } else {
            peer.needAnotherKeepalive = true;
        }
    }

    /// 5. Anything authenticated was sent, handshakes and keepalives included.
    void anyAuthenticatedPacketSent(LanePeer peer) {
        peer.keepaliveNs = LanePeer.NEVER;
    }

    /// 6. Anything authenticated was received.
    void anyAuthenticatedPacketReceived(LanePeer peer) {
        peer.newHandshakeNs = LanePeer.NEVER;
    }

    /// 7. An initiation was sent.
    void handshakeInitiated(LanePeer peer) {
        peer.retransmitNs = lane.nowNs + Protocol.REKEY_TIMEOUT_NS + jitterNs();
        arm(peer, peer.retransmitNs);
    }

    /// 8. A response was received, or the first packet under the *next* keypair.
    void handshakeComplete(LanePeer peer) {
        peer.retransmitNs = LanePeer.NEVER;
        peer.attempts = 0;
        peer.sentLastMinuteHandshake = false;
        peer.lastHandshakeWallNs = lane.device.clock.wallNs();
        lane.device.memory.note(peer.peer);
        lane.counters.handshakeCompleted();
        lane.device.events.ofSession(peer, peer.idleNs == LanePeer.NEVER ? EventKind.CONNECTED : EventKind.REKEYED);
        peer.idleNs = lane.nowNs + Protocol.REJECT_AFTER_TIME_NS;
        arm(peer, peer.idleNs);
    }

    /// 9. A keypair was derived.
    void sessionDerived(LanePeer peer) {
        peer.zeroKeysNs = lane.nowNs + Protocol.ZERO_KEYS_NS;
        arm(peer, peer.zeroKeysNs);
    }

    /// 10. Anything authenticated went either way.
    void anyAuthenticatedPacketTraversal(LanePeer peer) {
        int seconds = peer.peer.persistentKeepaliveSeconds;
        if (seconds != 0) {
            peer.persistentNs = lane.nowNs + seconds * SECOND_NS;
            arm(peer, peer.persistentNs);
        }
    }

    /// A wanted initiation came within 5 s of the last handshake message: it is tried again when those are
    /// over, or a peer whose retransmission was suppressed would wait for the next packet (conformance 1.10,
    /// trap).
    void initiationSuppressed(LanePeer peer) {
        if (peer.retransmitNs == LanePeer.NEVER) {
            peer.retransmitNs = peer.lastSentHandshakeNs + Protocol.REKEY_TIMEOUT_NS + jitterNs();
            arm(peer, peer.retransmitNs);
        }
    }

    /// The initiation could not be made at all, and repeating would not help.
    void initiationAbandoned(LanePeer peer) {
        peer.retransmitNs = LanePeer.NEVER;
    }

    // Expiry.

    @Override
    public void expired(TimerWheel.Entry entry) {
        LanePeer peer = (LanePeer) entry;
        long nowNs = lane.nowNs;
        if (peer.retransmitNs <= nowNs) {
            peer.retransmitNs = LanePeer.NEVER;
            retransmit(peer);
        }
        if (peer.keepaliveNs <= nowNs) {
            peer.keepaliveNs = LanePeer.NEVER;
            passiveKeepalive(peer);
        }
        if (peer.newHandshakeNs <= nowNs) {
            peer.newHandshakeNs = LanePeer.NEVER;
            peer.forgetSource();
            lane.handshakes.initiationWanted(peer, false);
        }
        if (peer.zeroKeysNs <= nowNs) {
            peer.zeroKeysNs = LanePeer.NEVER;
            boolean hadKeys = peer.keypairs.current() != null || peer.keypairs.next() != null;
            lane.zeroKeys(peer);
            if (hadKeys) {
                lane.device.events.ofSession(peer, EventKind.EXPIRED);
            }
        }
        if (peer.idleNs <= nowNs) {
            peer.idleNs = LanePeer.NEVER;
            lane.device.events.ofSession(peer, EventKind.IDLE);
        }
        if (peer.persistentNs <= nowNs) {
            peer.persistentNs = LanePeer.NEVER;
            persistentKeepalive(peer);
        }
        long nearest = Math.min(
                Math.min(Math.min(peer.retransmitNs, peer.keepaliveNs), Math.min(peer.newHandshakeNs, peer.zeroKeysNs)),
                Math.min(peer.persistentNs, peer.idleNs));
        if (nearest != LanePeer.NEVER) {
            arm(peer, nearest);
        }
    }

    private void retransmit(LanePeer peer) {
        if (peer.initiation != null && lane.device.incidents.allows(IncidentLog.Of.PEER, lane.nowNs)) {
            lane.device.incidents.ofPeer(peer.peer, Cause.NO_ANSWER, peer.endpoint, "");
        }
        if (peer.attempts > Protocol.MAX_TIMER_HANDSHAKES) {
            peer.keepaliveNs = LanePeer.NEVER;
            lane.device.events.ofSession(peer, EventKind.UNANSWERED);
            lane.dropStaged(peer, DropReason.STAGED_EXPIRED);
            if (peer.zeroKeysNs == LanePeer.NEVER) {
                peer.zeroKeysNs = lane.nowNs + Protocol.ZERO_KEYS_NS;
            }
            return;
        }
        peer.attempts++;
        peer.forgetSource();
        lane.handshakes.initiationWanted(peer, true);
    }

    private void passiveKeepalive(LanePeer peer) {
        lane.sender.sendKeepalive(peer);
        if (peer.needAnotherKeepalive) {
            peer.needAnotherKeepalive = false;
            peer.keepaliveNs = lane.nowNs + Protocol.KEEPALIVE_TIMEOUT_NS;
        }
    }

    private void persistentKeepalive(LanePeer peer) {
        int seconds = peer.peer.persistentKeepaliveSeconds;
        if (seconds == 0) {
            return;
        }
        lane.sender.sendKeepalive(peer);
        if (peer.persistentNs == LanePeer.NEVER) {
            // Nothing left (no endpoint yet, or a handshake is under way): the interval goes on.
            peer.persistentNs = lane.nowNs + seconds * SECOND_NS;
        }
    }

    private void arm(LanePeer peer, long deadlineNs) {
        if (!lane.wheel.armed(peer) || deadlineNs < peer.armedDeadlineNs()) {
            lane.wheel.arm(peer, deadlineNs);
        }
    }

    private long jitterNs() {
        long x = jitterState;
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
        jitterState = x;
        return Math.floorMod(x, Protocol.REKEY_TIMEOUT_JITTER_MAX_NS + 1);
    }
}
