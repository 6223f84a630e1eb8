package dev.culvert.conf;

import dev.culvert.device.DeviceOptions;
import dev.culvert.device.Forwarding;
import dev.culvert.device.HandshakeLimits;
import dev.culvert.device.Offloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// What a hub can do beyond WireGuard's own file: the optional `/etc/culvert/IFNAME.yaml`. Every setting has a
/// default, and one that is not known is an error.
///
/// ```yaml
/// lanes: 2                      # event loops; one for each core
/// cpus: 0-1                     # lane by lane, as taskset(1) takes them; wherever the system likes
/// busy-poll-us: 0               # so long a lane that had work looks for more before it sleeps
/// handshake-workers: 1          # threads for handshakes; half as many as cores
/// staged-bytes-max: 67108864    # for all packets that wait for a handshake
/// journal: on                   # on, off or a file: remembers peers across restarts
/// dead-peer-after-s: 135        # so long without a handshake: its Endpoint's name is looked up again; 0: never
/// forwarding: kernel            # from peer to peer; direct: past the host's kernel and its firewall
/// handshakes:                   # against floods
///   queue: 16384                # initiations that wait; more are dropped
///   under-load-at: 512          # so many waiting: a cookie is required
///   under-load-for-ms: 1000     # and for so long afterwards
///   per-source-per-second: 20   # then, for each IPv4 address or IPv6 /64
///   per-source-burst: 5
///   sources-max: 65536
///   cookie-replies-per-second: 4000  # of a lane; beyond it, only whoever comes again is answered
/// offloads:                     # each is used where the kernel has it; "off" is for troubleshooting
///   udp-gro: on                 # joins received datagrams
///   udp-gso: on                 # sends many datagrams by one message
///   tun-tcp: on                 # large TCP packets to and from the host (TSO)
///   tun-udp: on                 # the same of UDP (USO)
/// steering: auto                # of packets from the host to lanes: by destination where eBPF is allowed, else kernel
/// admin:                        # metrics and health by HTTP
///   listen: 127.0.0.1:9586      # or off; under `culvert up` this is the default
///   tls-certificate: FILE       # PEM, with tls-key
///   tls-key: FILE
///   token-file: FILE            # all but /livez and /readyz then takes `Authorization: Bearer`
///   peers: all                  # with series of their own: all, off, or the number of the busiest
///   compat: mindflavor          # the other exporter's names as well
/// events:                       # where they go; `culvert events` has the last ones in any case
///   stdout: off                 # lines of JSON
///   journal: off                # systemd's
///   file: /var/log/culvert/wg0.jsonl
///   webhook: https://host/path  # by POST, tried again until it is taken
///   webhook-token-file: FILE    # for `Authorization: Bearer`
///   kinds: [connected, idle]    # these only
/// ```
///
/// @param lanes 0 if the file does not say
/// @param handshakeWorkers 0 if the file does not say
/// @param stagedBytesMax 0 if the file does not say
/// @param journal `on`, `off` or a file; empty if the file does not say
/// @param deadPeerAfterS seconds without a handshake after which the name of a peer that we send to is looked up
///     again; 0 is never
/// @param cpus that the lanes run on; empty if the file does not say
/// @param busyPollUs how long a lane that had work looks for more before it sleeps; 0: not at all
public record HubSettings(
        int lanes,
        int handshakeWorkers,
        long stagedBytesMax,
        String journal,
        int deadPeerAfterS,
        HandshakeLimits handshakes,
        Offloads offloads,
        Steering steering,
        Forwarding forwarding,
        List<Integer> cpus,
        int busyPollUs,
        AdminSettings admin,
        EventSettings events) {
    /// How packets of the host find the lane whose queue they come out at.
    public enum Steering {
        /// As EBPF where the kernel takes a program, else as KERNEL.
        AUTO,
        /// By the peer that has the destination; the log warns where the kernel takes no program.
        EBPF,
        /// The kernel remembers flows.
        KERNEL
    }

    /// As long as a session can live unseen, and what wireguard-tools' reresolve-dns waits.
    private static final int DEAD_PEER_AFTER_S = 135;

    public static final HubSettings DEFAULTS = new HubSettings(
            0,
            0,
            0,
            "",
            DEAD_PEER_AFTER_S,
            HandshakeLimits.DEFAULTS,
            Offloads.ALL,
            Steering.AUTO,
            Forwarding.KERNEL,
            List.of(),
            0,
            AdminSettings.DEFAULTS,
            EventSettings.DEFAULTS);

    private static final int DEAD_PEER_AFTER_MAX_S = 86_400;
    private static final int BUSY_POLL_MAX_US = 10_000_000;
    private static final long STAGED_BYTES_MIN = 1 << 20;
    private static final long STAGED_BYTES_MAX = 1L << 40;

    /// As it stands in the file.
    private record Document(
            @Nullable Integer lanes,
            @Nullable Integer handshakeWorkers,
            @Nullable Long stagedBytesMax,
            @Nullable String journal,
            @Nullable Integer deadPeerAfterS,
            @Nullable Handshakes handshakes,
            @Nullable Switches offloads,
            @Nullable String steering,
            @Nullable String forwarding,
            @Nullable String cpus,
            @Nullable Integer busyPollUs,
            AdminSettings.@Nullable Document admin,
            EventSettings.@Nullable Document events) {}

    private record Switches(
            @Nullable String udpGro,
            @Nullable String udpGso,
            @Nullable String tunTcp,
            @Nullable String tunUdp) {}

    private record Handshakes(
            @Nullable Integer queue,
            @Nullable Integer underLoadAt,
            @Nullable Integer underLoadForMs,
            @Nullable Integer perSourcePerSecond,
            @Nullable Integer perSourceBurst,
            @Nullable Integer sourcesMax,
            @Nullable Integer cookieRepliesPerSecond) {}

    /// Where the settings of an interface are looked for.
    public static Path fileOf(String interfaceName) {
        return Path.of("/etc/culvert", interfaceName + ".yaml");
    }

    /// Reads the file; one that is not there gives the defaults.
    ///
    /// @throws ConfException names the line and what would be right
    public static HubSettings read(Path file) throws IOException, ConfException {
        return Files.exists(file) ? parse(file.toString(), Files.readString(file)) : DEFAULTS;
    }

    static HubSettings parse(String file, String text) throws ConfException {
        try {
            if (text.lines().allMatch(line -> line.isBlank() || line.strip().startsWith("#"))) {
                return DEFAULTS;
            }
            YAMLMapper mapper = YAMLMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();
            Document document = mapper.readValue(text, Document.class);
            return document == null ? DEFAULTS : of(document);
        } catch (UnrecognizedPropertyException e) {
            String name = e.getPropertyName();
            throw new ConfException(List.of(
                    new ConfProblem(file, lineOf(name, text), "there is no setting '" + name + "'" + nearest(e))));
        } catch (DatabindException e) {
            throw problem(file, e, setting(e) + "takes a whole number");
        } catch (JacksonException e) {
            throw problem(file, e, "this is not YAML: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            throw new ConfException(List.of(new ConfProblem(file, 0, String.valueOf(e.getMessage()))));
        }
    }

    private static HubSettings of(Document document) {
        HubSettings settings = new HubSettings(
                Objects.requireNonNullElse(document.lanes(), 0),
                Objects.requireNonNullElse(document.handshakeWorkers(), 0),
                Objects.requireNonNullElse(document.stagedBytesMax(), 0L),
                Objects.requireNonNullElse(document.journal(), ""),
                Objects.requireNonNullElse(document.deadPeerAfterS(), DEAD_PEER_AFTER_S),
                limits(document.handshakes()),
                offloads(document.offloads()),
                steering(document.steering()),
                forwarding(document.forwarding()),
                document.cpus() == null ? List.of() : CpuList.parse(document.cpus()),
                Objects.requireNonNullElse(document.busyPollUs(), 0),
                AdminSettings.of(document.admin()),
                EventSettings.of(document.events()));
        require("lanes", settings.lanes, 0, DeviceOptions.LANES_MAX);
        require("handshake-workers", settings.handshakeWorkers, 0, DeviceOptions.HANDSHAKE_WORKERS_MAX);
        require("dead-peer-after-s", settings.deadPeerAfterS, 0, DEAD_PEER_AFTER_MAX_S);
        require("busy-poll-us", settings.busyPollUs, 0, BUSY_POLL_MAX_US);
        if (settings.stagedBytesMax != 0) {
            require("staged-bytes-max", settings.stagedBytesMax, STAGED_BYTES_MIN, STAGED_BYTES_MAX);
        }
        return settings;
    }

    private static Forwarding forwarding(@Nullable String given) {
        return switch (given) {
            case null -> Forwarding.KERNEL;
            case "kernel" -> Forwarding.KERNEL;
            case "direct" -> Forwarding.DIRECT;
            default -> throw new IllegalArgumentException("forwarding must be kernel or direct, not " + given);
        };
    }

    private static Offloads offloads(@Nullable Switches given) {
        return given == null
                ? Offloads.ALL
                : new Offloads(
                        isOn("udp-gro", given.udpGro()),
                        isOn("udp-gso", given.udpGso()),
                        isOn("tun-tcp", given.tunTcp()),
                        isOn("tun-udp", given.tunUdp()));
    }

    static boolean isOn(String name, @Nullable String given) {
        if (given == null || given.equals("on") || given.equals("true")) {
            return true;
        }
        if (given.equals("off") || given.equals("false")) {
            return false;
        }
        throw new IllegalArgumentException(name + " must be on or off, not " + given);
    }

    private static Steering steering(@Nullable String given) {
        return switch (Objects.requireNonNullElse(given, "auto")) {
            case "auto" -> Steering.AUTO;
            case "ebpf" -> Steering.EBPF;
            case "kernel" -> Steering.KERNEL;
            default -> throw new IllegalArgumentException("steering must be auto, ebpf or kernel, not " + given);
        };
    }

    private static HandshakeLimits limits(@Nullable Handshakes given) {
        HandshakeLimits defaults = HandshakeLimits.DEFAULTS;
        if (given == null) {
            return defaults;
        }
        int queue = Objects.requireNonNullElse(given.queue(), defaults.queue());
        Integer forMs = given.underLoadForMs();
        return new HandshakeLimits(
                queue,
                Objects.requireNonNullElse(given.underLoadAt(), Math.clamp(queue / 8, 1, defaults.underLoadAt())),
                forMs == null ? defaults.underLoadForNs() : forMs * 1_000_000L,
                Objects.requireNonNullElse(given.perSourcePerSecond(), defaults.perSourcePerSecond()),
                Objects.requireNonNullElse(given.perSourceBurst(), defaults.perSourceBurst()),
                Objects.requireNonNullElse(given.sourcesMax(), defaults.sourcesMax()),
                Objects.requireNonNullElse(given.cookieRepliesPerSecond(), defaults.cookieRepliesPerSecond()));
    }

    private static void require(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be from " + min + " to " + max + ", not " + value);
        }
    }

    private static String nearest(UnrecognizedPropertyException e) {
        Collection<Object> known = e.getKnownPropertyIds();
        if (known == null) {
            return "";
        }
        return known.stream()
                .map(Object::toString)
                .min(Comparator.comparingInt(name -> NearMiss.distance(name, e.getPropertyName())))
                .map(name -> "; did you mean '" + name + "'?")
                .orElse("");
    }

    /// Jackson has forgotten where an unknown setting stood.
    private static int lineOf(String name, String text) {
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).strip().startsWith(name + ":")) {
                return i + 1;
            }
        }
        return 0;
    }

    private static String setting(DatabindException e) {
        return e.getPath().isEmpty() ? "" : "'" + e.getPath().getLast().getPropertyName() + "' ";
    }

    private static ConfException problem(String file, JacksonException e, String text) {
        TokenStreamLocation at = e.getLocation();
        return new ConfException(List.of(new ConfProblem(file, at == null ? 0 : at.getLineNr(), text)));
    }
}
