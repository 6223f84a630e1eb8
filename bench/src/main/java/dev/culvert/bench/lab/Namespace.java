package dev.culvert.bench.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// A network namespace.
public record Namespace(String name) implements AutoCloseable {
    private static final String LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";

    /// A name for the namespaces and interfaces of one run: management sockets share one directory.
    public static String freshRun(char first) {
        SplittableRandom random = new SplittableRandom();
        StringBuilder name = new StringBuilder().append(first);
        for (int i = 0; i < 5; i++) {
            name.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return name.toString();
    }

    /// A wire between this namespace and another: a pair of interfaces of that name, up, with addresses of a
    /// /24.
    public void link(String device, String address, Namespace other, String otherAddress) {
        Shell.require("ip link add " + device + " netns " + name + " type veth peer name " + device + " netns "
                + other.name());
        ip("addr add " + address + "/24 dev " + device);
        ip("link set " + device + " up");
        other.ip("addr add " + otherAddress + "/24 dev " + device);
        other.ip("link set " + device + " up");
    }

    public static Namespace create(String name) {
        Shell.require("ip netns add " + name);
        Namespace made = new Namespace(name);
        made.ip("link set lo up");
        return made;
    }

    /// `ip` in this namespace; must succeed.
    public String ip(String arguments) {
        return Shell.require("ip -n " + name + " " + arguments);
    }

    public Shell.Result tryIp(String arguments) {
        return Shell.run("ip -n " + name + " " + arguments);
    }

    public List<String> inside(List<String> words) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(words);
        return all;
    }

    public List<String> inside(String line) {
        return inside(List.of(line.split(" ", -1)));
    }

    /// A command in this namespace; must succeed.
    public String require(String line) {
        return run(line).required();
    }

    public Shell.Result run(String line) {
        return Shell.run(Shell.LIMIT, "", inside(line));
    }

    public Shell.Result run(Duration limit, String line) {
        return Shell.run(limit, "", inside(line));
    }

    public Background start(String what, Path log, String line) {
        return Background.start(what, log, inside(line));
    }

    public boolean hasLink(String link) {
        return tryIp("link show " + link).exitCode() == 0;
    }

    @Override
    public void close() {
        Shell.run("ip netns del " + name);
    }
}
