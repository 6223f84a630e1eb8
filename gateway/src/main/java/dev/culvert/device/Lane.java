package dev.culvert.device;

import dev.culvert.crypto.Aead;
import dev.culvert.noise.CookieTools;
import dev.culvert.noise.Keypair;
import dev.culvert.noise.Keypairs;
import dev.culvert.tun.DatagramSink;
import dev.culvert.tun.TunQueue;
import io.netty.channel.ChannelPipeline;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One event loop with its sockets, its TUN queue, its clock, its counters and the peers at home here
/// (architecture, decision 1). Everything a packet meets is confined to the lane: no lock and no atomic on the
/// path.
///
/// A *turn* is one call from the loop: a batch from a socket, rounds from the TUN, due timers, a command,
/// packets from another lane. It begins with [#beginTurn], which reads the clock and the routing table once,
/// and ends with [#endTurn], which sends what was queued and sets the alarm.
@LaneConfined
final class Lane implements Keypairs.Reaper, AutoCloseable {
    /// Two sockets a lane, and two more while a change of port replaces them.
    static final int RECEIVE_SLOTS = 4 * UdpChannel.SLOTS;

    /// One to read the TUN into, two where the kernel refuses a joined packet.
    static final int TUN_SLOTS = 3;

    /// Slots beyond what the readers hold: what may be lent to other lanes at a time.
    static final int LENT_SLOTS_MAX = 512;

    /// Expired timers a turn; the rest come with the next one, so that packets are not held up.
    static final int EXPIRIES_PER_TURN = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    final int number;
    final DeviceState device;
    final LaneExecutor executor;
    final TunQueue tun;
    final Aead aead;
    final LaneCounters counters = new LaneCounters();
    final SlotPool slots;
    final KeySlab keys = new KeySlab();
    final SessionIndexTable<IndexEntry> sessions = new SessionIndexTable<>();
    final TimerWheel wheel;
    final Timers timers;
    final Sender sender;
    final Handshakes handshakes;
    final HandOver handOver;
    final TunIngress ingress;
    final TunEgress egress;
    final UdpPipeline pipeline;
    final UnreachableReplies unreachable;
    final CookieTools cookieTools;
    final CookieReplyBudget cookieReplies;

    /// Peers at home here; read by any thread that assigns one.
    final AtomicInteger homePeers = new AtomicInteger();

    /// CLOCK_BOOTTIME at the begin of this turn.
    long nowNs;
    /// The routing table of this turn.
    CryptokeyRouter router = CryptokeyRouter.EMPTY;

    private final WakeUp wakeUp;
    private long alarmNs = LanePeer.NEVER;
    private final byte[] randomIndex = new byte[4];
    private boolean closed;
    private boolean keysWereDropped;
    private long sendRounds;

    /// Of the socket that stands for the lane when packets come from other lanes; null while the device is
    /// down.
    @Nullable
    ChannelPipeline inbound;

    /// @param exchange the hand-over between all lanes of the device
    /// @param aead this lane's own instance; closed with the lane
    Lane(
            int number,
            LaneExchange exchange,
            DeviceState device,
            LaneExecutor executor,
            TunQueue tun,
            Aead aead,
            WakeUp wakeUp) {
        this.number = number;
        this.device = device;
        this.executor = executor;
        this.tun = tun;
        this.aead = aead;
        this.wakeUp = wakeUp;
        nowNs = device.clock.bootNs();
        int lent = exchange.lanes() > 1 ? LENT_SLOTS_MAX : 0;
        slots = new SlotPool(TUN_SLOTS + RECEIVE_SLOTS + lent);
        wheel = new TimerWheel(nowNs);
        timers = new Timers(this, DeviceState.randomLong(device.random));
        sender = new Sender(this);
        handshakes = new Handshakes(this);
        handOver = new HandOver(this, exchange);
        ingress = new TunIngress(this);
        egress = new TunEgress(this);
        pipeline = new UdpPipeline(this);
        unreachable = new UnreachableReplies(this);
        cookieTools = new CookieTools(aead, device.random);
        cookieReplies = new CookieReplyBudget(
                device.load.cookieRepliesPerSecond(), DeviceState.randomLong(device.random), nowNs);
    }

    /// A number for the next filling of one of the lane's [SendQueue]s.
    long newSendRound() {
        return ++sendRounds;
    }

    // Turns.

    void beginTurn() {
        assert executor.inLane();
        nowNs = device.clock.bootNs();
        router = device.router;
    }

    void endTurn() {
        sender.flush();
        handOver.publish();
        if (keysWereDropped) {
            keysWereDropped = false;
            aead.forgetKey();
        }
        long next = wheel.nextWakeUpNs();
        if (next < alarmNs || alarmNs - nowNs <= 0 && next != LanePeer.NEVER) {
            alarmNs = next;
            wakeUp.at(next);
        }
    }

    /// The alarm went off, or the clock jumped.
    void timersDue() {
        if (closed) {
            return;
        }
        beginTurn();
        alarmNs = LanePeer.NEVER;
        wheel.expire(nowNs, EXPIRIES_PER_TURN, timers);
        endTurn();
    }

    /// Runs `command` as a turn of this lane. Any thread.
    void command(Runnable command) {
        executor.execute(() -> {
            if (closed) {
                return;
            }
            beginTurn();
            try {
                command.run();
            } catch (RuntimeException e) {
                // A fault of ours; the lane's other peers go on.
                LOG.error("lane {}: a command failed by a fault in Culvert; please report it", number, e);
            }
            endTurn();
        });
    }

    // Session indices.

    /// A random index that is free here; its low byte names this lane (architecture, decision 2).
    int freeIndex() {
        int lanes = device.lanes().length;
        while (true) {
            device.random.fill(randomIndex);
            int low = randomIndex[0] & 0xff;
            low += number - low % lanes;
            if (low > 0xff) {
                low -= lanes;
            }
            int index =
                    low | (randomIndex[1] & 0xff) << 8 | (randomIndex[2] & 0xff) << 16 | (randomIndex[3] & 0xff) << 24;
            if (sessions.find(index) == null) {
                return index;
            }
        }
    }

    int insertIndex(IndexEntry entry) {
        int index = freeIndex();
        boolean inserted = sessions.insert(index, entry);
        assert inserted;
        return index;
    }

    /// A keypair left its peer: its index and its keys go at once (conformance 1.8).
    @Override
    public void dropped(Keypair keypair) {
        sessions.remove(keypair.localIndex());
        keys.free(keypair.sendKey());
        keysWereDropped = true;
    }

    // Peers.

    void dropStaged(LanePeer peer, DropReason reason) {
        for (int left = peer.staged.dropAll(); left > 0; left--) {
            counters.dropped(reason, peer.peer);
        }
    }

    /// 540 s without a new session, or the end: keypairs and handshake go, the greatest timestamp stays.
    void zeroKeys(LanePeer peer) {
        peer.keypairs.clear(this);
        handshakes.dropInitiation(peer);
    }

    /// As if 540 s had passed; a handshake may start at once.
    void forgetSession(LanePeer peer) {
        peer.zeroKeysNs = LanePeer.NEVER;
        zeroKeys(peer);
        peer.sentHandshakeBefore = false;
    }

    /// The link goes down, or the peer away (conformance 1.15).
    void stop(LanePeer peer, DropReason reason) {
        dropStaged(peer, reason);
        timers.stop(peer);
        zeroKeys(peer);
        peer.sentHandshakeBefore = false;
    }

    /// Our key changed: the running sessions only receive, and a new handshake may start at once.
    void identityChanged(LanePeer peer) {
        handshakes.dropInitiation(peer);
        peer.keypairs.invalidateSending();
        peer.sentHandshakeBefore = false;
        if (!peer.staged.isEmpty()) {
            sender.sendStaged(peer);
        }
    }

    /// Where the lane sends from now on; null while the device is down or without that family.
    void sinks(@Nullable DatagramSink ipv4, @Nullable DatagramSink ipv6) {
        sender.queue(false).sink(ipv4);
        sender.queue(true).sink(ipv6);
    }

    boolean isClosed() {
        return closed;
    }

    /// Ends the lane's turns: what still comes is ignored. Every lane of a device halts before the first one
    /// closes, since one lane's turn may use another's slots.
    void halt() {
        closed = true;
        inbound = null;
    }

    /// Gives the memory back, keys zeroed. On the lane, after all lanes have halted.
    @Override
    public void close() {
        assert closed;
        ingress.close();
        egress.close();
        sender.close();
        handOver.close();
        cookieReplies.close();
        cookieTools.close();
        aead.close();
        keys.close();
        slots.close();
    }
}
