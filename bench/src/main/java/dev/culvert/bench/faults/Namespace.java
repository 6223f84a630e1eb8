package dev.culvert.bench.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A network namespace.
record Namespace(String name) implements AutoCloseable {
    static Namespace create(String name) {
        Shell.require("ip netns add " + name);
        Namespace made = new Namespace(name);
        made.ip("link set lo up");
        return made;
    }

    /// `ip` in this namespace; must succeed.
    String ip(String arguments) {
        return Shell.require("ip -n " + name + " " + arguments);
    }

    Shell.Result tryIp(String arguments) {
        return Shell.run("ip -n " + name + " " + arguments);
    }

    List<String> inside(List<String> words) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(words);
        return all;
    }

    List<String> inside(String line) {
        return inside(List.of(line.split(" ", -1)));
    }

    /// A command in this namespace; must succeed.
    String require(String line) {
        return run(line).required();
    }

    Shell.Result run(String line) {
        return Shell.run(Shell.LIMIT, "", inside(line));
    }

    Shell.Result run(Duration limit, String line) {
        return Shell.run(limit, "", inside(line));
    }

    Background start(String what, Path log, String line) {
        return Background.start(what, log, inside(line));
    }

    boolean hasLink(String link) {
        return tryIp("link show " + link).exitCode() == 0;
    }

    @Override
    public void close() {
        Shell.run("ip netns del " + name);
    }
}
