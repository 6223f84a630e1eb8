package dev.culvert.bench.lab;

import java.nio.file.Path;

/// Ends what was started for it, and says where its output goes.
public interface Owner {
    /// Has it closed with the owner.
    <T extends AutoCloseable> T add(T opened);

    /// The file for the output of a program.
    Path log(String name);
}
