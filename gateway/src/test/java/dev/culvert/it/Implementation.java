package dev.culvert.it;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A program that creates a tunnel interface and serves its UAPI socket.
enum Implementation {
    CULVERT("culvert") {
        @Override
        List<String> foreground(String interfaceName) {
            return List.of(launcher(), "-f", interfaceName);
        }
    },
    WIREGUARD_GO("wireguard-go") {
        @Override
        List<String> foreground(String interfaceName) {
            return List.of("wireguard-go", "-f", interfaceName);
        }
    };

    private static final String PROPERTY = "culvert.it.implementation";

    private final String label;

    Implementation(String label) {
        this.label = label;
    }

    /// The command that stays in front and serves `interfaceName`.
    abstract List<String> foreground(String interfaceName);

    Map<String, String> environment(int lanes) {
        return Map.of("CULVERT_LANES", Integer.toString(lanes), "LOG_LEVEL", this == CULVERT ? "trace" : "verbose");
    }

    /// What stands in Culvert's place in this run.
    static Implementation underTest() {
        String wanted = System.getProperty(PROPERTY, CULVERT.label);
        return Stream.of(values())
                .filter(implementation -> implementation.label.equals(wanted))
                .findFirst()
                .orElseThrow(() -> new AssertionError(
                        "-D" + PROPERTY + "=" + wanted + " is unknown: use culvert or wireguard-go."));
    }

    /// The lane counts to test with. The reference has no lanes and is run once.
    static IntStream lanes() {
        return underTest() == CULVERT ? IntStream.of(1, 2, 3) : IntStream.of(1);
    }

    static String launcher() {
        if (!Files.isExecutable(Repository.launcher())) {
            throw new AssertionError(
                    Repository.launcher() + " is missing or not executable: run the integration tests by"
                            + " `mvn verify` in a whole checkout.");
        }
        return Repository.launcher().toString();
    }

    @Override
    public String toString() {
        return label;
    }
}
