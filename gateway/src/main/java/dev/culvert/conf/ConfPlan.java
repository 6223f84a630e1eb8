package dev.culvert.conf;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerChange.AllowedIpChange;
import dev.culvert.device.PeerStatus;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What applying a file would change of a running device, as [ConfChange#toSync] does it. All texts are for people
/// and for JSON; no component holds a private or preshared key.
///
/// @param settings of the interface
/// @param peers that would be added, removed or changed, in the file's order, then the removed ones
/// @param moves prefixes that would go from one peer to another
/// @param overlaps prefixes of one peer inside a wider one of another, as they will stand
/// @param notes what the parser noticed, and names that are looked up only when the file is applied
public record ConfPlan(
        List<Change> settings, List<PeerPlan> peers, List<Move> moves, List<Overlap> overlaps, List<String> notes) {
    /// @param now empty if there is nothing now
    /// @param then empty if there will be nothing
    public record Change(String what, String now, String then) {}

    /// What happens to a peer.
    public enum Kind {
        ADDED,
        REMOVED,
        CHANGED
    }

    /// @param line of the file, 0 for a peer that is not in it
    public record PeerPlan(Kind kind, String publicKey, int line, List<Change> changes) {}

    public record Move(String prefix, String from, String to) {}

    public record Overlap(String prefix, String peer, String inside, String otherPeer) {}

    private static final String NONE = "";
    private static final Comparator<AllowedIp> ORDER = Comparator.comparing(AllowedIp::ipv6)
            .thenComparing(AllowedIp::hi, Long::compareUnsigned)
            .thenComparing(AllowedIp::lo, Long::compareUnsigned)
            .thenComparingInt(AllowedIp::length);

    public boolean isEmpty() {
        return settings.isEmpty() && peers.isEmpty() && moves.isEmpty();
    }

    public long count(Kind kind) {
        return peers.stream().filter(peer -> peer.kind == kind).count();
    }

    /// @param status the device as it stands; null if it does not run
    public static ConfPlan of(WgQuickFile file, @Nullable DeviceStatus status) {
        return new Planner(file, status == null ? new DeviceStatus(null, 0, 0, List.of()) : status).plan();
    }

    /// A peer as it will stand, section by section.
    private static final class Wanted {
        int line;

        @Nullable
        PresharedKey presharedKey;

        @Nullable
        EndpointText endpoint;

        int keepaliveSeconds;
    }

    private static final class Planner {
        private final WgQuickFile file;
        private final DeviceStatus status;
        private final Map<PublicKey, PeerStatus> standing = new LinkedHashMap<>();
        private final Map<PublicKey, Wanted> wanted = new LinkedHashMap<>();
        private final Map<AllowedIp, PublicKey> ownersBefore = new HashMap<>();
        private final Map<AllowedIp, PublicKey> owners = new HashMap<>();
        private final Map<PublicKey, TreeSet<AllowedIp>> prefixes = new HashMap<>();
        private final List<String> notes = new ArrayList<>();

        Planner(WgQuickFile file, DeviceStatus status) {
            this.file = file;
            this.status = status;
        }

        ConfPlan plan() {
            file.warnings().forEach(warning -> notes.add(warning.toString()));
            file.peers().forEach(peer -> wanted.put(peer.publicKey(), new Wanted()));
            for (PeerStatus peer : status.peers()) {
                standing.put(peer.publicKey(), peer);
                for (AllowedIp prefix : peer.allowedIps()) {
                    ownersBefore.put(prefix, peer.publicKey());
                    if (wanted.containsKey(peer.publicKey())) {
                        give(prefix, peer.publicKey());
                    }
                }
            }
            file.peers().forEach(this::apply);
            List<PeerPlan> peers = new ArrayList<>();
            wanted.forEach((key, peer) -> {
                PeerPlan plan = plan(key, peer);
                if (plan != null) {
                    peers.add(plan);
                }
            });
            standing.forEach((key, peer) -> {
                if (!wanted.containsKey(key)) {
                    peers.add(new PeerPlan(Kind.REMOVED, key.toBase64(), 0, List.of()));
                }
            });
            return new ConfPlan(settings(), peers, moves(), overlaps(), notes);
        }

        private List<Change> settings() {
            WgQuickFile.Interface device = file.device();
            List<Change> changes = new ArrayList<>();
            PrivateKey now = status.privateKey();
            PrivateKey then = device.privateKey();
            if (!Objects.equals(now, then)) {
                changes.add(new Change("private key (the public key is shown)", publicKey(now), publicKey(then)));
            }
            Integer port = device.listenPort();
            if (port != null && port != status.listenPort()) {
                changes.add(new Change("listen port", number(status.listenPort()), number(port)));
            }
            Integer mark = device.fwmark();
            if (mark != null && mark != status.fwmark()) {
                changes.add(new Change("fwmark", number(status.fwmark()), number(mark)));
            }
            return changes;
        }

        private static String publicKey(@Nullable PrivateKey key) {
            return key == null ? NONE : key.publicKey().toBase64();
        }

        private static String number(int value) {
            return value == 0 ? NONE : Integer.toUnsignedString(value);
        }

        private void give(AllowedIp prefix, PublicKey to) {
            PublicKey before = owners.put(prefix, to);
            if (before != null) {
                prefixes.getOrDefault(before, new TreeSet<>(ORDER)).remove(prefix);
            }
            prefixes.computeIfAbsent(to, key -> new TreeSet<>(ORDER)).add(prefix);
        }

        private void take(AllowedIp prefix, PublicKey from) {
            if (owners.remove(prefix, from)) {
                prefixes.getOrDefault(from, new TreeSet<>(ORDER)).remove(prefix);
            }
        }

        private void apply(WgQuickFile.Peer section) {
            PublicKey key = section.publicKey();
            Wanted peer = wanted.computeIfAbsent(key, absent -> new Wanted());
            peer.line = section.line();
            peer.presharedKey = section.presharedKey();
            peer.endpoint = section.endpoint() == null ? peer.endpoint : section.endpoint();
            Integer keepalive = section.persistentKeepaliveSeconds();
            peer.keepaliveSeconds = keepalive == null ? 0 : keepalive;
            if (section.replacesAllowedIps()) {
                for (AllowedIp prefix : List.copyOf(prefixes.getOrDefault(key, new TreeSet<>(ORDER)))) {
                    take(prefix, key);
                }
            }
            for (AllowedIpChange change : section.allowedIps()) {
                if (change.remove()) {
                    take(change.prefix(), key);
                } else {
                    give(change.prefix(), key);
                }
            }
        }

        private @Nullable PeerPlan plan(PublicKey key, Wanted peer) {
            PeerStatus now = standing.get(key);
            List<Change> changes = new ArrayList<>();
            PresharedKey pskNow = now == null ? PresharedKey.NONE : now.presharedKey();
            PresharedKey pskThen = peer.presharedKey == null ? PresharedKey.NONE : peer.presharedKey;
            if (!pskNow.equals(pskThen)) {
                changes.add(new Change("preshared key", isSet(pskNow), isSet(pskThen)));
            }
            endpoint(now, peer, changes);
            int keepaliveNow = now == null ? 0 : now.persistentKeepaliveSeconds();
            if (keepaliveNow != peer.keepaliveSeconds) {
                changes.add(new Change("persistent keepalive", seconds(keepaliveNow), seconds(peer.keepaliveSeconds)));
            }
            TreeSet<AllowedIp> after = prefixes.getOrDefault(key, new TreeSet<>(ORDER));
            TreeSet<AllowedIp> before = new TreeSet<>(ORDER);
            before.addAll(now == null ? List.of() : now.allowedIps());
            List<AllowedIp> gone =
                    before.stream().filter(prefix -> !after.contains(prefix)).toList();
            List<AllowedIp> come =
                    after.stream().filter(prefix -> !before.contains(prefix)).toList();
            if (!gone.isEmpty() || !come.isEmpty()) {
                changes.add(new Change("allowed ips", text(gone), text(come)));
            }
            if (now != null && changes.isEmpty()) {
                return null;
            }
            return new PeerPlan(now == null ? Kind.ADDED : Kind.CHANGED, key.toBase64(), peer.line, changes);
        }

        /// A name is not looked up here: what it stands for now need not be what it will stand for.
        private void endpoint(@Nullable PeerStatus now, Wanted peer, List<Change> changes) {
            EndpointText then = peer.endpoint;
            if (then == null) {
                return;
            }
            String text = now == null || now.endpoint() == null ? NONE : IpText.format(now.endpoint());
            if (IpText.parseEndpoint(then.toString()) == null) {
                notes.add("the endpoint " + then + " of line " + peer.line
                        + " ff. is looked up when the file is applied");
                if (now == null) {
                    changes.add(new Change("endpoint", NONE, then.toString()));
                }
            } else if (!text.equals(then.toString())) {
                changes.add(new Change("endpoint", text, then.toString()));
            }
        }

        private static String isSet(PresharedKey key) {
            return key.equals(PresharedKey.NONE) ? NONE : "(hidden)";
        }

        private static String seconds(int value) {
            return value == 0 ? NONE : value + " s";
        }

        private static String text(List<AllowedIp> list) {
            return String.join(", ", list.stream().map(IpText::format).toList());
        }

        private List<Move> moves() {
            List<Move> moves = new ArrayList<>();
            ownersBefore.keySet().stream().sorted(ORDER).forEach(prefix -> {
                PublicKey before = ownersBefore.get(prefix);
                PublicKey after = owners.get(prefix);
                if (before != null && after != null && !after.equals(before)) {
                    moves.add(new Move(IpText.format(prefix), before.toBase64(), after.toBase64()));
                }
            });
            return moves;
        }

        /// Prefixes in order: those that hold the present one are on the stack, the narrowest last.
        private List<Overlap> overlaps() {
            List<AllowedIp> sorted = new ArrayList<>(owners.keySet());
            sorted.sort(ORDER);
            List<Overlap> overlaps = new ArrayList<>();
            Deque<AllowedIp> around = new ArrayDeque<>();
            for (AllowedIp prefix : sorted) {
                while (!around.isEmpty() && !contains(around.peek(), prefix)) {
                    around.pop();
                }
                AllowedIp outer = around.peek();
                PublicKey owner = owners.get(prefix);
                PublicKey other = outer == null || outer.length() == 0 ? null : owners.get(outer);
                if (outer != null && other != null && owner != null && !owner.equals(other)) {
                    overlaps.add(new Overlap(
                            IpText.format(prefix), owner.toBase64(), IpText.format(outer), other.toBase64()));
                }
                around.push(prefix);
            }
            return overlaps;
        }

        private static boolean contains(AllowedIp outer, AllowedIp inner) {
            return outer.ipv6() == inner.ipv6()
                    && outer.length() <= inner.length()
                    && new AllowedIp(inner.ipv6(), inner.hi(), inner.lo(), outer.length()).equals(outer);
        }
    }
}
