package dev.culvert.device;

import java.util.HashSet;
import java.util.Set;

/// Sees every datagram that leaves a host of a [Simulation] and requires what must always hold on the wire:
/// exact lengths, no counter twice under a key, no ephemeral key or nonce twice, keys younger than 180 s.
@LaneConfined
final class Eavesdropper {
    private static final long REJECT_AFTER_NS = 180_000_000_000L;

    private record Nonce(int to, int index, long counter) {}

    private record Once(long first, long second) {}

    private final Simulation simulation;
    private final Set<Nonce> nonces = new HashSet<>();
    private final Set<Once> fresh = new HashSet<>();
    long handshakes;
    long cookieReplies;

    Eavesdropper(Simulation simulation) {
        this.simulation = simulation;
    }

    void sees(SimulatedHost from, Datagram datagram) {
        byte[] bytes = datagram.bytes();
        switch (datagram.type()) {
            case 1 -> {
                handshakes++;
                simulation.require(bytes.length == 148, from, "sent an initiation of bytes", bytes.length);
                once(from, bytes, 8);
            }
            case 2 -> {
                simulation.require(bytes.length == 92, from, "sent a response of bytes", bytes.length);
                once(from, bytes, 12);
            }
            case 3 -> {
                cookieReplies++;
                simulation.require(bytes.length == 64, from, "sent a cookie reply of bytes", bytes.length);
                once(from, bytes, 16); // of the nonce's 24, the first stay for a while
            }
            case 4 -> data(from, datagram);
            default -> simulation.require(false, from, "sent a message of type", datagram.type());
        }
    }

    private void data(SimulatedHost from, Datagram datagram) {
        byte[] bytes = datagram.bytes();
        int inner = bytes.length - 32;
        simulation.require(
                inner >= 0 && (inner % 16 == 0 || inner == DeviceState.DEFAULT_MTU),
                from,
                "sent data of bytes",
                bytes.length);
        int index = (int) little(bytes, 4, 4);
        long counter = little(bytes, 8, 8);
        simulation.require(
                nonces.add(new Nonce(datagram.to(), index, counter)),
                from,
                "used a counter twice under an index",
                counter,
                index);
        SimulatedHost to = simulation.host(datagram.to());
        if (to != null) {
            long ageNs = simulation.nowNs() - from.sendingKeyBirthdateNs(to, index);
            simulation.require(ageNs < REJECT_AFTER_NS, from, "sent with a key of ns", ageNs);
        }
    }

    /// 16 of the random bytes at `offset`: an ephemeral key's, or a nonce's.
    private void once(SimulatedHost from, byte[] bytes, int offset) {
        Once seen = new Once(little(bytes, offset, 8), little(bytes, offset + 8, 8));
        simulation.require(fresh.add(seen), from, "sent the same random bytes twice");
    }

    private static long little(byte[] bytes, int offset, int length) {
        long value = 0;
        for (int i = length - 1; i >= 0; i--) {
            value = value << 8 | bytes[offset + i] & 0xff;
        }
        return value;
    }
}
