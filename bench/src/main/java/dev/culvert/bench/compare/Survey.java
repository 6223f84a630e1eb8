package dev.culvert.bench.compare;

import dev.culvert.bench.compare.Implementation.Kind;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.TrialFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
    private final CompareOptions options;

    private Survey(CompareOptions options, Path repository) {
        this.options = options;
        program(CULVERT, repository.resolve("deploy/bin/culvert").toString());
        options.also.forEach(this::program);
        if (options.newer == null || options.newer.isBlank()) {
            missing(NEWER, "not given; name one with --wireguard-go-new COMMAND");
        } else {
            program(NEWER, options.newer);
        }
        program(INSTALLED, "wireguard-go");
        kernel();
        openVpn();
    }

    /// @throws IllegalArgumentException with a sentence, if a name that is asked for is not known
    static Survey of(CompareOptions options, Path repository) {
        Survey survey = new Survey(options, repository);
        for (String name : options.implementations) {
            survey.mustBeKnown(name);
        }
        String baseline = options.baseline;
        if (baseline != null) {
            survey.mustBeKnown(baseline);
        }
        for (Implementation each : survey.here.values()) {
            if (options.implementations.isEmpty() && !survey.isChosen(each)) {
                survey.missing(each.name(), "left out by --quick");
            }
        }
        return survey;
    }

    private void mustBeKnown(String name) {
        boolean known = here.containsKey(name)
                || absences.stream()
                        .anyMatch(absence -> absence.implementation().equals(name));
        if (!known) {
            throw new IllegalArgumentException("there is no implementation `" + name
                    + "`; see --implementations in --help, or give it by --also " + name + "=COMMAND");
        }
    }

    private boolean isChosen(Implementation each) {
        String name = each.name();
        if (!options.implementations.isEmpty()) {
            return options.implementations.contains(name);
        }
        return !options.quick
                || name.equals(CULVERT)
                || name.equals(KERNEL)
                || name.equals(newest())
                || options.also.containsKey(name);
    }

    private void program(String name, String line) {
        List<String> command = List.of(line.strip().split(" +", -1));
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
        return here.values().stream().filter(this::isChosen).toList();
    }

    /// Those that somebody may miss.
    List<Absence> absences() {
        return absences.stream()
                .filter(absence ->
                        options.implementations.isEmpty() || options.implementations.contains(absence.implementation()))
                .toList();
    }

    private String newest() {
        return here.containsKey(NEWER) ? NEWER : INSTALLED;
    }

    /// What ratios are of: the newest wireguard-go, if nothing else is asked for.
    String baseline() {
        return options.baseline == null ? newest() : options.baseline;
    }

    /// The other end where that is not the hub's own: the newest wireguard-go, or whatever is here.
    Implementation client() {
        Implementation newest = here.get(newest());
        return newest != null ? newest : here.values().iterator().next();
    }
}
