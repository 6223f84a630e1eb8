package dev.culvert.house;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A rule that is read from source files, with the faults that it must find.
///
/// @param name a sentence; the test's name
record SourceRule(String name, Check check, List<Fault> faults) {
    SourceRule {
        faults = List.copyOf(faults);
    }

    /// Returns one sentence for each violation.
    @FunctionalInterface
    interface Check {
        List<String> violations(Path project, List<Path> files, List<SourceTree.JavaFile> java) throws IOException;
    }

    @Override
    public String toString() {
        return name;
    }
}
