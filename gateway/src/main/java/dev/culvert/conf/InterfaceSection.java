package dev.culvert.conf;

import dev.culvert.crypto.PrivateKey;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Collects the `[Interface]` sections of one file: they count as one, and the last value of a key wins. Called by
/// the parser.
final class InterfaceSection {
    private final Findings findings;
    private final Map<ConfKey, Integer> seenAt = new EnumMap<>(ConfKey.class);
    private final Map<ConfKey, List<String>> hooks = new EnumMap<>(ConfKey.class);
    private final List<String> addresses = new ArrayList<>();
    private final List<String> dnsServers = new ArrayList<>();
    private final List<String> searchDomains = new ArrayList<>();

    private @Nullable PrivateKey privateKey;
    private boolean removesPrivateKey;
    private @Nullable Integer listenPort;
    private @Nullable Integer fwmark;
    private @Nullable Integer mtu;
    private WgQuickFile.Table table = WgQuickFile.Table.AUTO;
    private boolean savesConfig;

    InterfaceSection(Findings findings) {
        this.findings = findings;
    }

    /// @param value without white space, not empty
    void wg(ConfKey key, String value, int line) throws BadValue {
        noteRepeated(key, line);
        switch (key) {
            case PRIVATE_KEY -> {
                removesPrivateKey = value.equals(ConfValues.ZERO_KEY);
                privateKey = removesPrivateKey ? null : ConfValues.privateKey(value);
            }
            case LISTEN_PORT -> listenPort = ConfValues.port(value, "ListenPort");
            case FW_MARK -> fwmark = ConfValues.fwMark(value);
            default -> throw new AssertionError(key);
        }
    }

    /// One of wg-quick's own keys. Without a value they mean nothing, as in wg-quick.
    void quick(ConfKey key, String value, int line) throws BadValue {
        noteRepeated(key, line);
        if (value.isEmpty() && key != ConfKey.SAVE_CONFIG) {
            findings.warning(line, key.text + " has no value and is passed over");
            return;
        }
        switch (key) {
            case ADDRESS -> {
                for (String token : WgQuickParser.words(value)) {
                    addresses.add(ConfValues.address(token, value));
                }
            }
            case DNS -> {
                for (String token : WgQuickParser.words(value)) {
                    (ConfValues.isDnsServer(token, value) ? dnsServers : searchDomains).add(token);
                }
            }
            case MTU -> mtu = ConfValues.mtu(value);
            case TABLE -> table = ConfValues.table(value);
            case SAVE_CONFIG -> savesConfig = ConfValues.saveConfig(value);
            default -> throw new AssertionError(key);
        }
    }

    void hook(ConfKey key, String command) {
        if (!command.isEmpty()) {
            hooks.computeIfAbsent(key, _ -> new ArrayList<>()).add(command);
        }
    }

    WgQuickFile.Interface finish() {
        if (privateKey == null) {
            findings.warning(
                    0,
                    "there is no PrivateKey in [Interface]: no handshake will succeed;"
                            + " `culvert genkey` prints a key");
        }
        if (mtu != null && mtu < 1280 && addresses.stream().anyMatch(a -> a.indexOf(':') >= 0)) {
            findings.warning(seenAt.getOrDefault(ConfKey.MTU, 0), "MTU is below 1280, which IPv6 needs");
        }
        return new WgQuickFile.Interface(
                privateKey,
                removesPrivateKey,
                listenPort,
                fwmark,
                addresses,
                new WgQuickFile.Dns(dnsServers, searchDomains),
                mtu,
                table,
                savesConfig,
                new WgQuickFile.Hooks(
                        of(ConfKey.PRE_UP), of(ConfKey.POST_UP), of(ConfKey.PRE_DOWN), of(ConfKey.POST_DOWN)));
    }

    private List<String> of(ConfKey key) {
        return hooks.getOrDefault(key, List.of());
    }

    private void noteRepeated(ConfKey key, int line) {
        Integer before = seenAt.put(key, line);
        if (before != null && !key.repeatable) {
            findings.warning(line, key.text + " stands in line " + before + " already; this line wins");
        }
    }
}
