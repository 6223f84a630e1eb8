package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Belongings;
import dev.culvert.bench.lab.Owner;
import java.nio.file.Path;

/// The run of one row: its options, its report, and everything that it started.
final class Trial implements Owner, AutoCloseable {
    private final Belongings belongings;
    final Options options;
    final Report report;
    final Results results;
    final String row;

    Trial(FaultRow row, Options options, Results results) {
        this.row = row.id();
        this.options = options;
        this.results = results;
        report = new Report(row.id(), options.quick());
        belongings = new Belongings(results.logs(), row.id());
    }

    @Override
    public <T extends AutoCloseable> T add(T opened) {
        return belongings.add(opened);
    }

    @Override
    public Path log(String name) {
        return belongings.log(name);
    }

    @Override
    public void close() {
        belongings.close();
    }
}
