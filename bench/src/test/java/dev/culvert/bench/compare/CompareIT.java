package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.lab.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The shipped script, as somebody would call it, with few rows and short ones: that each kind of scene comes
/// about, and that what cannot be measured is told.
final class CompareIT {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private static Path checkout() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("deploy")) ? here : here.resolve("..");
    }

    private static Shell.Result compare(String... arguments) {
        List<String> words =
                new ArrayList<>(List.of(checkout().resolve("bench/compare").toString()));
        words.addAll(List.of(arguments));
        return Shell.run(LIMIT, "", words);
    }

    @Test
    void measuresEveryKindOfSceneAndTellsWhatIsMissing(@TempDir Path results) throws IOException {
        Shell.Result run = compare(
                "--quick",
                "--rows=tcp-up-same,udp-200,ping-idle,spokes,spokes-direct,rx-500,rx-228",
                "--implementations=culvert,wireguard-go,kernel",
                "--results=" + results);

        assertThat(run.output()).contains("rx-500").contains("Also in " + results);
        assertThat(run.exitCode()).as(run.output()).isZero();
        JsonNode json = JsonMapper.shared().readTree(Files.readString(results.resolve("compare.json")));
        for (String row : List.of("tcp-up-same", "udp-200", "ping-idle", "spokes", "rx-500", "rx-228")) {
            for (String implementation : List.of("culvert", "wireguard-go")) {
                assertThat(json.get("medians"))
                        .as("%s of %s", row, implementation)
                        .anySatisfy(median -> {
                            assertThat(median.get("row").asString()).isEqualTo(row);
                            assertThat(median.get("implementation").asString()).isEqualTo(implementation);
                            assertThat(median.get("median").asDouble()).isPositive();
                        });
            }
        }
        assertThat(run.output())
                .satisfiesAnyOf(
                        output -> assertThat(output).contains("not measured: kernel: not available on this kernel"),
                        output -> assertThat(json.get("medians"))
                                .anyMatch(median ->
                                        median.get("implementation").asString().equals("kernel")));
        assertThat(results.resolve("compare.svg")).isNotEmptyFile();
        assertThat(results.resolve("compare.md")).content().contains("| rx-500 |");
    }

    @Test
    void leavesNoNamespaceBehind(@TempDir Path results) {
        List<String> before = ownNamespaces();
        Shell.Result run = compare("--quick", "--rows=ping-idle", "--implementations=culvert", "--results=" + results);
        assertThat(run.exitCode()).as(run.output()).isZero();
        assertThat(ownNamespaces()).isSubsetOf(before);
    }

    private static List<String> ownNamespaces() {
        return Shell.require("ip netns list")
                .lines()
                .filter(line -> line.matches("c[a-z2-9]{5}-(hub|client|gen|a|b).*"))
                .toList();
    }

    @Test
    void refusesNonsenseWithASentence() {
        assertThat(compare("--rows=nothing").output()).contains("there is no row `nothing`");
        assertThat(compare("--implementations=nothing").exitCode()).isEqualTo(2);
        assertThat(compare("--help").exitCode()).isZero();
    }
}
