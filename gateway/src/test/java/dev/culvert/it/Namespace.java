package dev.culvert.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// One network namespace, named for `ip netns`. Made and deleted by [Network].
record Namespace(String name) {
    /// Runs `ip` with the words given inside the namespace.
    String ip(String words) {
        List<String> command = new ArrayList<>(List.of("ip", "-n", name));
        command.addAll(List.of(words.split(" ")));
        return Command.run(Command.LIMIT, "", command).required();
    }

    /// The command line that runs `words` inside the namespace; `ip` replaces itself, so the process is the
    /// program's.
    List<String> inside(List<String> words) {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", name));
        command.addAll(words);
        return command;
    }

    Command run(String... words) {
        return Command.run(Command.LIMIT, "", inside(List.of(words)));
    }

    Command run(Map<String, String> environment, String... words) {
        return Command.run(Command.LIMIT, "", environment, inside(List.of(words)));
    }

    void nft(String rules) {
        Command.run(Command.LIMIT, rules, inside(List.of("nft", "-f", "-"))).required();
    }

    /// Writes a setting under /proc/sys/net, which each namespace has for itself.
    void sysctl(String path, String value) {
        run("sh", "-c", "echo " + value + " > /proc/sys/net/" + path).required();
    }

    /// Datagrams that found the buffer of their socket full since the namespace was made.
    int udpOverflows() {
        String counts = run("sh", "-c", "grep -h ^Udp: /proc/net/snmp; grep -h Udp6RcvbufErrors /proc/net/snmp6")
                .required();
        List<String> lines = counts.lines().toList();
        int column = List.of(lines.get(0).split(" ", -1)).indexOf("RcvbufErrors");
        String ipv4 = lines.get(1).split(" ", -1)[column];
        String ipv6 = lines.get(2).split("\\s+", -1)[1];
        return Integer.parseInt(ipv4) + Integer.parseInt(ipv6);
    }

    boolean hasLink(String interfaceName) {
        return Command.run("ip", "-n", name, "link", "show", "dev", interfaceName)
                        .exitCode()
                == 0;
    }
}
