package dev.culvert.uapi;

import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A device that only remembers its configuration, by the rules of a set.
final class RecordingDevice implements DeviceControl {
    private final EventLog events = new EventLog(new ManualClock());

    private boolean draining;
    private Map<PublicKey, PeerLabel> labels = Map.of();
    final Map<PublicKey, String> troubles = new LinkedHashMap<>();
    final List<DeviceChange> changes = new ArrayList<>();
    final Map<String, List<Diagnosis>> diagnoses = new LinkedHashMap<>();
    int refuseWith;

    private @Nullable PrivateKey key;
    private int port;
    private int fwmark;
    private final Map<PublicKey, PeerStatus> peers = new LinkedHashMap<>();

    @Override
    public synchronized void apply(DeviceChange change) throws DeviceException {
        if (refuseWith != 0) {
            throw new DeviceException(refuseWith, "refused");
        }
        changes.add(change);
        if (change.removePrivateKey() || change.privateKey() != null) {
            PrivateKey given = change.privateKey();
            key = given == null ? null : given.copy();
        }
        port = Objects.requireNonNullElse(change.listenPort(), port);
        fwmark = Objects.requireNonNullElse(change.fwmark(), fwmark);
        if (change.replacePeers()) {
            peers.clear();
        }
        for (PeerChange peer : change.peers()) {
            apply(peer);
        }
    }

    private void apply(PeerChange change) {
        PeerStatus before = peers.get(change.publicKey());
        if (change.remove()) {
            peers.remove(change.publicKey());
        } else if (before != null || !change.updateOnly()) {
            Set<AllowedIp> ips = new LinkedHashSet<>();
            if (before != null && !change.replaceAllowedIps()) {
                ips.addAll(before.allowedIps());
            }
            for (PeerChange.AllowedIpChange ip : change.allowedIps()) {
                ips.remove(ip.prefix());
                if (!ip.remove()) {
                    ips.add(ip.prefix());
                }
            }
            peers.put(
                    change.publicKey(),
                    new PeerStatus(
                            change.publicKey(),
                            change.presharedKey() != null
                                    ? change.presharedKey().copy()
                                    : before == null ? PresharedKey.NONE : before.presharedKey(),
                            change.endpoint() != null ? change.endpoint() : before == null ? null : before.endpoint(),
                            1_700_000_000_123_456_789L,
                            -1, // 2^64 - 1: unsigned
                            42,
                            change.persistentKeepaliveSeconds() != null
                                    ? change.persistentKeepaliveSeconds()
                                    : before == null ? 0 : before.persistentKeepaliveSeconds(),
                            List.copyOf(ips)));
        }
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
    public List<Diagnosis> why(String query) {
        return diagnoses.getOrDefault(query, List.of());
    }

    @Override
    public AeadEngine engine() {
        return AeadEngine.JDK;
    }

    @Override
    public synchronized DeviceStatus status() {
        return new DeviceStatus(
                key == null ? null : key.copy(),
                port,
                fwmark,
                peers.values().stream().map(RecordingDevice::copy).toList());
    }

    /// The reader zeroes the key that it is given.
    private static PeerStatus copy(PeerStatus peer) {
        return new PeerStatus(
                peer.publicKey(),
                peer.presharedKey().copy(),
                peer.endpoint(),
                peer.lastHandshakeWallNs(),
                peer.txBytes(),
                peer.rxBytes(),
                peer.persistentKeepaliveSeconds(),
                peer.allowedIps());
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
