package dev.culvert.device;

import dev.culvert.crypto.PresharedKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A hub and its spokes, whole devices in one thread, through a bad hour. Everything that happens follows from
/// the seed: the weather of the network (loss, reordering, duplicates, corruption, NATs that forget), the
/// traffic, what operators and machines do to the hosts, and in which order lanes, workers and alarms run.
///
/// 0 to 40 min: traffic on and off, and mishaps. To 50 min: traffic both ways and the weather alone, after
/// which every pair must still be talking. To 63 min: silence, after which nothing may be left of any session.
@LaneConfined
final class Simulation {
    private static final long MS = 1_000_000L;
    private static final long S = 1_000 * MS;
    private static final long MISHAPS_END_NS = 2400 * S;
    private static final long TRAFFIC_END_NS = 3000 * S;
    private static final long END_NS = 3780 * S;
    /// In the last of these before the traffic ends, something must have got through each way.
    private static final long TALKING_NS = 300 * S;

    private static final int HUB = 1;
    private static final int ATTACKER = 99;
    private static final int REMEMBERED_MAX = 200;
    private static final int EVENTS_MAX = 3_000_000;

    private record Event(long atNs, long order, Runnable action) {}

    /// A packet of the traffic: where it may come out, once, and unchanged.
    private static final class Sent {
        final int to;
        final byte[] packet;
        boolean forwarded;
        boolean delivered;

        Sent(int to, byte[] packet) {
            this.to = to;
            this.packet = packet;
        }
    }

    private final long seed;
    private final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>(
            (a, b) -> a.atNs() != b.atNs() ? Long.compare(a.atNs(), b.atNs()) : Long.compare(a.order(), b.order()));
    private long nowNs;
    private long order;

    private final List<SimulatedHost> hosts = new ArrayList<>();
    private final SimulatedHost hub;
    private final Set<SimulatedHost> restarted = new HashSet<>();
    private final Eavesdropper eavesdropper = new Eavesdropper(this);

    // The weather.
    private final double loss;
    private final double duplication;
    private final double corruption;
    private final long delayNs;
    private final double reordering;
    private final Map<Integer, Long> blackoutUntilNs = new HashMap<>();
    private final List<Datagram> remembered = new ArrayList<>();

    // The traffic.
    private final Map<String, Sent> traffic = new HashMap<>();
    private final long[][] lastDeliveredNs;
    private final PresharedKey[] presharedKeys;
    private int packets;
    private int delivered;
    private boolean trafficEnds;

    Simulation(long seed) {
        this.seed = seed;
        random = new Random(seed);
        loss = random.nextInt(4) == 0 ? 0 : random.nextDouble() * 0.48;
        duplication = random.nextInt(3) == 0 ? 1 : random.nextDouble() * 0.3;
        corruption = random.nextDouble() * 0.01;
        delayNs = (long) (random.nextDouble() * 150 * MS);
        reordering = random.nextDouble() * 0.2;
        hub = new SimulatedHost(HUB, 1 + random.nextInt(3), this, random);
        hosts.add(hub);
        int spokes = 1 + random.nextInt(3);
        for (int i = 0; i < spokes; i++) {
            hosts.add(new SimulatedHost(HUB + 1 + i, 1 + random.nextInt(2), this, random));
        }
        lastDeliveredNs = new long[hosts.size() + 1][hosts.size() + 1];
        presharedKeys = new PresharedKey[hosts.size()];
        for (int i = 1; i < hosts.size(); i++) {
            presharedKeys[i] = random.nextBoolean() ? PresharedKey.NONE : PresharedKey.generate(random::nextBytes);
        }
    }

    /// Runs the hour.
    ///
    /// @throws AssertionError naming the seed and the time, if anything does not hold
    void run() {
        try {
            hosts.subList(1, hosts.size()).forEach(this::configure);
            for (SimulatedHost spoke : hosts.subList(1, hosts.size())) {
                talk(spoke.number, HUB);
                talk(HUB, spoke.number);
                if (hosts.size() > 2 && random.nextBoolean()) {
                    talk(spoke.number, spoke.number == HUB + 1 ? HUB + 2 : HUB + 1);
                }
            }
            after(between(10 * S, 60 * S), this::mishap);
            after(between(S, 30 * S), this::attack);
            runUntil(TRAFFIC_END_NS);
            requireTalking();
            trafficEnds = true;
            for (SimulatedHost spoke : hosts.subList(1, hosts.size())) {
                spoke.device.peer(hub.device.publicKey(), 0, null, 0, InnerPacket.prefix4(0, 24));
                spoke.wake();
            }
            runUntil(END_NS);
            hosts.forEach(SimulatedHost::assertForgotAll);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed %d at %.6f s: %s".formatted(seed, nowNs / 1e9, e.getMessage()), e);
        } finally {
            hosts.forEach(SimulatedHost::close);
        }
    }

    /// Handshake messages, packets sent and packets delivered: proof that something happened.
    String summary() {
        return "seed %d: loss %.2f, %d hosts, %d initiations, %d cookie replies, %d of %d packets delivered"
                .formatted(
                        seed,
                        loss,
                        hosts.size(),
                        eavesdropper.handshakes,
                        eavesdropper.cookieReplies,
                        delivered,
                        packets);
    }

    int packetsDelivered() {
        return delivered;
    }

    private void runUntil(long endNs) {
        for (int count = 0; count < EVENTS_MAX; count++) {
            Event next = events.peek();
            if (next == null || next.atNs() > endNs) {
                nowNs = endNs;
                return;
            }
            events.remove();
            nowNs = next.atNs();
            next.action().run();
        }
        throw new AssertionError("the hosts never rest");
    }

    // Time.

    long nowNs() {
        return nowNs;
    }

    void at(long ns, Runnable action) {
        events.add(new Event(Math.max(ns, nowNs), order++, action));
    }

    void after(long ns, Runnable action) {
        at(nowNs + ns, action);
    }

    private long between(long fromNs, long toNs) {
        return fromNs + (long) (random.nextDouble() * (toNs - fromNs));
    }

    // The network.

    @Nullable
    SimulatedHost host(int number) {
        return number >= HUB && number < HUB + hosts.size() ? hosts.get(number - HUB) : null;
    }

    /// A datagram leaves `from`.
    void sent(SimulatedHost from, Datagram datagram) {
        eavesdropper.sees(from, datagram);
        Datagram outside = datagram.withSource(from.number, from.publicPort);
        boolean blackout = blackoutUntilNs.getOrDefault(from.number, 0L) > nowNs
                || blackoutUntilNs.getOrDefault(datagram.to(), 0L) > nowNs;
        if (blackout || random.nextDouble() < loss) {
            return;
        }
        int copies = random.nextDouble() < duplication ? 2 + random.nextInt(2) : 1;
        for (int i = 0; i < copies; i++) {
            long ns = delayNs + (random.nextDouble() < reordering ? between(0, 3 * S) : between(0, 5 * MS));
            Datagram copy = random.nextDouble() < corruption ? corrupted(outside) : outside;
            after(ns, () -> arrives(copy));
        }
    }

    private Datagram corrupted(Datagram datagram) {
        byte[] bytes = datagram.bytes().clone();
        if (bytes.length == 0 || random.nextInt(4) == 0) {
            byte[] cut = new byte[random.nextInt(bytes.length + 20)];
            System.arraycopy(bytes, 0, cut, 0, Math.min(cut.length, bytes.length));
            return datagram.withBytes(cut);
        }
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return datagram.withBytes(bytes);
    }

    private void arrives(Datagram datagram) {
        SimulatedHost to = host(datagram.to());
        if (to != null && to.publicPort == datagram.toPort()) {
            to.arrive(datagram);
            if (remembered.size() < REMEMBERED_MAX) {
                remembered.add(datagram);
            } else {
                remembered.set(random.nextInt(REMEMBERED_MAX), datagram);
            }
        }
    }

    /// Replays some of what arrived before, as it was or damaged; to the hub from the attacker's own address.
    /// (Not so to a spoke: a datagram that was not accepted when it came, because it overtook the response,
    /// moves the endpoint when it is new to the receiver, and only the hub can then be found again by the other
    /// side.)
    private void attack() {
        if (nowNs < MISHAPS_END_NS) {
            for (int i = random.nextInt(10); i > 0 && !remembered.isEmpty(); i--) {
                Datagram old = remembered.get(random.nextInt(remembered.size()));
                SimulatedHost to = host(old.to());
                if (to != null) {
                    Datagram replayed = random.nextInt(3) == 0 ? corrupted(old) : old;
                    to.arrive(to == hub ? replayed.withSource(ATTACKER, 1 + random.nextInt(60_000)) : replayed);
                }
            }
            after(between(S, 30 * S), this::attack);
        }
    }

    // The traffic.

    /// Packets from one host to another, on and off until the mishaps end, then steadily.
    private void talk(int from, int to) {
        if (trafficEnds || nowNs >= TRAFFIC_END_NS) {
            return;
        }
        int burst = random.nextInt(8) == 0 ? 1 + random.nextInt(30) : 1;
        for (int i = 0; i < burst; i++) {
            packet(from, to);
        }
        boolean steady = nowNs >= MISHAPS_END_NS;
        long pause = !steady && random.nextInt(25) == 0 ? between(20 * S, 400 * S) : between(0, 8 * S);
        after(steady ? pause : Math.min(pause, MISHAPS_END_NS - nowNs + 1), () -> talk(from, to));
    }

    private void packet(int from, int to) {
        SimulatedHost sender = host(from);
        assert sender != null;
        String id = "p" + packets++;
        int filler = switch (random.nextInt(4)) {
            case 0 -> 1380 - id.length();
            case 1 -> random.nextInt(64);
            default -> random.nextInt(1300);
        };
        String payload = id + ":" + "x".repeat(Math.max(0, filler - 1));
        byte[] packet = random.nextBoolean() || payload.length() > 1380
                ? InnerPacket.ipv4(from, to, payload)
                : InnerPacket.ipv6(from, to, payload);
        traffic.put(id, new Sent(to, packet));
        sender.send(packet);
    }

    /// A packet came out of a host's TUN; the hub forwards what is for a spoke.
    void delivered(SimulatedHost at, byte[] packet) {
        if (packet[packet[0] >>> 4 == 4 ? 9 : 6] != InnerPacket.PROTOCOL) {
            return; // an ICMP error for the host
        }
        String payload = InnerPacket.payload(packet);
        Sent sent = traffic.get(payload.substring(0, Math.max(0, payload.indexOf(':'))));
        require(sent != null, at, "delivered a packet that nobody sent");
        assert sent != null;
        require(Arrays.equals(sent.packet, packet), at, "delivered a changed packet");
        if (at.number == HUB && sent.to != HUB) {
            require(!sent.forwarded, at, "delivered a packet twice");
            sent.forwarded = true;
            hub.send(packet);
            return;
        }
        require(sent.to == at.number, at, "delivered a packet for host", sent.to);
        require(!sent.delivered, at, "delivered a packet twice");
        sent.delivered = true;
        delivered++;
        int from = packet[packet[0] >>> 4 == 4 ? 15 : 23];
        lastDeliveredNs[from][at.number] = nowNs;
    }

    private void requireTalking() {
        for (SimulatedHost spoke : hosts.subList(1, hosts.size())) {
            long up = nowNs - lastDeliveredNs[spoke.number][HUB];
            long down = nowNs - lastDeliveredNs[HUB][spoke.number];
            require(up < TALKING_NS, spoke, "has not reached the hub for so many s", up / S);
            require(down < TALKING_NS, spoke, "has not been reached for so many s", down / S);
        }
    }

    // What befalls the hosts.

    private void configure(SimulatedHost spoke) {
        configureHub(spoke);
        configureSpoke(spoke);
    }

    private void configureHub(SimulatedHost spoke) {
        hub.device.peer(
                spoke.device.publicKey(),
                0,
                presharedKeys[spoke.number - HUB],
                0,
                InnerPacket.prefix4(spoke.number, 32),
                InnerPacket.prefix6(spoke.number, 128));
        hub.wake();
    }

    private void configureSpoke(SimulatedHost spoke) {
        spoke.device.peer(
                hub.device.publicKey(),
                HUB,
                presharedKeys[spoke.number - HUB],
                random.nextBoolean() ? 25 : 0,
                InnerPacket.prefix4(0, 24),
                InnerPacket.prefix6(0, 64));
        spoke.wake();
    }

    private void mishap() {
        if (nowNs >= MISHAPS_END_NS - 60 * S) {
            return;
        }
        SimulatedHost host = hosts.get(random.nextInt(hosts.size()));
        SimulatedHost spoke = hosts.get(1 + random.nextInt(hosts.size() - 1));
        long lastsNs = Math.min(random.nextInt(3) == 0 ? between(0, 700 * S) : between(0, 40 * S), leftNs());
        switch (random.nextInt(9)) {
            case 0 -> spoke.publicPort = 1024 + random.nextInt(60_000);
            case 1 -> blackoutUntilNs.put(host.number, nowNs + lastsNs);
            case 2 -> restart(host);
            case 3 -> linkDown(host, lastsNs);
            case 4 -> pause(host, lastsNs);
            case 5 -> changePresharedKey(spoke);
            case 6 -> removeAndAdd(spoke);
            case 7 -> setWallClockBack(host);
            default -> load(host, lastsNs);
        }
        after(between(20 * S, 300 * S), this::mishap);
    }

    private long leftNs() {
        return MISHAPS_END_NS - nowNs;
    }

    /// Not of a host in its second life: a peer that has forgotten its own timestamps, and whose clock is
    /// wrong, is locked out by design.
    private void setWallClockBack(SimulatedHost host) {
        if (!restarted.contains(host)) {
            host.clock.wallErrorNs = -(long) (random.nextDouble() * 3600) * S;
        }
    }

    private void restart(SimulatedHost host) {
        host.clock.wallErrorNs = 0;
        restarted.add(host);
        host.restart();
        if (host == hub) {
            hosts.subList(1, hosts.size()).forEach(this::configureHub);
        } else {
            configureSpoke(host);
        }
    }

    private void linkDown(SimulatedHost host, long lastsNs) {
        if (host.up) {
            host.link(false);
            after(lastsNs, () -> {
                if (!host.up) {
                    host.link(true);
                }
            });
        }
    }

    private void pause(SimulatedHost host, long lastsNs) {
        if (!host.paused) {
            host.pause(true);
            after(lastsNs, () -> host.pause(false));
        }
    }

    private void changePresharedKey(SimulatedHost spoke) {
        presharedKeys[spoke.number - HUB] = PresharedKey.generate(random::nextBytes);
        configureHub(spoke);
        after(between(0, 20 * S), () -> configureSpoke(spoke));
    }

    private void removeAndAdd(SimulatedHost spoke) {
        hub.device.removePeer(spoke.device.publicKey());
        hub.wake();
        after(between(0, 20 * S), () -> configureHub(spoke));
    }

    private void load(SimulatedHost host, long lastsNs) {
        TestDevice loaded = host.device;
        loaded.inboundDepth = TestDevice.UNDER_LOAD_AT;
        after(lastsNs, () -> loaded.inboundDepth = 0);
    }

    // Requirements.

    void require(boolean holds, SimulatedHost of, String what, long... figures) {
        if (!holds) {
            throw new AssertionError("host %d %s %s".formatted(of.number, what, Arrays.toString(figures)));
        }
    }
}
