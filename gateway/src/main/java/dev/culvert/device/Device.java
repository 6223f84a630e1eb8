package dev.culvert.device;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.RandomSource;
import dev.culvert.noise.CookieChecker;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.tun.Errno;
import dev.culvert.tun.LinkWatch;
import dev.culvert.tun.LocalRoute;
import dev.culvert.tun.QueueSteering;
import dev.culvert.tun.Tun;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A WireGuard device: its configuration, and the lanes that carry its packets (kernel: `struct wg_device`).
///
/// The control plane. One lock serialises changes and status; lanes are told by commands and by volatile
/// references, and never wait for it.
@AnyThread
public final class Device implements DeviceControl, PeerNotes, LinkWatch.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Device.class);

    private final Object lock = new Object();
    private final String name;
    private final AeadEngine engine;
    private final Map<String, String> traits;
    private final DeviceState state;
    private final DeviceLoops loops;
    private final HandshakeWorkers workers;
    private final PeerConfiguration peers;
    private final PeerGreeter greeter;
    private final Runnable onDeleted;
    private final HealthProbe probe;
    private final Map<PublicKey, String> endpointTroubles = new ConcurrentHashMap<>();

    // Guarded by the lock.
    private int listenPort;
    private int fwmark;
    private boolean closed;
    private @Nullable UdpSockets sockets;

    private Device(
            DeviceOptions options,
            DeviceState state,
            DeviceLoops loops,
            HandshakeWorkers workers,
            boolean steers,
            Runnable onDeleted) {
        name = options.name();
        engine = options.engine();
        traits = traits(options, state.offloads, steers);
        this.state = state;
        this.loops = loops;
        this.workers = workers;
        this.onDeleted = onDeleted;
        probe = new HealthProbe(state, engine);
        greeter = new PeerGreeter(state, name);
        peers = new PeerConfiguration(state, greeter);
    }

    /// Starts the lanes on the TUN's queues, one queue a lane. The link's state is told by [#changed].
    ///
    /// @param tun has as many queues as `options` has lanes; stays the caller's to close, after the device
    /// @param onDeleted called once when the link has gone from outside
    public static Device start(
            DeviceOptions options, Tun tun, DeviceClock clock, RandomSource random, Runnable onDeleted) {
        HandshakeLimits limits = options.handshakes();
        HandshakeWorkers workers = new HandshakeWorkers(
                options.name(), options.handshakeWorkers(), limits.queue(), options.engine()::newAead);
        HandshakeLoad load = new HandshakeLoad(workers, limits, DeviceState.randomLong(random), clock.bootNs());
        Offloads wanted = options.offloads();
        Offloads offloads = new Offloads(wanted.udpGro(), wanted.udpGso(), tun.tcpSegments(), tun.udpSegments());
        DeviceState state = new DeviceState(
                clock,
                random,
                workers,
                load,
                new StagedBudget(options.stagedBytesMax()),
                offloads,
                options.forwarding());
        DeviceLoops loops = DeviceLoops.start(options, state, tun, onDeleted);
        QueueSteering steering = tun.steering();
        Device device = new Device(options, state, loops, workers, steering != null, onDeleted);
        if (steering != null) {
            state.steering.begin(steering);
            state.steering.start(device.lock, options.name());
        }
        return device;
    }

    private static Map<String, String> traits(DeviceOptions options, Offloads offloads, boolean steers) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("engine", options.engine().operatorName());
        all.put("lanes", Integer.toString(options.lanes()));
        if (!options.cpus().isEmpty()) {
            all.put(
                    "cpus",
                    options.cpus().stream()
                            .limit(options.lanes())
                            .map(String::valueOf)
                            .collect(Collectors.joining(",")));
        }
        if (options.busyPollNs() != 0) {
            all.put("busy-poll-us", Long.toString(TimeUnit.NANOSECONDS.toMicros(options.busyPollNs())));
        }
        all.put("steering", steers ? "ebpf" : "kernel");
        all.put("forwarding", options.forwarding().name().toLowerCase(Locale.ROOT));
        all.put("offloads", offloads.names());
        return all;
    }

    @Override
    public Map<String, String> traits() {
        return traits;
    }

    @Override
    public AeadEngine engine() {
        return engine;
    }

    /// Counters of every lane, every handshake worker and the control plane, for the metrics; readable by any
    /// thread.
    public List<LaneCounters> counters() {
        List<LaneCounters> all = new ArrayList<>();
        for (Lane lane : state.lanes()) {
            all.add(lane.counters);
        }
        all.addAll(workers.counters());
        all.add(state.counters);
        return all;
    }

    /// Of each lane, by its number.
    public List<LaneCounters> laneCounters() {
        return Arrays.stream(state.lanes()).map(lane -> lane.counters).toList();
    }

    /// What it is at.
    public DeviceVitals vitals() {
        List<Integer> homePeers = new ArrayList<>();
        List<Long> threads = new ArrayList<>();
        for (Lane lane : state.lanes()) {
            homePeers.add(lane.homePeers.get());
            threads.add(lane.executor.threadId());
        }
        return new DeviceVitals(
                state.up,
                state.draining,
                state.handshakes.inboundDepth(),
                state.load.isUnderLoad(state.clock.bootNs()),
                state.stagedBudget.reservedBytes(),
                homePeers,
                threads);
    }

    /// Offloads in use.
    public Offloads offloads() {
        return state.offloads;
    }

    // Health.

    /// Whether every lane takes a turn within so long.
    public boolean lanesAnswer(long timeoutMs) throws InterruptedException {
        Lane[] lanes = state.lanes();
        CountDownLatch answered = new CountDownLatch(lanes.length);
        for (Lane lane : lanes) {
            lane.command(answered::countDown);
        }
        return answered.await(timeoutMs, TimeUnit.MILLISECONDS);
    }

    /// Why no new peer should be sent here, empty if one may: the result of a handshake with itself, made at most
    /// once in ten seconds.
    public String notReady() {
        int port;
        synchronized (lock) {
            if (closed) {
                return "the interface is closing";
            }
            if (state.draining) {
                return "the hub is draining";
            }
            if (!state.up) {
                return "the interface is down";
            }
            port = listenPort();
        }
        return probe.trouble(port);
    }

    @Override
    public void label(Map<PublicKey, PeerLabel> all) {
        state.labels = Map.copyOf(all);
    }

    @Override
    public Map<PublicKey, PeerLabel> labels() {
        return state.labels;
    }

    @Override
    public void drain(boolean on) {
        if (state.draining != on) {
            state.draining = on;
            state.events.add(on ? EventKind.DRAINING : EventKind.DRAINING_OVER, null);
            LOG.info("{}: {}", name, on ? "draining, no new peers are let in" : "no more draining");
        }
    }

    @Override
    public boolean draining() {
        return state.draining;
    }

    // The link, told by rtnetlink.

    @Override
    public void changed(boolean up, int mtu) {
        synchronized (lock) {
            if (closed) {
                return;
            }
            state.mtu = mtu;
            if (up && !state.up) {
                linkUp();
            } else if (!up && state.up) {
                linkDown();
            }
        }
    }

    @Override
    public boolean wantsLocalRoutes() {
        return state.forwarding == Forwarding.DIRECT;
    }

    @Override
    public void localRoutes(@Nullable List<LocalRoute> routes) {
        state.localAddresses = routes == null ? null : LocalAddresses.of(routes);
    }

    @Override
    public void deleted() {
        onDeleted.run();
    }

    /// The machine was suspended: its memory lay open, and its peers have long given the sessions up (kernel:
    /// `wg_pm_notification`).
    public void suspended() {
        synchronized (lock) {
            if (!closed) {
                LOG.info("{}: the machine was suspended, all sessions are forgotten", name);
                peers.forgetSessions();
            }
        }
    }

    private void linkUp() {
        try {
            UdpSockets opened = UdpSockets.open(listenPort, loops.lanes(), fwmark, state.offloads.udpGro());
            loops.use(opened);
            sockets = opened;
        } catch (DeviceException e) {
            LOG.error("{} stays down: {}", name, e.getMessage());
            return;
        }
        state.up = true;
        LOG.info("{} is up on UDP port {}", name, listenPort());
        state.events.add(EventKind.LINK_UP, null, "port", Integer.toString(listenPort()));
        peers.linkUp();
    }

    private void linkDown() {
        state.up = false;
        peers.linkDown();
        loops.use(null);
        UdpSockets open = sockets;
        sockets = null;
        if (open != null) {
            listenPort = open.port();
            open.close();
        }
        LOG.info("{} is down", name);
        state.events.add(EventKind.LINK_DOWN, null);
    }

    private int listenPort() {
        UdpSockets open = sockets;
        return open != null ? open.port() : listenPort;
    }

    // Configuration.

    @Override
    public void apply(DeviceChange change) throws DeviceException {
        synchronized (lock) {
            if (closed) {
                throw new DeviceException(Errno.ENODEV, name + " is closing");
            }
            applySockets(change); // the only part that can fail, so it comes first
            if (change.removePrivateKey()) {
                identity(null);
            } else if (change.privateKey() != null) {
                identity(change.privateKey());
            }
            peers.apply(change);
        }
    }

    /// Opens the new sockets before it lets the old ones go (conformance 1.13).
    private void applySockets(DeviceChange change) throws DeviceException {
        int newMark = Objects.requireNonNullElse(change.fwmark(), fwmark);
        Integer port = change.listenPort();
        UdpSockets open = sockets;
        if (open == null) {
            listenPort = port != null ? port : listenPort;
        } else if (port != null && (port == 0 || port != listenPort())) {
            UdpSockets opened = UdpSockets.open(port, loops.lanes(), newMark, state.offloads.udpGro());
            loops.use(opened);
            sockets = opened;
            open.close();
            listenPort = port;
            peers.forgetSources();
        } else if (newMark != fwmark) {
            open.fwmark(newMark);
            peers.forgetSources();
        }
        fwmark = newMark;
    }

    /// Conformance 1.15: private key set to the same, changed, or taken away.
    private void identity(@Nullable PrivateKey key) {
        Identity before = state.identity;
        PrivateKey keyBefore = before == null ? null : before.keys().privateKey();
        if (Objects.equals(keyBefore, key)) {
            return;
        }
        Identity after = null;
        if (key != null) {
            StaticIdentity keys = new StaticIdentity(key.copy());
            after = new Identity(keys, new CookieChecker(keys));
        }
        state.identity = after;
        peers.identityChanged(after);
        if (before != null) {
            before.keys().close();
        }
    }

    @Override
    public DeviceStatus status() {
        synchronized (lock) {
            Identity identity = state.identity;
            return new DeviceStatus(
                    identity == null ? null : identity.keys().privateKey().copy(),
                    listenPort(),
                    fwmark,
                    peers.status());
        }
    }

    @Override
    public @Nullable PeerStatus peer(PublicKey key) {
        synchronized (lock) {
            return peers.status(key);
        }
    }

    /// 0 if no socket is open and none was asked for.
    public int port() {
        synchronized (lock) {
            return listenPort();
        }
    }

    /// Null without a private key.
    public @Nullable PublicKey publicKey() {
        Identity identity = state.identity;
        return identity == null ? null : identity.keys().publicKey();
    }

    /// The peers of this moment, without their preshared keys. Each is read anew whenever it is asked for, so that a
    /// long list takes no memory.
    public List<PeerStatus> peers() {
        List<Peer> all;
        synchronized (lock) {
            all = state.peers.all();
        }
        return new AbstractList<>() {
            @Override
            public PeerStatus get(int index) {
                synchronized (lock) {
                    return PeerConfiguration.status(all.get(index), PresharedKey.NONE);
                }
            }

            @Override
            public int size() {
                return all.size();
            }
        };
    }

    @Override
    public Map<PublicKey, Map<DropReason, Long>> peerDrops() {
        synchronized (lock) {
            return peers.drops();
        }
    }

    @Override
    public void endpointTrouble(PublicKey key, String trouble) {
        if (trouble.isEmpty()) {
            endpointTroubles.remove(key);
        } else {
            endpointTroubles.put(key, trouble);
        }
    }

    @Override
    public Map<PublicKey, String> endpointTroubles() {
        return Map.copyOf(endpointTroubles);
    }

    @Override
    public List<Diagnosis> why(String query) {
        synchronized (lock) {
            return new Diagnoser(state, endpointTroubles, state.labels).why(query);
        }
    }

    @Override
    public EventLog events() {
        return state.events;
    }

    // What is remembered across restarts.

    /// Gives the device what an earlier run knew of its peers, whether they are configured yet or not, and
    /// begins to note what changes; before the first [#apply].
    public void remember(List<RememberedPeer> before) {
        synchronized (lock) {
            state.memory.begin(before);
        }
    }

    @Override
    public @Nullable RememberedPeer awaitChange(long timeoutMs) throws InterruptedException {
        return state.memory.awaitChange(timeoutMs);
    }

    @Override
    public List<RememberedPeer> all() {
        synchronized (lock) {
            return state.memory.all(state.peers.all());
        }
    }

    /// Stops everything, zeroes the keys, closes the sockets; the TUN stays open. Idempotent.
    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            greeter.close();
            state.steering.close();
            if (state.up) {
                linkDown();
            }
            identity(null);
            workers.close();
            loops.close();
            probe.close();
        }
    }
}
