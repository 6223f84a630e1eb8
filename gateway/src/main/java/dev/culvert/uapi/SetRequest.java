package dev.culvert.uapi;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.Wipe;
import dev.culvert.device.DeviceChange;
import dev.culvert.device.PeerChange;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The lines of one `set=1`, gathered into one [DeviceChange] (conformance 2.2). Nothing is applied here, so a bad
/// line leaves nothing half done.
final class SetRequest {
    private @Nullable PrivateKey privateKey;
    private boolean removePrivateKey;
    private @Nullable Integer listenPort;
    private @Nullable Integer fwmark;
    private boolean replacePeers;
    private final List<PeerChange> peers = new ArrayList<>();
    private @Nullable Block block;

    /// A peer's block while its lines come in.
    private static final class Block {
        final PublicKey publicKey;
        boolean remove;
        boolean updateOnly;

        @Nullable
        PresharedKey presharedKey;

        @Nullable
        InetSocketAddress endpoint;

        @Nullable
        Integer keepaliveSeconds;

        boolean replaceAllowedIps;
        final List<PeerChange.AllowedIpChange> allowedIps = new ArrayList<>(2);

        Block(PublicKey publicKey) {
            this.publicKey = publicKey;
        }

        PeerChange change() {
            return new PeerChange(
                    publicKey,
                    remove,
                    updateOnly,
                    presharedKey,
                    endpoint,
                    keepaliveSeconds,
                    replaceAllowedIps,
                    allowedIps);
        }
    }

    /// Takes one line, without its LF.
    ///
    /// @throws UapiException if the line is none of the grammar or its value is out of range
    void line(byte[] line, int length) throws UapiException {
        int equals = 0;
        while (equals < length && line[equals] != '=') {
            equals++;
        }
        if (equals == length) {
            throw new UapiException(UapiException.EPROTO);
        }
        String key = new String(line, 0, equals, StandardCharsets.ISO_8859_1);
        int value = equals + 1;
        switch (key) {
            case "private_key" -> privateKey(UapiValues.key(line, value, length));
            case "public_key" -> publicKey(UapiValues.key(line, value, length));
            case "preshared_key" -> presharedKey(UapiValues.key(line, value, length));
            default -> {
                String text = new String(line, value, length - value, StandardCharsets.ISO_8859_1);
                if (block == null) {
                    device(key, text);
                } else {
                    peer(block, key, text);
                }
            }
        }
    }

    private void privateKey(byte[] key) throws UapiException {
        try {
            if (block != null) {
                throw new UapiException(UapiException.EINVAL);
            }
            if (privateKey != null) {
                privateKey.close();
            }
            removePrivateKey = Wipe.equal(key, 0, new byte[key.length], 0, key.length);
            privateKey = removePrivateKey ? null : PrivateKey.fromBytes(key);
        } finally {
            Wipe.zero(key);
        }
    }

    private void publicKey(byte[] key) {
        endBlock();
        block = new Block(PublicKey.fromBytes(key));
    }

    private void presharedKey(byte[] key) throws UapiException {
        try {
            Block current = block;
            if (current == null) {
                throw new UapiException(UapiException.EINVAL);
            }
            if (current.presharedKey != null) {
                current.presharedKey.close();
            }
            current.presharedKey = PresharedKey.fromBytes(key);
        } finally {
            Wipe.zero(key);
        }
    }

    private void device(String key, String text) throws UapiException {
        switch (key) {
            case "listen_port" -> listenPort = (int) UapiValues.number(text, 65_535);
            case "fwmark" -> fwmark = (int) UapiValues.number(text, 0xffffffffL);
            case "replace_peers" -> {
                UapiValues.mustBeTrue(text);
                replacePeers = true;
            }
            default -> throw new UapiException(UapiException.EINVAL);
        }
    }

    private static void peer(Block peer, String key, String text) throws UapiException {
        switch (key) {
            case "remove" -> {
                UapiValues.mustBeTrue(text);
                peer.remove = true;
            }
            case "update_only" -> {
                UapiValues.mustBeTrue(text);
                peer.updateOnly = true;
            }
            case "endpoint" -> peer.endpoint = UapiValues.endpoint(text);
            case "persistent_keepalive_interval" -> peer.keepaliveSeconds = (int) UapiValues.number(text, 65_535);
            case "replace_allowed_ips" -> {
                UapiValues.mustBeTrue(text);
                peer.replaceAllowedIps = true;
                peer.allowedIps.clear(); // the list is emptied at this point of the stream
            }
            case "allowed_ip" -> {
                boolean remove = text.startsWith("-");
                peer.allowedIps.add(
                        new PeerChange.AllowedIpChange(UapiValues.prefix(remove ? text.substring(1) : text), remove));
            }
            case "protocol_version" -> {
                if (!text.equals("1")) {
                    throw new UapiException(UapiException.EINVAL);
                }
            }
            default -> throw new UapiException(UapiException.EINVAL);
        }
    }

    private void endBlock() {
        Block ended = block;
        if (ended != null) {
            peers.add(ended.change());
            block = null;
        }
    }

    /// Zeroes the keys of the request: the device has its own copies.
    void wipe() {
        PrivateKey key = privateKey;
        if (key != null) {
            key.close();
        }
        endBlock();
        for (PeerChange peer : peers) {
            PresharedKey shared = peer.presharedKey();
            if (shared != null) {
                shared.close();
            }
        }
    }

    /// The whole request.
    DeviceChange change() {
        endBlock();
        return new DeviceChange(privateKey, removePrivateKey, listenPort, fwmark, replacePeers, peers);
    }
}
