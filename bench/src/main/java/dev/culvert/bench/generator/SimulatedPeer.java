package dev.culvert.bench.generator;

import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.X25519;
import dev.culvert.noise.Cookie;
import dev.culvert.noise.Keypair;
import dev.culvert.noise.Keypairs;
import dev.culvert.noise.Protocol;
import dev.culvert.noise.ReceivedInitiation;
import dev.culvert.noise.ResponseDraft;
import dev.culvert.noise.SentInitiation;
import dev.culvert.noise.SessionKeys;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.noise.Tai64n;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.TransportData;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// A client of the hub: real handshakes with cookies and retries as the protocol prescribes (5 s and up to 333 ms),
/// real keys, real replay windows. Of the generator's one thread; owns no socket.
final class SimulatedPeer implements Keypairs.Reaper, AutoCloseable {
    static final long NEVER = Long.MAX_VALUE;

    /// The lower bits of an index name the peer.
    static final int NUMBER_BITS = 14;

    private static final int NUMBER_MASK = (1 << NUMBER_BITS) - 1;
    /// Three keypairs and the one that is about to replace one of them.
    private static final int KEY_SLOTS = 4;

    static final int KEY_BYTES = KEY_SLOTS * 64;

    private final int number;
    private final HubAddress hub;
    private final Crypto crypto;
    private final StaticIdentity me;
    private final byte[] staticStatic = new byte[32];
    private final Cookie cookie = new Cookie();
    private final Keypairs keypairs = new Keypairs();
    private final Queue<SentInitiation> prepared = new ArrayDeque<>();
    private final long keys;
    private final boolean[] keySlotUsed = new boolean[KEY_SLOTS];
    private @Nullable SentInitiation outstanding;
    private int outstandingIndex;
    private @Nullable Tai64n lastSent;
    private @Nullable Tai64n greatestReceived;
    private int indices;

    /// Where it is on the outer network; may change at any time.
    int address;
    /// Of its sockets.
    int port;

    final int inner;
    long startedNs = NEVER;
    long attemptDueNs = NEVER;
    long establishedNs = NEVER;
    int attempts;
    int cookieReplies;
    int handshakes;
    int initiationsReceived;
    /// Initiations of the hub whose timestamp did not rise, authentic or not younger than what came before.
    int staleInitiations;
    int replays;
    int forgeries;
    /// Data of the hub under a key that was 180 s old.
    int expired;
    int nextSequence;

    /// @param keys address of [#KEY_BYTES] bytes
    SimulatedPeer(int number, PrivateKey key, HubAddress hub, int address, int inner, long keys, Crypto crypto) {
        assert number <= NUMBER_MASK : number;
        this.number = number;
        this.hub = hub;
        this.address = address;
        this.inner = inner;
        this.keys = keys;
        this.crypto = crypto;
        me = new StaticIdentity(key);
        if (!X25519.sharedSecret(me.privateKey(), hub.identity().publicKey(), staticStatic)) {
            throw new IllegalArgumentException("the hub's public key is of low order");
        }
        indices = crypto.dice.nextInt();
    }

    static int numberOf(int index) {
        return index & NUMBER_MASK;
    }

    private int freshIndex() {
        return indices++ << NUMBER_BITS | number;
    }

    /// Computes initiations beforehand, for a storm that costs the generator nothing while it lasts.
    void prepare(int initiations, long wallNs) {
        for (int i = 0; i < initiations; i++) {
            prepared.add(initiation(wallNs));
        }
    }

    private SentInitiation initiation(long wallNs) {
        Tai64n timestamp = Tai64n.of(wallNs).orAfter(lastSent);
        lastSent = timestamp;
        SentInitiation made = SentInitiation.create(
                me,
                hub.identity().publicKey(),
                staticStatic,
                timestamp,
                PrivateKey.generate(crypto.random),
                crypto.handshakes);
        if (made == null) {
            throw new IllegalStateException("an ephemeral key of low order");
        }
        return made;
    }

    // Handshakes.

    /// Sends an initiation, in place of an outstanding one, and sets the time of the next.
    void initiate(DatagramPort socket, long nowNs, long wallNs) {
        SentInitiation next = prepared.poll();
        SentInitiation made = next == null ? initiation(wallNs) : next;
        forgetOutstanding();
        outstanding = made;
        outstandingIndex = freshIndex();
        HandshakeInitiation.writeSenderIndex(made.message(), outstandingIndex);
        cookie.stamp(made.message(), hub.identity(), nowNs);
        socket.queue(made.message(), hub.address(), hub.port(), address);
        attempts++;
        attemptDueNs = nowNs + Protocol.REKEY_TIMEOUT_NS + crypto.dice.nextLong(Protocol.REKEY_TIMEOUT_JITTER_MAX_NS);
    }

    /// The bytes of a fresh initiation that nobody will answer for this peer: for replays.
    byte[] capturedInitiation(long nowNs, long wallNs) {
        try (SentInitiation made = initiation(wallNs)) {
            HandshakeInitiation.writeSenderIndex(made.message(), freshIndex());
            cookie.stamp(made.message(), hub.identity(), nowNs);
            return made.message().clone();
        }
    }

    private void forgetOutstanding() {
        SentInitiation old = outstanding;
        if (old != null) {
            old.close();
            outstanding = null;
        }
    }

    /// A response came.
    ///
    /// @return true if it makes a session, which a keepalive has confirmed to the hub
    boolean response(byte[] message, DatagramPort socket, long nowNs) {
        SentInitiation waiting = outstanding;
        if (waiting == null || HandshakeResponse.receiverIndex(message) != outstandingIndex) {
            return false;
        }
        SessionKeys derived = waiting.consumeResponse(me, PresharedKey.NONE, message, crypto.handshakes);
        if (derived == null) {
            forgeries++;
            return false;
        }
        keypairs.addAsInitiator(
                keypair(derived, outstandingIndex, HandshakeResponse.senderIndex(message), true, nowNs), this);
        forgetOutstanding();
        complete(nowNs);
        sendKeepalive(socket, nowNs);
        return true;
    }

    /// The hub wants a session: answers as the protocol asks.
    void initiationReceived(byte[] message, DatagramPort socket, long nowNs) {
        try (ReceivedInitiation opened = ReceivedInitiation.open(me, message, crypto.handshakes)) {
            Tai64n timestamp = opened == null ? null : opened.openTimestamp(staticStatic, crypto.handshakes);
            if (opened == null || timestamp == null) {
                forgeries++;
                return;
            }
            Tai64n greatest = greatestReceived;
            if (greatest != null && timestamp.compareTo(greatest) <= 0) {
                staleInitiations++;
                return;
            }
            greatestReceived = timestamp;
            initiationsReceived++;
            try (ResponseDraft draft =
                    opened.respond(PresharedKey.NONE, PrivateKey.generate(crypto.random), crypto.handshakes)) {
                if (draft == null) {
                    throw new IllegalStateException("an ephemeral key of low order");
                }
                int index = freshIndex();
                HandshakeResponse.writeSenderIndex(draft.message(), index);
                cookie.stamp(draft.message(), hub.identity(), nowNs);
                keypairs.addAsResponder(keypair(draft.keys(), index, opened.senderIndex(), false, nowNs), this);
                socket.queue(draft.message(), hub.address(), hub.port(), address);
            }
        }
    }

    /// @return false if it is forged or answers nothing of ours
    boolean cookieReply(byte[] message, long nowNs) {
        boolean taken = cookie.consume(message, hub.identity(), nowNs);
        cookieReplies += taken ? 1 : 0;
        return taken;
    }

    private void complete(long nowNs) {
        attemptDueNs = NEVER;
        attempts = 0;
        handshakes++;
        if (establishedNs == NEVER) {
            establishedNs = nowNs;
        }
    }

    private Keypair keypair(SessionKeys derived, int localIndex, int remoteIndex, boolean initiator, long nowNs) {
        int slot = 0;
        while (keySlotUsed[slot]) {
            slot++;
        }
        keySlotUsed[slot] = true;
        long at = keys + slot * 64L;
        Memory.copyIn(derived.sending(), 0, at, 32);
        Memory.copyIn(derived.receiving(), 0, at + 32, 32);
        derived.close();
        return new Keypair(at, at + 32, localIndex, remoteIndex, initiator, nowNs);
    }

    @Override
    public void dropped(Keypair keypair) {
        keySlotUsed[(int) (keypair.sendKey() - keys) / 64] = false;
    }

    // Data.

    /// The session to send with, or null.
    @Nullable
    Keypair sendable(long nowNs) {
        Keypair current = keypairs.current();
        return current != null && current.sendable(nowNs) ? current : null;
    }

    /// Whether it is time for the initiator to rekey.
    boolean wantsRekey(long nowNs) {
        Keypair current = keypairs.current();
        return attemptDueNs == NEVER
                && (current == null
                        || current.isInitiator() && nowNs - current.birthdateNs() >= Protocol.REKEY_AFTER_TIME_NS
                        || !current.sendable(nowNs));
    }

    void sendKeepalive(DatagramPort socket, long nowNs) {
        send(socket, 0, nowNs);
    }

    /// Seals the inner packet that the caller has built at [DatagramPort#nextBuffer] plus 16, and queues it.
    ///
    /// @return false if there is no session to send with
    boolean send(DatagramPort socket, int innerBytes, long nowNs) {
        int lengthBytes = seal(socket.nextBuffer(), innerBytes, nowNs);
        if (lengthBytes == 0) {
            return false;
        }
        socket.queue(lengthBytes, hub.address(), hub.port(), address);
        return true;
    }

    /// Seals the inner packet that the caller has built at `datagram` plus 16, in place.
    ///
    /// @return the bytes of the datagram; 0 if there is no session to send with
    int seal(long datagram, int innerBytes, long nowNs) {
        Keypair keypair = sendable(nowNs);
        if (keypair == null) {
            return 0;
        }
        long plaintext = datagram + TransportData.HEADER_BYTES;
        int padded = TransportData.paddedLength(innerBytes, 0);
        Memory.zero(plaintext + innerBytes, padded - innerBytes);
        long counter = keypair.nextCounter();
        TransportData.writeHeader(datagram, keypair.remoteIndex(), counter);
        crypto.aead.seal(keypair.sendKey(), plaintext, plaintext, padded, counter);
        return padded + TransportData.OVERHEAD_BYTES;
    }

    /// Opens a data packet in place.
    ///
    /// @return the bytes of plaintext at `datagram + 16`, or -1 if it is none for us
    int open(long datagram, int lengthBytes, long nowNs) {
        Keypair keypair = byIndex(TransportData.receiverIndex(datagram));
        int inner = lengthBytes - TransportData.OVERHEAD_BYTES;
        if (keypair == null || inner < 0) {
            return -1;
        }
        if (!keypair.receivable(nowNs)) {
            expired++;
            return -1;
        }
        long counter = TransportData.counter(datagram);
        long at = datagram + TransportData.HEADER_BYTES;
        if (!crypto.aead.open(keypair.receiveKey(), at, at, inner, counter)) {
            forgeries++;
            return -1;
        }
        if (!keypair.window().accept(counter)) {
            replays++;
            return -1;
        }
        if (keypairs.received(keypair, this)) {
            complete(nowNs);
        }
        return inner;
    }

    private @Nullable Keypair byIndex(int index) {
        if (hasIndex(keypairs.current(), index)) {
            return keypairs.current();
        }
        if (hasIndex(keypairs.next(), index)) {
            return keypairs.next();
        }
        return hasIndex(keypairs.previous(), index) ? keypairs.previous() : null;
    }

    private static boolean hasIndex(@Nullable Keypair keypair, int index) {
        return keypair != null && keypair.localIndex() == index;
    }

    /// As if it had just been started.
    void forgetSessions() {
        forgetOutstanding();
        keypairs.clear(this);
        attemptDueNs = NEVER;
        handshakes = 0;
    }

    @Override
    public void close() {
        forgetOutstanding();
        prepared.forEach(SentInitiation::close);
        me.close();
        Memory.zero(keys, KEY_BYTES);
    }
}
