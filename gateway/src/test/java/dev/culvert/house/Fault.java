package dev.culvert.house;

import java.util.Map;

/// A fault planted to prove a rule.
///
/// @param sources file text by path below a source root, or by path below the project for rules about any file
/// @param expected what the rule must say about it
record Fault(Map<String, String> sources, String expected) {
    Fault {
        sources = Map.copyOf(sources);
    }

    static Fault in(String path, String source, String expected) {
        return new Fault(Map.of(path, source), expected);
    }
}
