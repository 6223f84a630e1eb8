package dev.culvert.bench.compare;

import dev.culvert.bench.compare.Implementation.Kind;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.TrialFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Which implementations are here; for every other one there is a reason.
final class Survey {
    static final String CULVERT = "culvert";
    static final String INSTALLED = "wireguard-go";
    static final String NEWER = "wireguard-go-new";
    static final String KERNEL = "kernel";
    static final String OPENVPN = "openvpn";

    private static final Duration VERSION_LIMIT = Duration.ofSeconds(20);
    private static final int VERSION_MAX = 80;

    private final Map<String, Implementation> here = new LinkedHashMap<>();
    private final List<Absence> absences = new ArrayList<>();
    private final Set<String> wanted;
    private final Set<String> left = new HashSet<>();

    private Survey(Set<String> wanted) {
        this.wanted = wanted;
    }

    /// @throws IllegalArgumentException with a sentence, if a name that is asked for is not known
    static Survey of(CompareOptions options, Path repository) {
        Survey survey = new Survey(Set.copyOf(options.implementations));
        survey.program(CULVERT, List.of(repository.resolve("deploy/bin/culvert").toString()));
        options.also.forEach(
                (name, command) -> survey.program(name, List.of(command.strip().split(" +", -1))));
        String newer = options.newer;
        if (newer == null || newer.isBlank()) {
            survey.missing(NEWER, "not given; name one with --wireguard-go-new COMMAND");
        } else {
            survey.program(NEWER, List.of(newer.strip().split(" +", -1)));
        }
        survey.program(INSTALLED, List.of("wireguard-go"));
        survey.kernel();
        survey.openVpn();
        for (String name : options.implementations) {
            if (!survey.here.containsKey(name)
                    && survey.absences.stream()
                            .noneMatch(absence -> absence.implementation().equals(name))) {
                throw new IllegalArgumentException("there is no implementation `" + name
                        + "`; see --implementations in --help, or give it by --also " + name + "=COMMAND");
            }
        }
        if (options.quick && options.implementations.isEmpty()) {
            survey.leaveOutWhatTakesTime(options);
        }
        return survey;
    }

    private void leaveOutWhatTakesTime(CompareOptions options) {
        for (String name : List.copyOf(here.keySet())) {
            boolean kept = name.equals(CULVERT)
                    || name.equals(KERNEL)
                    || name.equals(baseline())
                    || options.also.containsKey(name);
            if (!kept) {
                left.add(name);
                missing(name, "left out by --quick");
            }
        }
    }

    private void program(String name, List<String> command) {
        if (!isExecutable(command.getFirst())) {
            missing(name, "not installed (there is no `" + command.getFirst() + "`)");
            return;
        }
        here.put(name, new Implementation(name, Kind.USERSPACE, command, version(command)));
    }

    private void missing(String name, String reason) {
        absences.add(new Absence(name, Absence.ALL_ROWS, reason, false));
    }

    private void kernel() {
        String device = Namespace.freshRun('k');
        Shell.Result made = Shell.run("ip link add " + device + " type wireguard");
        if (made.exitCode() != 0) {
            missing(
                    KERNEL,
                    "not available on this kernel (`ip link add type wireguard`: "
                            + made.output().strip() + ")");
            return;
        }
        Shell.require("ip link del " + device);
        here.put(
                KERNEL,
                new Implementation(KERNEL, Kind.KERNEL, List.of(), "Linux " + System.getProperty("os.version")));
    }

    private void openVpn() {
        if (isExecutable("openvpn") && isExecutable("openssl")) {
            List<String> command = List.of("openvpn");
            here.put(OPENVPN, new Implementation(OPENVPN, Kind.OPENVPN, command, version(command)));
        } else {
            missing(OPENVPN, "not installed (`openvpn` and `openssl` are needed)");
        }
    }

    static boolean isExecutable(String program) {
        if (program.contains("/")) {
            return Files.isExecutable(Path.of(program));
        }
        for (String directory :
                Optional.ofNullable(System.getenv("PATH")).orElse("").split(":", -1)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    private static String version(List<String> command) {
        List<String> words = new ArrayList<>(command);
        words.add("--version");
        try {
            String line = Shell.run(VERSION_LIMIT, "", words)
                    .output()
                    .lines()
                    .findFirst()
                    .orElse("")
                    .strip();
            return line.substring(0, Math.min(VERSION_MAX, line.length()));
        } catch (TrialFailure unknown) {
            return "";
        }
    }

    /// Those that are measured, in order.
    List<Implementation> chosen() {
        return here.values().stream()
                .filter(each -> (wanted.isEmpty() || wanted.contains(each.name())) && !left.contains(each.name()))
                .toList();
    }

    /// Those that somebody may miss.
    List<Absence> absences() {
        return absences.stream()
                .filter(absence -> wanted.isEmpty() || wanted.contains(absence.implementation()))
                .toList();
    }

    /// The newest wireguard-go: what ratios are of.
    String baseline() {
        return here.containsKey(NEWER) ? NEWER : INSTALLED;
    }

    /// The other end where that is not the hub's own: the newest wireguard-go, or whatever is here.
    Implementation client() {
        Implementation newest = here.get(baseline());
        return newest != null ? newest : here.values().iterator().next();
    }
}
