package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import dev.culvert.conf.HubSettings;
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
            description = "ChaCha20-Poly1305 of: auto, libcrypto, jdk, bouncycastle. Also CULVERT_ENGINE.")
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

    GatewayOptions toOptions(String interfaceName, CommandLine command, Map<String, String> environment)
            throws CliFailure, ConfException, IOException {
        require(lanes >= 0 && lanes <= LANES_MAX, command, "--lanes takes a number from 0 to " + LANES_MAX);
        require(
                handshakeWorkers >= 0 && handshakeWorkers <= WORKERS_MAX,
                command,
                "--handshake-workers takes a number from 0 to " + WORKERS_MAX);
        return new GatewayOptions(
                interfaceName,
                lanes,
                engine(command),
                handshakeWorkers,
                HubSettings.read(settings == null ? HubSettings.fileOf(interfaceName) : settings),
                descriptor("WG_TUN_FD", environment),
                descriptor("WG_UAPI_FD", environment));
    }

    private GatewayOptions.Engine engine(CommandLine command) {
        for (GatewayOptions.Engine known : GatewayOptions.Engine.values()) {
            if (known.name().toLowerCase(Locale.ROOT).equals(engine)) {
                return known;
            }
        }
        throw new CommandLine.ParameterException(command, "--engine takes auto, libcrypto, jdk or bouncycastle");
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
