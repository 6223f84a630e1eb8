package dev.culvert.it;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where the checkout is, whether Maven or a development environment runs the tests.
final class Repository {
    private Repository() {}

    static Path root() {
        Path start = Path.of(System.getProperty("user.dir", ".")).toAbsolutePath();
        for (Path directory = start; directory != null; directory = directory.getParent()) {
            if (Files.isRegularFile(directory.resolve("gateway/pom.xml"))) {
                return directory;
            }
        }
        throw new AssertionError(start + " is not inside a checkout of Culvert: run the tests by `mvn verify` there.");
    }

    static Path launcher() {
        return root().resolve("deploy/bin/culvert");
    }

    static Path logDirectory() {
        return root().resolve("gateway/target/it-logs");
    }
}
