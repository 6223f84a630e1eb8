package dev.culvert.conf;

import dev.culvert.device.AllowedIp;
import dev.culvert.device.IpText;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The next address that nobody has, in each network of a hub's `Address` lines. Prefixes of peers that are inside the
/// network count as taken as a whole; wider ones (a default route) do not.
final class FreeAddresses {
    private record Range(BigInteger first, BigInteger last) {}

    /// @param text as in the hub's file
    private record Network(String text, boolean ipv6, Range range, int length, List<Range> taken) {}

    private final List<Network> networks = new ArrayList<>();

    /// @throws IOException if the hub has no network to give addresses of
    FreeAddresses(WgQuickFile hub) throws IOException {
        for (String text : hub.device().addresses()) {
            String[] parts = text.split("/", -1);
            byte[] address = IpText.parse(parts[0]);
            if (address == null) {
                throw new AssertionError("the parser lets none through: " + text);
            }
            int bits = address.length * 8;
            int length = parts.length < 2 ? bits : Integer.parseInt(parts[1]);
            if (length < bits - 1) {
                networks.add(network(text, address, length, bits));
            }
        }
        if (networks.isEmpty()) {
            throw new IOException(hub.source() + " has no network to give addresses of; an Address like 10.10.0.1/24"
                    + " in its [Interface] would be right");
        }
        hub.peers().forEach(peer -> peer.allowedIps().forEach(change -> take(change.prefix())));
    }

    private static Network network(String text, byte[] address, int length, int bits) {
        BigInteger own = new BigInteger(1, address);
        BigInteger size = BigInteger.ONE.shiftLeft(bits - length);
        BigInteger first = own.divide(size).multiply(size);
        Range range = new Range(first, first.add(size).subtract(BigInteger.ONE));
        List<Range> taken = new ArrayList<>();
        taken.add(new Range(first, first)); // the network itself, or the routers' anycast address
        taken.add(new Range(own, own));
        if (bits == 32) {
            taken.add(new Range(range.last(), range.last())); // broadcast
        }
        return new Network(text, bits == 128, range, length, taken);
    }

    private void take(AllowedIp prefix) {
        byte[] address = prefix.address().getAddress();
        BigInteger first = new BigInteger(1, address);
        BigInteger last = first.add(BigInteger.ONE.shiftLeft(address.length * 8 - prefix.length()))
                .subtract(BigInteger.ONE);
        for (Network network : networks) {
            if (network.ipv6() == prefix.ipv6() && prefix.length() > network.length()) {
                network.taken().add(new Range(first, last));
            }
        }
    }

    /// One address of each network, `address/32` or `address/128`; taken from now on.
    ///
    /// @throws IOException if a network is full
    List<String> next() throws IOException {
        List<String> all = new ArrayList<>();
        for (Network network : networks) {
            network.taken().sort(Comparator.comparing(Range::first));
            BigInteger free = network.range().first();
            for (Range range : network.taken()) {
                if (range.first().compareTo(free) > 0) {
                    break;
                }
                free = free.max(range.last().add(BigInteger.ONE));
            }
            if (free.compareTo(network.range().last()) > 0) {
                throw new IOException(
                        "no address is free in " + network.text() + "; give the hub a wider network, or a second one");
            }
            network.taken().add(new Range(free, free));
            all.add(text(free, network.ipv6()));
        }
        return all;
    }

    private static String text(BigInteger address, boolean ipv6) {
        byte[] bytes = new byte[ipv6 ? 16 : 4];
        byte[] number = address.toByteArray(); // perhaps with a leading zero, perhaps shorter
        for (int i = 1; i <= Math.min(bytes.length, number.length); i++) {
            bytes[bytes.length - i] = number[number.length - i];
        }
        return IpText.format(AllowedIp.of(bytes, bytes.length * 8));
    }
}
