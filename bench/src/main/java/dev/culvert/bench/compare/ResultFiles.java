package dev.culvert.bench.compare;

import java.awt.AWTError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import javax.imageio.ImageIO;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `compare.json`, `.md`, `.svg` and `.png` in one directory. Each is written beside and renamed: a reader
/// never sees half of one.
record ResultFiles(Path directory) {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /// The measurements of an earlier run; nothing if there was none.
    ///
    /// @throws IllegalArgumentException with a sentence, if the file is cut off or another one
    void readInto(Measurements measurements) throws IOException {
        Path file = directory.resolve("compare.json");
        if (Files.exists(file)) {
            try {
                parse(Files.readString(file), measurements);
            } catch (JacksonException | IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        file + " is cut off or no result of bench/compare (" + firstLine(String.valueOf(e.getMessage()))
                                + "): move it away, or leave out --add",
                        e);
            }
        }
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }

    static void parse(String text, Measurements measurements) {
        JsonNode measured = JSON.readTree(text).get("measurements");
        if (measured == null || !measured.isArray()) {
            throw new IllegalArgumentException("it has no measurements");
        }
        for (JsonNode each : measured) {
            measurements.add(new Measurement(
                    Row.named(each.path("row").asString()),
                    each.path("implementation").asString(),
                    each.path("repetition").asInt(),
                    Metric.valueOf(each.path("metric").asString()),
                    each.path("value").asDouble()));
        }
    }

    static String json(
            Measurements measurements, String baseline, Machine machine, List<Implementation> implementations) {
        ObjectNode all = JSON.createObjectNode();
        all.putPOJO("machine", machine);
        all.put("baseline", baseline);
        ArrayNode compared = all.putArray("implementations");
        implementations.forEach(compared::addPOJO);
        ArrayNode medians = all.putArray("medians");
        for (Row row : Row.values()) {
            for (Metric metric : row.metrics) {
                for (String name : measurements.implementations()) {
                    double median = measurements.median(row, metric, name);
                    if (Double.isFinite(median)) {
                        ObjectNode line = medians.addObject()
                                .put("row", row.id)
                                .put("metric", metric.name())
                                .put("unit", metric.unit)
                                .put("implementation", name)
                                .put("median", median)
                                .put("repetitions", measurements.values(row, metric, name).length);
                        double ratio = measurements.ratio(row, metric, name, baseline);
                        if (Double.isFinite(ratio)) {
                            line.put("timesAsGoodAsBaseline", ratio);
                        }
                    }
                }
            }
        }
        ArrayNode absences = all.putArray("notMeasured");
        measurements.absences().forEach(absences::addPOJO);
        ArrayNode measured = all.putArray("measurements");
        for (Measurement each : measurements.all()) {
            measured.addObject()
                    .put("row", each.row().id)
                    .put("implementation", each.implementation())
                    .put("repetition", each.repetition())
                    .put("metric", each.metric().name())
                    .put("value", each.value());
        }
        return JSON.writeValueAsString(all) + "\n";
    }

    void write(Measurements measurements, String baseline, Machine machine, List<Implementation> implementations)
            throws IOException {
        Files.createDirectories(directory);
        replace("compare.json", json(measurements, baseline, machine, implementations));
        replace("compare.md", new Table(measurements, baseline).markdown(machine, implementations));
        replace("compare.svg", Chart.of(measurements, baseline).svg());
    }

    private void replace(String name, String text) throws IOException {
        Path next = directory.resolve(name + ".tmp");
        Files.writeString(next, text);
        Files.move(next, directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }

    /// @return why there is no picture; empty if there is one
    String writePicture(Drawing drawing) throws IOException {
        Path next = directory.resolve("compare.png.tmp");
        try {
            if (!ImageIO.write(drawing.image(), "png", next.toFile())) {
                return "this Java writes no PNG";
            }
        } catch (AWTError | LinkageError | RuntimeException e) { // a JDK without its desktop libraries, or no font
            return "compare.png was not drawn, Java has no fonts here (Debian: fontconfig, fonts-dejavu-core): " + e;
        }
        Files.move(next, directory.resolve("compare.png"), StandardCopyOption.REPLACE_EXISTING);
        return "";
    }
}
