package dev.culvert.cli;

import dev.culvert.device.PeerStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// `culvert top`: the busiest peers of an interface, live.
@Command(
        name = "top",
        description = "Shows the busiest peers of an interface, live; q ends it.",
        footer = {"", "Without a terminal it prints one picture and ends, as with --once."})
final class TopCommand implements Callable<Integer> {
    private static final int INTERVAL_S_MAX = 3600;
    private static final int KEY_POLL_MS = 100;
    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[J";
    private static final String OTHER_SCREEN = "\u001b[?1049h\u001b[?25l";
    private static final String FIRST_SCREEN = "\u001b[?1049l\u001b[?25h";
    /// For a picture that nobody measures.
    private static final Terminal.Size BOUNDLESS = new Terminal.Size(1 << 20, 1 << 10);

    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            paramLabel = "IFNAME",
            arity = "0..1",
            description = "An interface; may be left out where there is only one.")
    private @Nullable String target;

    @Option(names = "--interval", paramLabel = "SECONDS", description = "Between two looks, from 1; 2 by default.")
    private int intervalS = 2;

    @Option(names = "--once", description = "Print one picture, after one interval, and end.")
    private boolean once;

    @Option(names = "--json", description = "Print a line of JSON an interval.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    TopCommand(Host host) {
        this.host = host;
    }

    /// What is seen of an interface, one look after the other.
    private static final class Looks {
        private final UapiClient client;
        private final String name;
        private PeerRate.Look last;
        private long lastNs;

        Looks(UapiClient client, String name) throws CliFailure, IOException, InterruptedException {
            this.client = client;
            this.name = name;
            last = look();
            lastNs = System.nanoTime();
        }

        private PeerRate.Look look() throws CliFailure, IOException, InterruptedException {
            return new PeerRate.Look(client.get(name), client.remarks(name));
        }

        String nameOf(PeerStatus peer) {
            return last.remarks().name(peer.publicKey());
        }

        List<PeerRate> next() throws CliFailure, IOException, InterruptedException {
            PeerRate.Look now = look();
            long nowNs = System.nanoTime();
            List<PeerRate> rates = PeerRate.between(last, now, Math.max(1, nowNs - lastNs));
            last = now;
            lastNs = nowNs;
            return rates;
        }
    }

    @Override
    public Integer call() throws CliFailure, IOException, InterruptedException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        if (intervalS < 1 || intervalS > INTERVAL_S_MAX) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--interval takes 1 to " + INTERVAL_S_MAX + " seconds");
        }
        PrintWriter out = spec.commandLine().getOut();
        UapiClient client = new UapiClient(host.sockets());
        Looks looks = new Looks(client, target == null ? onlyOne(client) : InterfaceName.checked(target));
        if (json) {
            printLines(out, looks);
        } else if (once || !host.hasTerminal()) {
            Thread.sleep(intervalS * 1000L);
            print(out, looks, BOUNDLESS);
        } else {
            live(out, looks);
        }
        return Cli.DONE;
    }

    private static String onlyOne(UapiClient client) throws CliFailure, IOException {
        List<String> names = client.interfaces();
        if (names.size() != 1) {
            throw new CliFailure(
                    names.isEmpty()
                            ? "no device is served here; `culvert up IFNAME` starts one"
                            : "there are " + String.join(", ", names) + "; name one of them");
        }
        return names.getFirst();
    }

    private void print(PrintWriter out, Looks looks, Terminal.Size size)
            throws CliFailure, IOException, InterruptedException {
        TopText.of(looks.name, looks.next(), looks::nameOf, host.clock().instant(), size)
                .forEach(line -> out.print(line + '\n'));
        out.flush();
    }

    private void live(PrintWriter out, Looks looks) throws CliFailure, IOException, InterruptedException {
        Thread back = new Thread(() -> {
            out.print(FIRST_SCREEN);
            out.flush();
        });
        try (Terminal terminal = new Terminal()) {
            Runtime.getRuntime().addShutdownHook(back);
            out.print(OTHER_SCREEN);
            try {
                // A rate needs two looks.
                out.print(HOME_AND_CLEAR + "Measuring for " + intervalS + " s ...");
                out.flush();
                while (!endsWithin(terminal)) {
                    out.print(HOME_AND_CLEAR);
                    print(out, looks, terminal.size());
                }
            } finally {
                Runtime.getRuntime().removeShutdownHook(back);
                out.print(FIRST_SCREEN);
                out.flush();
            }
        }
    }

    private boolean endsWithin(Terminal terminal) throws IOException, InterruptedException {
        for (int waitedMs = 0; waitedMs < intervalS * 1000; waitedMs += KEY_POLL_MS) {
            if (terminal.isAskedToEnd()) {
                return true;
            }
            Thread.sleep(KEY_POLL_MS);
        }
        return terminal.isAskedToEnd();
    }

    /// Until the reader has gone, or once.
    private void printLines(PrintWriter out, Looks looks) throws CliFailure, IOException, InterruptedException {
        JsonMapper mapper = new JsonMapper();
        do {
            Thread.sleep(intervalS * 1000L);
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("time", host.clock().instant().toString());
            line.put("interface", looks.name);
            line.put(
                    "peers",
                    looks.next().stream()
                            .map(rate -> fields(rate, looks::nameOf))
                            .toList());
            out.print(mapper.writeValueAsString(line) + '\n');
            out.flush();
        } while (!once && !out.checkError());
    }

    private static Map<String, Object> fields(PeerRate rate, Function<PeerStatus, String> names) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("public_key", rate.peer().publicKey().toBase64());
        fields.put("name", names.apply(rate.peer()));
        fields.put("received_bytes_per_second", Math.round(rate.rxPerSecond()));
        fields.put("sent_bytes_per_second", Math.round(rate.txPerSecond()));
        fields.put("received_bytes", rate.peer().rxBytes());
        fields.put("sent_bytes", rate.peer().txBytes());
        fields.put("drops_per_second", Math.round(rate.dropsPerSecond()));
        fields.put("drops", rate.drops());
        return fields;
    }
}
