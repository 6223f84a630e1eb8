package dev.culvert.cli;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Event;
import dev.culvert.device.EventKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// `culvert events`: what happened to peers and to the device.
@Command(
        name = "events",
        description = "Prints what happened: who connected, roamed, went idle, was refused; changes of peers; load.",
        footer = {
            "",
            "A hub keeps its last 4096 events; `events` in its settings has them written down or sent on. What they",
            "are and what they carry stands in deploy/EVENTS.md."
        })
final class EventsCommand implements Callable<Integer> {
    private static final int POLL_MS = 250;
    /// No event has a greater number: what is asked after it is only whether somebody answers.
    private static final long LATEST = 999_999_999_999_999_999L;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "PEER",
            arity = "0..1",
            description = "Of this peer only: a public key, or the beginning of one or of a name.")
    private String query = "";

    @Option(
            names = {"-i", "--interface"},
            paramLabel = "IFNAME",
            description = "An interface, or `all` (the default).")
    private String target = "all";

    @Option(
            names = {"-f", "--follow"},
            description = "Go on as they happen, until it is interrupted.")
    private boolean follow;

    @Option(names = "--json", description = "Print a line of JSON for each.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    EventsCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, IOException, InterruptedException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        if (query.length() > UapiClient.QUERY_CHARS_MAX) {
            throw new CommandLine.ParameterException(spec.commandLine(), "no key and no name is so long");
        }
        PrintWriter out = spec.commandLine().getOut();
        UapiClient client = new UapiClient(host.sockets());
        Map<String, Long> last = new LinkedHashMap<>();
        for (String name : names(client)) {
            last.put(name, 0L);
        }
        while (true) {
            for (Map.Entry<String, Long> of : last.entrySet()) {
                of.setValue(print(client, of.getKey(), of.getValue(), out));
            }
            out.flush();
            if (!follow || out.checkError()) {
                return Cli.DONE;
            }
            Thread.sleep(POLL_MS);
        }
    }

    private List<String> names(UapiClient client) throws CliFailure, IOException, InterruptedException {
        if (!target.equals("all")) {
            return List.of(InterfaceName.checked(target));
        }
        List<String> names = new ArrayList<>();
        for (String name : client.interfaces()) {
            if (tellsEvents(client, name)) {
                names.add(name);
            }
        }
        if (names.isEmpty()) {
            throw new CliFailure("no Culvert serves an interface here; `culvert up IFNAME` starts one");
        }
        return names;
    }

    /// False where another program serves it, whose peers have other tools.
    private static boolean tellsEvents(UapiClient client, String name) throws IOException, InterruptedException {
        try {
            return client.events(name, LATEST).newest() >= 0;
        } catch (CliFailure e) {
            return false;
        }
    }

    /// @return the number of the last one that was printed
    private long print(UapiClient client, String name, long after, PrintWriter out)
            throws CliFailure, IOException, InterruptedException {
        long last = after;
        while (true) {
            UapiAnswer.Events answer = client.events(name, last);
            if (answer.newest() < last) {
                last = 0; // another process serves it now
                continue;
            }
            for (Event event : answer.events()) {
                if (last != 0 && event.number() != last + 1) {
                    out.println(missed(name, event.number() - last - 1));
                }
                last = event.number();
                if (event.isOf(query)) {
                    out.println(json ? JsonMapper.shared().writeValueAsString(event.toMap(name)) : text(name, event));
                }
            }
            if (answer.events().isEmpty() || last >= answer.newest()) {
                return last;
            }
        }
    }

    private String missed(String name, long count) {
        return json
                ? JsonMapper.shared()
                        .writeValueAsString(Map.of(
                                "interface", name, "event", EventKind.LOST.label(), "count", Long.toString(count)))
                : name + ": " + count + " events came faster than they were read";
    }

    private String text(String name, Event event) {
        StringBuilder text = new StringBuilder();
        text.append(TIME.format(Instant.EPOCH.plusNanos(event.wallNs())))
                .append(' ')
                .append(name)
                .append(' ')
                .append(event.kind().label());
        PublicKey key = event.key();
        if (key != null) {
            text.append(' ').append(event.name().isEmpty() ? key.toBase64() : event.name());
        }
        event.details()
                .forEach((field, value) ->
                        text.append(' ').append(field).append('=').append(value));
        return text.toString();
    }
}
