package dev.culvert.cli;

import dev.culvert.device.Diagnosis;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
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
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// `culvert why`: what keeps a peer from connecting, as the hub has seen it.
@Command(
        name = "why",
        description = "Says why a peer or a sender does not connect, and what to do.",
        footer = {
            "",
            "A hub remembers the last 8 kinds of failures of 4096 peers and the last 4 of 1024 addresses that are no",
            "peers; a flood of senders displaces senders and no peers. Ends with 1 if nothing fits the question."
        })
final class WhyCommand implements Callable<Integer> {
    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "PEER|ADDRESS",
            description = {
                "A public key, the beginning of one or of a peer's name, an inner address,",
                "or the outer address that packets come from."
            })
    private String query = "";

    @Parameters(
            index = "1",
            paramLabel = "IFNAME",
            arity = "0..1",
            defaultValue = "all",
            description = "An interface, or `all` (the default).")
    private String target = "all";

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    WhyCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, IOException, InterruptedException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        if (query.isBlank() || query.length() > UapiClient.QUERY_CHARS_MAX || query.indexOf('\n') >= 0) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "why is asked for a public key, a name or an address");
        }
        Map<String, List<Diagnosis>> answers = answers(new UapiClient(host.sockets()));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.print(json(answers));
        } else {
            WhyText text = new WhyText(ShowCommand.colours(host), host.clock().instant());
            answers.forEach((name, diagnoses) -> out.print(text.of(name, diagnoses)));
        }
        out.flush();
        if (answers.values().stream().allMatch(List::isEmpty)) {
            throw new CliFailure("no peer of " + (target.equals("all") ? "any interface" : target)
                    + " has this key, name or address, or one that begins so; `culvert show` names the peers");
        }
        return Cli.DONE;
    }

    private Map<String, List<Diagnosis>> answers(UapiClient client)
            throws CliFailure, IOException, InterruptedException {
        Map<String, List<Diagnosis>> answers = new LinkedHashMap<>();
        if (!target.equals("all")) {
            answers.put(target, client.why(InterfaceName.checked(target), query));
            return answers;
        }
        CliFailure failure = new CliFailure("no device is served here; `culvert up IFNAME` starts one");
        for (String name : client.interfaces()) {
            try {
                answers.put(name, client.why(name, query));
            } catch (CliFailure e) {
                failure = e; // another program's: the others' answers count
            }
        }
        if (answers.isEmpty()) {
            throw failure;
        }
        return answers;
    }

    private static String json(Map<String, List<Diagnosis>> answers) {
        Map<String, Object> document = new LinkedHashMap<>();
        answers.forEach((name, diagnoses) ->
                document.put(name, diagnoses.stream().map(Diagnosis::toMap).toList()));
        return JsonMapper.builder()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .build()
                        .writeValueAsString(document)
                + '\n';
    }
}
