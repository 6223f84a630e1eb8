package dev.culvert.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Many TCP connections from one namespace to others, and what the kernels' counters say of the order in which their
/// segments came.
///
/// @param sent bytes
/// @param received bytes
/// @param outOfOrder segments (joined ones count once) that a receiver had to keep because one before was not there:
///     overtaken, or lost (`TCPOFOQueue`)
/// @param retransmitted segments
/// @param reorderings that a sender noticed: acknowledgements that only overtaking explains, not loss
record TcpOrder(long sent, long received, long outOfOrder, long retransmitted, long reorderings) {
    private static final int PORT = 7001;
    private static final Duration LIMIT = Duration.ofSeconds(100);

    /// @param targets addresses of the receivers, which take turns
    /// @param pauseMs before each round
    static TcpOrder measure(
            Namespace from, List<Namespace> receivers, List<String> targets, int flows, int rounds, int pauseMs) {
        List<Process> programs = new ArrayList<>();
        try {
            List<CompletableFuture<long[]>> counts = new ArrayList<>();
            for (Namespace receiver : receivers) {
                List<String> words = Transfer.program(TcpFlowEnd.class, "receive", Integer.toString(PORT));
                programs.add(Command.start(Map.of(), receiver.inside(words)));
                counts.add(FlowOrder.follow(programs.getLast()));
            }
            List<String> words = new ArrayList<>(List.of(
                    "send",
                    Integer.toString(PORT),
                    Integer.toString(flows),
                    Integer.toString(rounds),
                    Integer.toString(pauseMs)));
            words.addAll(targets);
            List<String> command = from.inside(Transfer.program(TcpFlowEnd.class, words.toArray(String[]::new)));
            long outOfOrder = sum(receivers, "TcpExt", "TCPOFOQueue");
            long retransmitted = counter(from, "Tcp", "RetransSegs");
            long reorderings = reorderings(from);
            long sent =
                    Long.parseLong(Command.run(LIMIT, "", command).required().strip());
            long received = 0;
            for (CompletableFuture<long[]> count : counts) {
                received += count.orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join()[0];
            }
            return new TcpOrder(
                    sent,
                    received,
                    sum(receivers, "TcpExt", "TCPOFOQueue") - outOfOrder,
                    counter(from, "Tcp", "RetransSegs") - retransmitted,
                    reorderings(from) - reorderings);
        } finally {
            programs.forEach(Process::destroyForcibly);
        }
    }

    private static long reorderings(Namespace namespace) {
        return counter(namespace, "TcpExt", "TCPSACKReorder")
                + counter(namespace, "TcpExt", "TCPTSReorder")
                + counter(namespace, "TcpExt", "TCPRenoReorder");
    }

    private static long sum(List<Namespace> namespaces, String group, String name) {
        return namespaces.stream().mapToLong(each -> counter(each, group, name)).sum();
    }

    /// Of /proc/net/snmp or netstat: a line of names and one of values for each group.
    private static long counter(Namespace namespace, String group, String name) {
        List<String> lines = namespace
                .run("cat", "/proc/net/snmp", "/proc/net/netstat")
                .required()
                .lines()
                .filter(line -> line.startsWith(group + ": "))
                .toList();
        int column = Arrays.asList(lines.getFirst().split(" ", -1)).indexOf(name);
        if (column < 0) {
            throw new AssertionError("this kernel does not count " + name);
        }
        return Long.parseLong(lines.getLast().split(" ", -1)[column]);
    }
}
