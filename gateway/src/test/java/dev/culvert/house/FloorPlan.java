package dev.culvert.house;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which floor may use which: the drawing in `dev.culvert`'s package-info as a table. Read by [ClassRules],
/// which sees what was compiled, and by [SourceRules], which also sees constants that the compiler copied.
final class FloorPlan {
    static final String HOUSE = "dev.culvert";
    static final String ROOT = "root";
    static final String BENCH = "bench";

    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("crypto", Set.of()),
            Map.entry("wire", Set.of("crypto")),
            Map.entry("noise", Set.of("wire", "crypto")),
            Map.entry("tun", Set.of("crypto")),
            Map.entry("device", Set.of("noise", "wire", "tun", "crypto")),
            Map.entry("conf", Set.of("device", "crypto")),
            Map.entry("uapi", Set.of("device", "crypto")),
            Map.entry("metrics", Set.of("device", "crypto")),
            Map.entry("events", Set.of("device", "crypto")),
            Map.entry("admin", Set.of("metrics", "device", "crypto")),
            Map.entry("cli", Set.of("conf", "uapi", "device", "crypto")),
            Map.entry(
                    ROOT,
                    Set.of(
                            "cli", "admin", "metrics", "events", "conf", "uapi", "device", "noise", "tun", "wire",
                            "crypto")),
            Map.entry(BENCH, Set.of("device", "noise", "tun", "wire", "crypto")));

    private FloorPlan() {}

    /// The floor of a package or of a class: the segment after `dev.culvert`, or `root`. Null for names outside
    /// the house.
    static @Nullable String floorOf(String name) {
        if (name.equals(HOUSE)) {
            return ROOT;
        }
        if (!name.startsWith(HOUSE + ".")) {
            return null;
        }
        String rest = name.substring(HOUSE.length() + 1);
        if (Character.isUpperCase(rest.charAt(0))) {
            return ROOT;
        }
        int dot = rest.indexOf('.');
        return dot < 0 ? rest : rest.substring(0, dot);
    }

    /// What is wrong with `from` using `to`, or null if nothing is.
    static @Nullable String complaint(String from, String to) {
        Set<String> allowed = MAY_USE.get(from);
        if (allowed == null) {
            return "the floor '" + from + "' is not on the floor plan";
        }
        if (from.equals(to) || allowed.contains(to)) {
            return null;
        }
        return "imports go down only: '" + from + "' must not use '" + to + "'";
    }

    static Set<String> floors() {
        return MAY_USE.keySet();
    }

    /// Everything below a floor, itself included only if the plan has a cycle.
    static Set<String> below(String floor) {
        Set<String> seen = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(MAY_USE.getOrDefault(floor, Set.of()));
        while (!open.isEmpty()) {
            String next = open.pop();
            if (seen.add(next)) {
                open.addAll(MAY_USE.getOrDefault(next, Set.of()));
            }
        }
        return seen;
    }
}
