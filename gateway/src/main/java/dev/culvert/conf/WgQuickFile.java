package dev.culvert.conf;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.PeerChange.AllowedIpChange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A wg-quick file that was accepted, made by [WgQuickParser]. Null components stand for keys that the file does
/// not have. Nothing in here is resolved, and nothing is applied.
///
/// @param source the file's name as the operator gave it
/// @param peers one a section, in order; two sections may have one key
/// @param warnings what was accepted but is probably not meant
public record WgQuickFile(String source, Interface device, List<Peer> peers, List<ConfProblem> warnings) {
    public WgQuickFile {
        peers = List.copyOf(peers);
        warnings = List.copyOf(warnings);
    }

    /// The `[Interface]` sections taken together.
    ///
    /// @param removesPrivateKey the file gives a key of zeros, which takes the identity away
    /// @param fwmark 0 is off
    /// @param addresses as written, `address` or `address/length`; host bits are kept
    public record Interface(
            @Nullable PrivateKey privateKey,
            boolean removesPrivateKey,
            @Nullable Integer listenPort,
            @Nullable Integer fwmark,
            List<String> addresses,
            Dns dns,
            @Nullable Integer mtu,
            Table table,
            boolean savesConfig,
            Hooks hooks) {
        public Interface {
            addresses = List.copyOf(addresses);
        }
    }

    /// @param servers addresses
    /// @param searchDomains what else stood behind `DNS =`
    public record Dns(List<String> servers, List<String> searchDomains) {
        public Dns {
            servers = List.copyOf(servers);
            searchDomains = List.copyOf(searchDomains);
        }
    }

    /// Where the routes of the allowed IPs go.
    ///
    /// @param text as written; empty if the file does not say
    public record Table(String text) {
        public static final Table AUTO = new Table("");

        /// No routes at all.
        public boolean isOff() {
            return text.equalsIgnoreCase("off");
        }

        /// The main table, and one of its own for default routes.
        public boolean isAuto() {
            return text.isEmpty() || text.equalsIgnoreCase("auto");
        }
    }

    /// Shell commands, in order. Not in `toString`: they may hold passwords.
    public record Hooks(List<String> preUp, List<String> postUp, List<String> preDown, List<String> postDown) {
        public static final Hooks NONE = new Hooks(List.of(), List.of(), List.of(), List.of());

        public Hooks {
            preUp = List.copyOf(preUp);
            postUp = List.copyOf(postUp);
            preDown = List.copyOf(preDown);
            postDown = List.copyOf(postDown);
        }

        public boolean isEmpty() {
            return preUp.isEmpty() && postUp.isEmpty() && preDown.isEmpty() && postDown.isEmpty();
        }

        @Override
        public String toString() {
            return "Hooks(" + (preUp.size() + postUp.size() + preDown.size() + postDown.size()) + ")";
        }
    }

    /// One `[Peer]` section.
    ///
    /// @param presharedKey [PresharedKey#NONE] if the file gives zeros
    /// @param persistentKeepaliveSeconds 0 is off
    /// @param replacesAllowedIps false if a prefix stood with `+` or `-`
    /// @param line where the section starts
    public record Peer(
            PublicKey publicKey,
            @Nullable PresharedKey presharedKey,
            @Nullable EndpointText endpoint,
            @Nullable Integer persistentKeepaliveSeconds,
            boolean replacesAllowedIps,
            List<AllowedIpChange> allowedIps,
            int line) {
        public Peer {
            allowedIps = List.copyOf(allowedIps);
        }
    }
}
