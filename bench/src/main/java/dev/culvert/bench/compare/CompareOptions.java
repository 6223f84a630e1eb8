package dev.culvert.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The command line of `bench/compare`.
@Command(
        name = "bench/compare",
        usageHelpWidth = 110,
        sortOptions = false,
        header = "Compares Culvert with other tunnels end to end, in network namespaces of this machine.",
        description = {
            "",
            "Runs all rows for all implementations in turns, takes medians, prints a table and writes JSON, Markdown"
                    + " and a chart (SVG and PNG). Needs root. About a quarter of an hour for each implementation.",
            ""
        },
        footer = {"", "Exit code 1 if a row that should work did not; the table names it."})
final class CompareOptions {
    private static final int WARM_SECONDS = 6;
    private static final int SECONDS = 4;
    private static final int REPETITIONS = 5;
    private static final int MOST = 1000;

    @Option(
            names = "--quick",
            description = "one short repetition of Culvert, the newest wireguard-go and the kernel,"
                    + " without 50,000 peers; under three minutes")
    boolean quick;

    @Option(names = "--rows", split = ",", paramLabel = "ROW", description = "these rows only, see --list")
    List<String> rowNames = new ArrayList<>();

    @Option(
            names = "--implementations",
            split = ",",
            paramLabel = "NAME",
            description = "these only: culvert, wireguard-go, wireguard-go-new, kernel, openvpn, or names of --also")
    List<String> implementations = new ArrayList<>();

    @Option(names = "--repetitions", paramLabel = "N", description = "how often each is measured (default: 5)")
    int repetitionsGiven;

    @Option(names = "--seconds", paramLabel = "N", description = "of each measurement (default: 4)")
    int secondsGiven;

    @Option(
            names = "--wireguard-go-new",
            paramLabel = "COMMAND",
            defaultValue = "${env:WIREGUARD_GO_NEW}",
            description = "a newer wireguard-go than the installed one (default: $WIREGUARD_GO_NEW)")
    @Nullable
    String newer;

    @Option(
            names = "--also",
            paramLabel = "NAME=COMMAND",
            description = "another userspace WireGuard, called as COMMAND -f IFNAME: an earlier checkout's"
                    + " deploy/bin/culvert, for instance; may repeat")
    Map<String, String> also = new LinkedHashMap<>();

    @Option(
            names = "--baseline",
            paramLabel = "NAME",
            description = "what ratios and chart are of (default: the newest wireguard-go)")
    @Nullable
    String baseline;

    @Option(
            names = "--results",
            paramLabel = "DIR",
            description = "where the files go, from the checkout's root (default: bench/results)")
    @Nullable
    Path results;

    @Option(
            names = "--add",
            description = "adds to the repetitions that are there already, so that a long run can be made in parts")
    boolean add;

    @Option(names = "--list", description = "prints the rows")
    boolean list;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "prints this")
    boolean help;

    /// @throws IllegalArgumentException with a sentence
    void check() {
        if (repetitionsGiven < 0 || repetitionsGiven > MOST || secondsGiven < 0 || secondsGiven > MOST) {
            throw new IllegalArgumentException("--repetitions and --seconds take a number from 1 to " + MOST);
        }
        rowNames.forEach(Row::named);
    }

    int repetitions() {
        return repetitionsGiven != 0 ? repetitionsGiven : quick ? 1 : REPETITIONS;
    }

    int seconds() {
        return secondsGiven != 0 ? secondsGiven : quick ? 1 : SECONDS;
    }

    /// Of the same traffic before each measurement, for every implementation: a Java program is compiled while it
    /// runs, which takes it the first ten seconds.
    int warmSeconds() {
        return quick ? 1 : WARM_SECONDS;
    }

    boolean wants(Row row) {
        return rowNames.isEmpty() ? !(quick && row == Row.PEERS_50000) : rowNames.contains(row.id);
    }

    Path resultsIn(Path repository) {
        return results == null ? repository.resolve("bench/results") : results;
    }
}
