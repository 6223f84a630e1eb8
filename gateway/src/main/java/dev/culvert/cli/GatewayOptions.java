package dev.culvert.cli;

import dev.culvert.conf.HubSettings;
import dev.culvert.conf.ListenAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How to start one gateway.
///
/// @param interfaceName checked, 1 to 15 characters
/// @param lanes 0 is one for each core
/// @param cpus that the lanes run on; empty if neither option nor environment say
/// @param handshakeWorkers 0 lets the gateway choose
/// @param settings of the interface's own file
/// @param journal where peers are remembered across restarts; null for nowhere
/// @param admin where metrics and health are served; null for nowhere
/// @param rehearsal the directory of a rehearsal, which makes no link and has its socket there; else null
/// @param tunFd an open TUN descriptor to use instead of making one (`WG_TUN_FD`)
/// @param uapiFd a listening socket to use instead of making one (`WG_UAPI_FD`)
public record GatewayOptions(
        String interfaceName,
        int lanes,
        List<Integer> cpus,
        Engine engine,
        int handshakeWorkers,
        HubSettings settings,
        @Nullable Path journal,
        @Nullable ListenAddress admin,
        @Nullable Path rehearsal,
        @Nullable Integer tunFd,
        @Nullable Integer uapiFd) {
    /// The implementation of the AEAD; AUTO lets the self-test choose.
    public enum Engine {
        AUTO,
        IPSECMB,
        BORINGSSL,
        LIBCRYPTO,
        JDK,
        BOUNCYCASTLE
    }
}
