package dev.culvert.house;

import com.tngtech.archunit.lang.ArchRule;
import java.util.List;

/// A rule that is read from class files, with the faults that it must find.
///
/// @param name a sentence; the test's name
record ClassRule(String name, ArchRule rule, List<Fault> faults) {
    ClassRule {
        faults = List.copyOf(faults);
    }

    @Override
    public String toString() {
        return name;
    }
}
