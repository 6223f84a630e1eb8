package dev.culvert.conf;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerChange.AllowedIpChange;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Collects the `[Peer]` sections of one file, and notes what two of them claim. Called by the parser, section by
/// section.
final class PeerList {
    private final Findings findings;
    private final List<WgQuickFile.Peer> peers = new ArrayList<>();
    private final Map<PublicKey, Integer> peerAt = new HashMap<>();
    private final Map<AllowedIp, Claim> claims = new HashMap<>();
    private @Nullable Draft draft;

    PeerList(Findings findings) {
        this.findings = findings;
    }

    private record Claim(PublicKey peer, int line) {}

    private static final class Draft {
        final int line;
        final Map<ConfKey, Integer> seenAt = new EnumMap<>(ConfKey.class);
        final List<AllowedIpChange> allowedIps = new ArrayList<>();
        final List<Integer> allowedIpLines = new ArrayList<>();
        boolean replacesAllowedIps = true;

        @Nullable
        PublicKey publicKey;

        @Nullable
        PresharedKey presharedKey;

        @Nullable
        EndpointText endpoint;

        @Nullable
        Integer keepalive;

        Draft(int line) {
            this.line = line;
        }
    }

    void startSection(int line) {
        draft = new Draft(line);
    }

    /// @param value without white space, not empty
    void entry(ConfKey key, String value, int line) throws BadValue {
        Draft peer = draft;
        if (peer == null) {
            throw new AssertionError("an entry of [Peer] outside of one");
        }
        Integer before = peer.seenAt.put(key, line);
        if (before != null && !key.repeatable) {
            findings.warning(line, key.text + " stands in line " + before + " of this peer already; this line wins");
        }
        switch (key) {
            case PUBLIC_KEY -> peer.publicKey = ConfValues.publicKey(value);
            case PRESHARED_KEY -> peer.presharedKey = ConfValues.presharedKey(value);
            case ENDPOINT -> peer.endpoint = ConfValues.endpoint(value);
            case PERSISTENT_KEEPALIVE -> peer.keepalive = ConfValues.keepalive(value);
            case ALLOWED_IPS -> allowedIps(peer, value, line);
            default -> throw new AssertionError(key);
        }
    }

    void finishSection() {
        Draft peer = draft;
        draft = null;
        if (peer == null) {
            return;
        }
        if (peer.publicKey == null) {
            if (!peer.seenAt.containsKey(ConfKey.PUBLIC_KEY)) {
                findings.error(peer.line, "this peer has no PublicKey; each [Peer] section needs one");
            }
            return;
        }
        noteTwins(peer, peer.publicKey);
        peers.add(new WgQuickFile.Peer(
                peer.publicKey,
                peer.presharedKey,
                peer.endpoint,
                peer.keepalive,
                peer.replacesAllowedIps,
                peer.allowedIps,
                peer.line));
    }

    List<WgQuickFile.Peer> peers() {
        return peers;
    }

    private void allowedIps(Draft peer, String list, int line) throws BadValue {
        int at = 0;
        while (at <= list.length()) {
            int comma = list.indexOf(',', at);
            int end = comma < 0 ? list.length() : comma;
            allowedIp(peer, list.substring(at, end), list, line);
            at = end + 1;
        }
    }

    private void allowedIp(Draft peer, String token, String whole, int line) throws BadValue {
        if (token.isEmpty()) {
            throw new BadValue(
                    "AllowedIPs has a comma with nothing beside it; 10.0.0.2/32, fd00::2/128 would be right");
        }
        boolean remove = token.charAt(0) == '-';
        boolean signed = remove || token.charAt(0) == '+';
        String text = signed ? token.substring(1) : token;
        AllowedIp prefix = IpText.parsePrefix(text);
        if (prefix == null) {
            throw new BadValue("AllowedIPs has " + Redaction.quote(token, whole) + ", which is not an IP prefix;"
                    + " 10.0.0.2/32 or fd00::/64 would be right");
        }
        int slash = text.indexOf('/');
        byte[] address = IpText.parse(slash < 0 ? text : text.substring(0, slash));
        if (address != null && IpText.hasHostBits(address, prefix.length())) {
            findings.warning(
                    line,
                    Redaction.quote(text, whole) + " has bits behind its length and counts as "
                            + IpText.format(prefix));
        }
        peer.replacesAllowedIps &= !signed;
        peer.allowedIps.add(new AllowedIpChange(prefix, remove));
        peer.allowedIpLines.add(line);
    }

    private void noteTwins(Draft peer, PublicKey publicKey) {
        Integer before = peerAt.put(publicKey, peer.line);
        if (before != null) {
            findings.warning(
                    peer.line,
                    "the peer of this section has one in line " + before
                            + " already; as with wg, the AllowedIPs of this one win");
        }
        for (int i = 0; i < peer.allowedIps.size(); i++) {
            AllowedIpChange change = peer.allowedIps.get(i);
            if (change.remove()) {
                continue;
            }
            int line = peer.allowedIpLines.get(i);
            Claim other = claims.put(change.prefix(), new Claim(publicKey, line));
            if (other != null && !other.peer.equals(publicKey)) {
                findings.warning(
                        line,
                        IpText.format(change.prefix()) + " is given to another peer in line " + other.line
                                + "; this line wins, the other peer goes without");
            }
        }
    }
}
