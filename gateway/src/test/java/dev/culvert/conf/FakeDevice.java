package dev.culvert.conf;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceChange;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.DeviceException;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.Diagnosis;
import dev.culvert.device.DropReason;
import dev.culvert.device.EventLog;
import dev.culvert.device.ManualClock;
import dev.culvert.device.PeerChange;
import dev.culvert.device.PeerLabel;
import dev.culvert.device.PeerStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Keeps what it is told, with the kernel's rules for peers and prefixes as far as these tests need them.
final class FakeDevice implements DeviceControl {
    private final EventLog events = new EventLog(new ManualClock());

    private boolean draining;
    private Map<PublicKey, PeerLabel> labels = Map.of();
    final List<DeviceChange> changes = new ArrayList<>();
    boolean refuses;
    final Map<PublicKey, String> troubles = new LinkedHashMap<>();
    private DeviceStatus status = new DeviceStatus(null, 0, 0, List.of());

    @Override
    public void apply(DeviceChange change) throws DeviceException {
        if (refuses) {
            throw new DeviceException(98, "the port is in use; choose another");
        }
        changes.add(change);
        Map<PublicKey, PeerStatus> peers = new LinkedHashMap<>();
        if (!change.replacePeers()) {
            status.peers().forEach(peer -> peers.put(peer.publicKey(), peer));
        }
        for (PeerChange peer : change.peers()) {
            if (peer.remove()) {
                peers.remove(peer.publicKey());
            } else {
                peers.put(peer.publicKey(), changed(peers.get(peer.publicKey()), peer));
            }
        }
        status = new DeviceStatus(
                change.removePrivateKey()
                        ? null
                        : change.privateKey() == null ? status.privateKey() : change.privateKey(),
                orElse(change.listenPort(), status.listenPort()),
                orElse(change.fwmark(), status.fwmark()),
                List.copyOf(peers.values()));
    }

    @Override
    public @Nullable PeerStatus peer(PublicKey key) {
        return status().peers().stream()
                .filter(peer -> peer.publicKey().equals(key))
                .findFirst()
                .orElse(null);
    }

    @Override
    public void endpointTrouble(PublicKey key, String trouble) {
        troubles.put(key, trouble);
        if (trouble.isEmpty()) {
            troubles.remove(key);
        }
    }

    @Override
    public Map<PublicKey, Map<DropReason, Long>> peerDrops() {
        return Map.of();
    }

    @Override
    public Map<PublicKey, String> endpointTroubles() {
        return Map.copyOf(troubles);
    }

    @Override
    public void drain(boolean on) {
        draining = on;
    }

    @Override
    public boolean draining() {
        return draining;
    }

    @Override
    public void label(Map<PublicKey, PeerLabel> all) {
        labels = all;
    }

    @Override
    public Map<PublicKey, PeerLabel> labels() {
        return labels;
    }

    @Override
    public AeadEngine engine() {
        return AeadEngine.JDK;
    }

    @Override
    public DeviceStatus status() {
        return status;
    }

    /// The peer has done this meanwhile.
    void counts(PublicKey key, long lastHandshakeWallNs, long txBytes) {
        List<PeerStatus> peers = new ArrayList<>();
        for (PeerStatus peer : status.peers()) {
            boolean isIt = peer.publicKey().equals(key);
            peers.add(new PeerStatus(
                    peer.publicKey(),
                    peer.presharedKey(),
                    peer.endpoint(),
                    isIt ? lastHandshakeWallNs : peer.lastHandshakeWallNs(),
                    isIt ? txBytes : peer.txBytes(),
                    peer.rxBytes(),
                    peer.persistentKeepaliveSeconds(),
                    peer.allowedIps()));
        }
        status = new DeviceStatus(status.privateKey(), status.listenPort(), status.fwmark(), peers);
    }

    @Override
    public List<Diagnosis> why(String query) {
        return List.of();
    }

    private static PeerStatus changed(@Nullable PeerStatus before, PeerChange change) {
        List<AllowedIp> prefixes = new ArrayList<>();
        if (before != null && !change.replaceAllowedIps()) {
            prefixes.addAll(before.allowedIps());
        }
        for (PeerChange.AllowedIpChange each : change.allowedIps()) {
            prefixes.remove(each.prefix());
            if (!each.remove()) {
                prefixes.add(each.prefix());
            }
        }
        PresharedKey presharedKey = change.presharedKey();
        return new PeerStatus(
                change.publicKey(),
                presharedKey != null ? presharedKey : before == null ? PresharedKey.NONE : before.presharedKey(),
                change.endpoint() != null ? change.endpoint() : before == null ? null : before.endpoint(),
                before == null ? 0 : before.lastHandshakeWallNs(),
                before == null ? 0 : before.txBytes(),
                0,
                orElse(change.persistentKeepaliveSeconds(), before == null ? 0 : before.persistentKeepaliveSeconds()),
                prefixes);
    }

    private static int orElse(@Nullable Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }

    @Override
    public EventLog events() {
        return events;
    }

    @Override
    public Map<String, String> traits() {
        return Map.of("engine", "none", "lanes", "2");
    }
}
