package dev.culvert.conf;

import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A device as a file: what `wg showconf` prints, what `wg-quick save` writes, and a file without wg-quick's
/// keys as `wg-quick strip` prints it. The texts hold keys: they go to standard output or to a 0600 file, never
/// to a log.
public final class ConfText {
    private ConfText() {}

    /// The device's state in `wg showconf`'s form.
    public static String showconf(DeviceStatus status) {
        StringBuilder text = new StringBuilder("[Interface]\n");
        device(text, status);
        return peers(text, status).toString();
    }

    /// What `wg-quick save` writes: the file's own keys with the addresses as they stand, then the device's
    /// state.
    ///
    /// @param addresses of the link now, `address/length`
    /// @param linkMtu written only if the file has an MTU
    static String saved(WgQuickFile file, List<String> addresses, int linkMtu, DeviceStatus status) {
        WgQuickFile.Interface device = file.device();
        StringBuilder text = new StringBuilder("[Interface]\n");
        addresses.forEach(address -> entry(text, "Address", address));
        device.dns().servers().forEach(server -> entry(text, "DNS", server));
        device.dns().searchDomains().forEach(domain -> entry(text, "DNS", domain));
        if (device.mtu() != null) {
            entry(text, "MTU", String.valueOf(linkMtu));
        }
        if (!device.table().text().isEmpty()) {
            entry(text, "Table", device.table().text());
        }
        if (device.savesConfig()) {
            entry(text, "SaveConfig", "true");
        }
        device.hooks().preUp().forEach(hook -> entry(text, "PreUp", hook));
        device.hooks().postUp().forEach(hook -> entry(text, "PostUp", hook));
        device.hooks().preDown().forEach(hook -> entry(text, "PreDown", hook));
        device.hooks().postDown().forEach(hook -> entry(text, "PostDown", hook));
        device(text, status);
        return peers(text, status).toString();
    }

    /// What `wg-quick strip` prints: every line but wg-quick's own, comments included, and one blank line.
    public static String stripped(String text) {
        if (text.isEmpty()) {
            return "\n";
        }
        StringBuilder kept = new StringBuilder();
        boolean inInterface = false;
        String ended = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        for (String line : ended.split("\n", -1)) { // not lines(): a lone CR ends no line, here as in the parser
            String trimmed = line.strip();
            int hash = trimmed.indexOf('#');
            String content = hash < 0 ? trimmed : trimmed.substring(0, hash);
            int equals = content.indexOf('=');
            String name = (equals < 0 ? content : content.substring(0, equals)).strip();
            if (name.startsWith("[")) {
                inInterface = name.equalsIgnoreCase(ConfKey.Section.INTERFACE.title);
            }
            ConfKey key = inInterface ? ConfKey.named(name) : null;
            if (key == null || !key.isQuick()) {
                kept.append(trimmed).append('\n');
            }
        }
        return kept.append('\n').toString();
    }

    private static void device(StringBuilder text, DeviceStatus status) {
        if (status.listenPort() != 0) {
            entry(text, "ListenPort", String.valueOf(status.listenPort()));
        }
        if (status.fwmark() != 0) {
            entry(text, "FwMark", "0x" + Integer.toHexString(status.fwmark()).toLowerCase(Locale.ROOT));
        }
        if (status.privateKey() != null) {
            entry(text, "PrivateKey", status.privateKey().toBase64());
        }
    }

    private static StringBuilder peers(StringBuilder text, DeviceStatus status) {
        text.append('\n');
        boolean first = true;
        for (PeerStatus peer : status.peers()) {
            text.append(first ? "" : "\n").append("[Peer]\n");
            first = false;
            entry(text, "PublicKey", peer.publicKey().toBase64());
            if (!peer.presharedKey().isNone()) {
                entry(text, "PresharedKey", peer.presharedKey().toBase64());
            }
            if (!peer.allowedIps().isEmpty()) {
                List<String> prefixes = new ArrayList<>(peer.allowedIps().size());
                for (AllowedIp prefix : peer.allowedIps()) {
                    prefixes.add(IpText.format(prefix));
                }
                entry(text, "AllowedIPs", String.join(", ", prefixes));
            }
            if (peer.endpoint() != null) {
                entry(text, "Endpoint", IpText.format(peer.endpoint()));
            }
            if (peer.persistentKeepaliveSeconds() != 0) {
                entry(text, "PersistentKeepalive", String.valueOf(peer.persistentKeepaliveSeconds()));
            }
        }
        return text;
    }

    /// A line break in a value would become a line of its own, and `PostUp` lines are run as root.
    private static void entry(StringBuilder text, String key, String value) {
        if (value.chars().anyMatch(c -> c < ' ' && c != '\t')) {
            throw new IllegalArgumentException(key + " has a control character and is not written to a file");
        }
        text.append(key).append(" = ").append(value).append('\n');
    }
}
