package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ResultFilesTest {
    private static final Machine MACHINE =
            new Machine("a \"processor\"", 2, "6.18", "25", "2026-11-23T00:00:00Z", "bench/compare --quick");
    private static final List<Implementation> COMPARED =
            List.of(new Implementation("go", Implementation.Kind.USERSPACE, List.of("go"), "1"));

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private static Measurements measured() {
        Measurements measurements = new Measurements();
        measurements.add(new Measurement(Row.TCP_UP, "ours", 1, Metric.GBIT, 6.25));
        measurements.add(new Measurement(Row.TCP_UP, "ours", 2, Metric.GBIT, 8.75));
        measurements.add(new Measurement(Row.TCP_UP, "go", 1, Metric.GBIT, 2.5));
        measurements.absent(new Absence("kernel", Absence.ALL_ROWS, "not available", false));
        return measurements;
    }

    @Test
    void whatIsReadBackIsWhatWasMeasured() throws IOException {
        ResultFiles files = new ResultFiles(directory);
        files.write(measured(), "go", MACHINE, COMPARED);

        Measurements again = new Measurements();
        files.readInto(again);

        assertThat(again.all()).isEqualTo(measured().all());
        assertThat(again.repetitions()).isEqualTo(2);
    }

    @Test
    void jsonHasMediansRatiosAndWhatIsMissing() {
        JsonNode json = JsonMapper.shared().readTree(ResultFiles.json(measured(), "go", MACHINE, COMPARED));

        JsonNode ours = json.get("medians").get(0);
        assertThat(ours.get("row").asString()).isEqualTo("tcp-up");
        assertThat(ours.get("median").asDouble()).isEqualTo(7.5);
        assertThat(ours.get("timesAsGoodAsBaseline").asDouble()).isEqualTo(3);
        assertThat(ours.get("repetitions").asInt()).isEqualTo(2);
        assertThat(json.get("machine").get("processor").asString()).isEqualTo("a \"processor\"");
        assertThat(json.get("notMeasured").get(0).get("reason").asString()).isEqualTo("not available");
    }

    @Test
    void everyCutOffFileIsRefusedWithASentence() throws IOException {
        String whole = ResultFiles.json(measured(), "go", MACHINE, COMPARED).strip();
        ResultFiles files = new ResultFiles(directory);
        for (int length = 0; length < whole.length(); length += 7) {
            Files.writeString(directory.resolve("compare.json"), whole.substring(0, length));
            assertThatThrownBy(() -> files.readInto(new Measurements()))
                    .as("the first %d characters", length)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cut off or no result of bench/compare")
                    .hasMessageContaining("--add");
        }
    }

    @Test
    void anEarlierRunIsNotNeeded() throws IOException {
        Measurements none = new Measurements();
        new ResultFiles(directory).readInto(none);
        assertThat(none.all()).isEmpty();
    }

    @Test
    void writesItsFilesAndLeavesNothingBesides() throws IOException {
        ResultFiles files = new ResultFiles(directory.resolve("results"));
        files.write(measured(), "go", MACHINE, COMPARED);
        files.write(measured(), "go", MACHINE, COMPARED);

        try (Stream<Path> all = Files.list(files.directory())) {
            assertThat(all.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("compare.json", "compare.md", "compare.svg");
        }
    }

    @Test
    void thereIsAPictureOrAReason() throws IOException {
        ResultFiles files = new ResultFiles(directory);

        String reason = files.writePicture(Chart.of(measured(), "go"));

        Path picture = directory.resolve("compare.png");
        if (reason.isEmpty()) {
            assertThat(Files.readAllBytes(picture)).startsWith(0x89, 'P', 'N', 'G');
        } else {
            assertThat(picture).doesNotExist();
            assertThat(reason).contains("no fonts here");
        }
    }
}
