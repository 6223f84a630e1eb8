package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import dev.culvert.conf.CpuList;
import dev.culvert.conf.HubSettings;
import dev.culvert.conf.ListenAddress;
import dev.culvert.conf.PeerJournal;
import dev.culvert.device.DeviceOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of all commands that start a gateway. Each has an environment variable too, because wg-quick(8)
/// passes nothing but the interface's name.
final class GatewayArguments {
    private static final int LANES_MAX = DeviceOptions.LANES_MAX;
    private static final int WORKERS_MAX = DeviceOptions.HANDSHAKE_WORKERS_MAX;
    private static final int STANDARD_ERROR = 2;
    private static final int FD_MAX = 1 << 20;

    @Option(
            names = "--lanes",
            paramLabel = "N",
            description = "Event loops that share the packets; 0 is one for each core. Also CULVERT_LANES.")
    private @Nullable Integer lanes;

    @Option(
            names = "--cpus",
            paramLabel = "LIST",
            description = {
                "Binds each lane to one of these CPUs, in this order, as in 0-3,8 (see taskset(1)).",
                "As many lanes as CPUs, unless --lanes says less. Also CULVERT_CPUS, and `cpus` in the settings."
            })
    private @Nullable String cpus;

    @Option(
            names = "--engine",
            paramLabel = "ENGINE",
            description = {
                "ChaCha20-Poly1305 of: auto, ipsecmb, boringssl, libcrypto, jdk, bouncycastle. Also CULVERT_ENGINE.",
                "auto is the first that works; ipsecmb only where the CPU has AVX-512 IFMA, boringssl never."
            })
    private @Nullable String engine;

    @Option(
            names = "--handshake-workers",
            paramLabel = "N",
            description = "Threads that compute handshakes; 0 lets Culvert choose. Also CULVERT_HANDSHAKE_WORKERS.")
    private @Nullable Integer handshakeWorkers;

    @Option(
            names = "--settings",
            paramLabel = "FILE",
            description = "Settings of the hub, /etc/culvert/IFNAME.yaml if that is there. Also CULVERT_SETTINGS.")
    private @Nullable Path settings;

    @Option(
            names = "--journal",
            paramLabel = "on|off|FILE",
            description = {
                "Remembers endpoints and timestamps of peers across restarts (no keys), in FILE or in"
                        + " /var/lib/culvert/IFNAME.peers.",
                "On under `culvert up`, else off. Also CULVERT_JOURNAL, and `journal` in the settings."
            })
    private @Nullable String journal;

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT|off",
            description = {
                "Metrics for Prometheus and health, by HTTP.",
                "127.0.0.1:9586 under `culvert up`, else off. Also CULVERT_ADMIN_LISTEN, and `admin` in the settings."
            })
    private @Nullable String admin;

    /// @param remembers whether, where nobody says, peers are remembered across restarts and metrics are served
    GatewayOptions toOptions(String interfaceName, boolean remembers, Host host)
            throws Misuse, CliFailure, ConfException, IOException {
        int laneCount = number(lanes, "--lanes", "CULVERT_LANES", LANES_MAX, host);
        int workers = number(handshakeWorkers, "--handshake-workers", "CULVERT_HANDSHAKE_WORKERS", WORKERS_MAX, host);
        GatewayOptions.Engine cipher = engine(engine == null ? host.variable("CULVERT_ENGINE", "auto") : engine);
        Path settingsFile = settings == null ? HubSettings.fileOf(interfaceName) : settings;
        if (settings == null && !host.variable("CULVERT_SETTINGS", "").isEmpty()) {
            settingsFile = Path.of(host.variable("CULVERT_SETTINGS", ""));
        }
        HubSettings file = HubSettings.read(settingsFile);
        Integer tunFd = descriptor("WG_TUN_FD", host);
        Integer uapiFd = descriptor("WG_UAPI_FD", host);
        if (tunFd != null && tunFd.equals(uapiFd)) {
            throw new CliFailure("WG_TUN_FD and WG_UAPI_FD are the same descriptor; give each its own");
        }
        return new GatewayOptions(
                interfaceName,
                laneCount,
                cpus(host),
                cipher,
                workers,
                file,
                journal(interfaceName, file, remembers, host),
                admin(file, remembers, host),
                null,
                tunFd,
                uapiFd);
    }

    private List<Integer> cpus(Host host) throws Misuse {
        String asked = cpus == null ? host.variable("CULVERT_CPUS", "") : cpus;
        try {
            return asked.isEmpty() ? List.of() : CpuList.parse(asked);
        } catch (IllegalArgumentException e) {
            throw new Misuse(String.valueOf(e.getMessage()));
        }
    }

    private @Nullable ListenAddress admin(HubSettings file, boolean serves, Host host) throws Misuse {
        String given = admin == null ? host.variable("CULVERT_ADMIN_LISTEN", "") : admin;
        String asked = given.isEmpty() ? file.admin().listen() : given;
        if (asked.isEmpty()) {
            return serves ? ListenAddress.DEFAULT : null;
        }
        try {
            return ListenAddress.parse(asked, false);
        } catch (IllegalArgumentException e) {
            throw new Misuse(String.valueOf(e.getMessage()));
        }
    }

    private @Nullable Path journal(String interfaceName, HubSettings file, boolean remembers, Host host) throws Misuse {
        String given = journal == null ? host.variable("CULVERT_JOURNAL", "") : journal;
        String asked = given.isEmpty() ? file.journal() : given;
        return switch (asked) {
            case "on" -> PeerJournal.fileOf(interfaceName);
            case "off" -> null;
            case "" -> remembers ? PeerJournal.fileOf(interfaceName) : null;
            default -> {
                // `true` and `yes` are no files.
                if (!asked.contains("/")) {
                    throw new Misuse("the journal is on, off or the path of a file, not `" + asked + '`');
                }
                yield Path.of(asked);
            }
        };
    }

    /// The option, or the variable if it was not given; 0 if neither was.
    private static int number(@Nullable Integer option, String name, String variable, int max, Host host)
            throws Misuse {
        String text = option == null ? host.variable(variable, "0") : option.toString();
        if (!text.matches("[0-9]{1,3}") || Integer.parseInt(text) > max) {
            throw new Misuse((option == null ? variable : name) + " takes a number from 0 to " + max);
        }
        return Integer.parseInt(text);
    }

    private static GatewayOptions.Engine engine(String name) throws Misuse {
        for (GatewayOptions.Engine known : GatewayOptions.Engine.values()) {
            if (known.name().toLowerCase(Locale.ROOT).equals(name)) {
                return known;
            }
        }
        throw new Misuse("--engine takes auto, ipsecmb, boringssl, libcrypto, jdk or bouncycastle");
    }

    private static @Nullable Integer descriptor(String variable, Host host) throws CliFailure {
        String text = host.variable(variable, "");
        if (text.isEmpty()) {
            return null;
        }
        try {
            int fd = Integer.parseInt(text);
            if (fd > STANDARD_ERROR && fd <= FD_MAX) {
                return fd;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new CliFailure(variable + " is not the number of an open descriptor from 3 on; unset it, or give one");
    }
}
