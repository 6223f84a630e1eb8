package dev.culvert.device;

import dev.culvert.noise.Cookie;
import dev.culvert.noise.Keypairs;
import dev.culvert.noise.SentInitiation;
import dev.culvert.noise.Tai64n;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The part of a [Peer] that its home lane owns: handshake, keypairs, endpoint, timers, staged packets and
/// counters (kernel: `struct wg_peer`). Made at the peer's first use, so that an idle peer costs nothing here.
///
/// Only the home lane touches it, but for the fields that say otherwise.
@LaneConfined
final class LanePeer extends TimerWheel.Entry {
    static final long NEVER = Long.MAX_VALUE;
    private static final VarHandle TX_BYTES;
    private static final VarHandle RX_BYTES;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TX_BYTES = lookup.findVarHandle(LanePeer.class, "txBytes", long.class);
            RX_BYTES = lookup.findVarHandle(LanePeer.class, "rxBytes", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Peer peer;
    final Lane lane;

    // Session.
    final Keypairs keypairs = new Keypairs();
    final Cookie cookie = new Cookie();
    /// The one outstanding initiation of ours, in the index table under [#initiationIndex].
    @Nullable
    SentInitiation initiation;

    int initiationIndex;
    /// True while a worker computes an initiation; a second one is not wanted then.
    boolean initiationOnWorker;

    /// The stamp of our last initiation to this peer; the next one is greater (conformance 1.4).
    @Nullable
    Tai64n lastTimestampSent;

    long lastAcceptedInitiationNs;
    boolean acceptedInitiationBefore;

    // Timers: deadlines in boot time, NEVER if not pending (conformance 1.10).
    long retransmitNs = NEVER;
    long keepaliveNs = NEVER;
    long newHandshakeNs = NEVER;
    long zeroKeysNs = NEVER;
    long persistentNs = NEVER;
    /// Without another handshake until then its session is over; NEVER: it has none.
    long idleNs = NEVER;
    int attempts;
    boolean needAnotherKeepalive;
    boolean sentLastMinuteHandshake;
    boolean sentHandshakeBefore;
    long lastSentHandshakeNs;

    // Of the [SendQueue]: the peer's last message there, and what must not be joined to messages.
    long sendRound;
    int sendMessage;
    /// To this endpoint the kernel refused messages with datagrams of so many bytes.
    @Nullable
    Endpoint segmentsRefusedTo;

    int segmentsRefusedBytes;

    /// Of the [EventLog]: its events are paid until then.
    long eventsPaidNs;

    final StagedPackets staged;

    /// Written by the home lane, read by any thread.
    volatile @Nullable Endpoint endpoint;

    /// Wall time of the last completed handshake, 0 for never. Written by the home lane, read by any thread.
    volatile long lastHandshakeWallNs;

    @SuppressWarnings("unused") // through TX_BYTES and RX_BYTES
    private long txBytes;

    @SuppressWarnings("unused")
    private long rxBytes;

    LanePeer(Peer peer, Lane lane, StagedBudget stagedBudget) {
        this.peer = peer;
        this.lane = lane;
        staged = new StagedPackets(stagedBudget);
        endpoint = peer.configuredEndpoint;
    }

    void sent(int bytes) {
        TX_BYTES.setOpaque(this, (long) TX_BYTES.get(this) + bytes);
    }

    void received(int bytes) {
        RX_BYTES.setOpaque(this, (long) RX_BYTES.get(this) + bytes);
    }

    /// UDP payload bytes sent; any thread.
    long txBytes() {
        return (long) TX_BYTES.getOpaque(this);
    }

    /// UDP payload bytes accepted; any thread.
    long rxBytes() {
        return (long) RX_BYTES.getOpaque(this);
    }

    /// Only authenticated messages lead here (conformance 1.13).
    void updateEndpoint(PacketBatch batch, int unit) {
        Endpoint current = endpoint;
        if (current == null || !current.isSourceOf(batch, unit)) {
            moveTo(Endpoint.ofUnit(batch, unit));
            lane.device.memory.note(peer);
        }
    }

    /// The peer is there now.
    void moveTo(Endpoint next) {
        Endpoint before = endpoint;
        endpoint = next;
        if (before != null && !before.isSameAs(next)) {
            lane.device.events.roamed(this, before, next);
        }
    }

    /// Leaves the choice of the source address to the kernel again.
    void forgetSource() {
        Endpoint current = endpoint;
        if (current != null) {
            endpoint = current.withoutSource();
        }
    }

    @SuppressWarnings("ReferenceEquality") // another endpoint object is another way, which may take them
    boolean takesSegments(Endpoint to, int bytes) {
        return segmentsRefusedTo != to || bytes < segmentsRefusedBytes;
    }

    boolean handshakeSentWithin(long nowNs, long intervalNs) {
        return sentHandshakeBefore && nowNs - lastSentHandshakeNs < intervalNs;
    }
}
