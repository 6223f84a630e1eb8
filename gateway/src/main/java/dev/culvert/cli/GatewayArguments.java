package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import dev.culvert.conf.HubSettings;
import dev.culvert.conf.PeerJournal;
import dev.culvert.device.DeviceOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/// The options of all commands that start a gateway. Each has an environment variable too, because wg-quick(8)
/// passes nothing but the interface's name.
final class GatewayArguments {
    private static final int LANES_MAX = DeviceOptions.LANES_MAX;
    private static final int WORKERS_MAX = DeviceOptions.HANDSHAKE_WORKERS_MAX;
    private static final int FD_MAX = 1 << 20;

    @Option(
            names = "--lanes",
            paramLabel = "N",
            defaultValue = "${env:CULVERT_LANES:-0}",
            description = "Event loops that share the packets; 0 is one for each core. Also CULVERT_LANES.")
    private int lanes;

    @Option(
            names = "--engine",
            paramLabel = "ENGINE",
            defaultValue = "${env:CULVERT_ENGINE:-auto}",
            description = {
                "ChaCha20-Poly1305 of: auto, ipsecmb, libcrypto, jdk, bouncycastle. Also CULVERT_ENGINE.",
                "auto is the first that works; ipsecmb only where the CPU has AVX-512 IFMA."
            })
    private String engine = "auto";

    @Option(
            names = "--handshake-workers",
            paramLabel = "N",
            defaultValue = "${env:CULVERT_HANDSHAKE_WORKERS:-0}",
            description = "Threads that compute handshakes; 0 lets Culvert choose. Also CULVERT_HANDSHAKE_WORKERS.")
    private int handshakeWorkers;

    @Option(
            names = "--settings",
            paramLabel = "FILE",
            defaultValue = "${env:CULVERT_SETTINGS}",
            description = "Settings of the hub, /etc/culvert/IFNAME.yaml if that is there. Also CULVERT_SETTINGS.")
    private @Nullable Path settings;

    @Option(
            names = "--journal",
            paramLabel = "on|off|FILE",
            defaultValue = "${env:CULVERT_JOURNAL}",
            description = {
                "Remembers endpoints and timestamps of peers across restarts (no keys), in FILE or in"
                        + " /var/lib/culvert/IFNAME.peers.",
                "On under `culvert up`, else off. Also CULVERT_JOURNAL, and `journal` in the settings."
            })
    private @Nullable String journal;

    /// @param remembers whether peers are remembered across restarts where nobody says
    GatewayOptions toOptions(
            String interfaceName, boolean remembers, CommandLine command, Map<String, String> environment)
            throws CliFailure, ConfException, IOException {
        require(lanes >= 0 && lanes <= LANES_MAX, command, "--lanes takes a number from 0 to " + LANES_MAX);
        require(
                handshakeWorkers >= 0 && handshakeWorkers <= WORKERS_MAX,
                command,
                "--handshake-workers takes a number from 0 to " + WORKERS_MAX);
        HubSettings file = HubSettings.read(settings == null ? HubSettings.fileOf(interfaceName) : settings);
        return new GatewayOptions(
                interfaceName,
                lanes,
                engine(command),
                handshakeWorkers,
                file,
                journal(interfaceName, file, remembers, command),
                descriptor("WG_TUN_FD", environment),
                descriptor("WG_UAPI_FD", environment));
    }

    private @Nullable Path journal(String interfaceName, HubSettings file, boolean remembers, CommandLine command) {
        String asked = journal != null && !journal.isEmpty() ? journal : file.journal();
        return switch (asked) {
            case "on" -> PeerJournal.fileOf(interfaceName);
            case "off" -> null;
            case "" -> remembers ? PeerJournal.fileOf(interfaceName) : null;
            default -> {
                // `true` and `yes` are no files.
                require(
                        asked.contains("/"),
                        command,
                        "the journal is on, off or the path of a file, not `" + asked + '`');
                yield Path.of(asked);
            }
        };
    }

    private GatewayOptions.Engine engine(CommandLine command) {
        for (GatewayOptions.Engine known : GatewayOptions.Engine.values()) {
            if (known.name().toLowerCase(Locale.ROOT).equals(engine)) {
                return known;
            }
        }
        throw new CommandLine.ParameterException(
                command, "--engine takes auto, ipsecmb, libcrypto, jdk or bouncycastle");
    }

    private static void require(boolean holds, CommandLine command, String sentence) {
        if (!holds) {
            throw new CommandLine.ParameterException(command, sentence);
        }
    }

    private static @Nullable Integer descriptor(String variable, Map<String, String> environment) throws CliFailure {
        String text = environment.get(variable);
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            int fd = Integer.parseInt(text);
            if (fd >= 0 && fd <= FD_MAX) {
                return fd;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new CliFailure(variable + " is not the number of an open descriptor; unset it, or give one");
    }
}
