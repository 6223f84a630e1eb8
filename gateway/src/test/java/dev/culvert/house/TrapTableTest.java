package dev.culvert.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The table of known bugs (README.md of the tests) names tests that exist.
final class TrapTableTest {
    private static final Pattern NAME = Pattern.compile("`([A-Z]\\w*(?:Test|IT|Stress|Row))(?:\\.(\\w+))?`");
    private static final int NAMES_LEAST = 80;
    private static final int TRAPS = 29;

    @Test
    void namesOnlyTestsThatExist() throws IOException {
        Path root = root();
        String table = Files.readString(root.resolve("gateway/src/test/java/dev/culvert/README.md"));
        Map<String, String> sources = new LinkedHashMap<>();
        for (String tree : new String[] {"crypto/src/test", "gateway/src/test", "bench/src/main"}) {
            try (Stream<Path> files = Files.walk(root.resolve(tree))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    String name = file.getFileName().toString();
                    sources.put(name.substring(0, name.length() - ".java".length()), Files.readString(file));
                }
            }
        }
        int names = 0;
        Matcher matcher = NAME.matcher(table);
        while (matcher.find()) {
            names++;
            String source = sources.get(matcher.group(1));
            assertThat(source).as("class of %s", matcher.group()).isNotNull();
            if (matcher.group(2) != null) {
                assertThat(source).as(matcher.group()).contains(" " + matcher.group(2) + "(");
            }
        }
        assertThat(names).isGreaterThan(NAMES_LEAST);
        for (int trap = 1; trap <= TRAPS; trap++) {
            assertThat(table).contains("\n| " + trap + " | ");
        }
    }

    private static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(directory.resolve("gateway/src/test"))) {
            Path parent = directory.getParent();
            assertThat(parent).as("run inside a checkout").isNotNull();
            assert parent != null;
            directory = parent;
        }
        return directory;
    }
}
