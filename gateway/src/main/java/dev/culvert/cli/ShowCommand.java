package dev.culvert.cli;

import dev.culvert.device.DeviceStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `culvert show`: wg(8)'s command of that name, for every device that has a UAPI socket.
@Command(
        name = "show",
        description = "Shows the state of devices, in the words of `wg show`.",
        footer = {
            "",
            "FIELD is one of public-key, private-key, listen-port, fwmark, peers, preshared-keys, endpoints,",
            "allowed-ips, latest-handshakes, transfer, persistent-keepalive, dump; and engine, the cipher's",
            "implementation, of a Culvert.",
            "Environment: WG_COLOR_MODE (always, never, auto), WG_HIDE_KEYS (always, never)."
        })
final class ShowCommand implements Callable<Integer> {
    /// Ours, not wg(8)'s: asked for by another request, which only a Culvert answers.
    private static final String ENGINE = "engine";

    private static final Set<String> FIELDS = Set.of(
            "public-key",
            "private-key",
            "listen-port",
            "fwmark",
            "peers",
            "preshared-keys",
            "endpoints",
            "allowed-ips",
            "latest-handshakes",
            "transfer",
            "persistent-keepalive",
            "dump",
            ENGINE);

    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "IFNAME",
            arity = "0..1",
            defaultValue = "all",
            description = "An interface, `all` (the default), or `interfaces` for their names.")
    private String target = "all";

    @Parameters(index = "1", paramLabel = "FIELD", arity = "0..1", description = "This field only, for scripts.")
    private @Nullable String field;

    @Option(
            names = {"-l", "--long"},
            description = "Also what `wg show` does not have: names of peers, packets dropped by reason.")
    private boolean isLong;

    @Option(names = "--json", description = "Print JSON, of all that is no secret.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    ShowCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, IOException, InterruptedException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        CommandLine command = spec.commandLine();
        PrintWriter out = command.getOut();
        if (field != null && (!FIELDS.contains(field) || target.equals("interfaces"))) {
            throw new CommandLine.ParameterException(command, "show knows the fields that `culvert show --help` names");
        }
        if (json && (field != null || target.equals("interfaces"))) {
            throw new CommandLine.ParameterException(command, "show --json has all fields: leave the field out");
        }
        UapiClient client = new UapiClient(host.sockets());
        if (json) {
            List<String> names = target.equals("all") ? client.interfaces() : List.of(InterfaceName.checked(target));
            out.print(ShowJson.of(names, client));
            out.flush();
            return Cli.DONE;
        }
        if (target.equals("interfaces")) {
            List<String> names = client.interfaces();
            if (!names.isEmpty()) {
                out.print(String.join(" ", names) + '\n');
            }
            out.flush();
            return Cli.DONE;
        }
        if (!target.equals("all")) {
            show(out, InterfaceName.checked(target), "", client);
        } else {
            boolean first = true;
            for (String name : client.interfaces()) {
                if (!first && field == null) {
                    out.print('\n');
                }
                first = false;
                show(out, name, name + '\t', client);
            }
        }
        out.flush();
        return Cli.DONE;
    }

    private void show(PrintWriter out, String name, String prefix, UapiClient client)
            throws CliFailure, IOException, InterruptedException {
        if (ENGINE.equals(field)) {
            out.print(prefix + client.engine(name) + '\n');
            return;
        }
        DeviceStatus device = client.get(name);
        ShowText text = text(host);
        if (field != null) {
            String shown = text.field(field, prefix, device);
            out.print(shown == null ? "" : shown);
            return;
        }
        UapiAnswer.Remarks remarks = client.remarks(name);
        out.print(text.pretty(name, device, isLong ? remarks : remarks.brief()));
        if (isLong) {
            out.print(text.drops(client.drops(name)));
        }
    }

    static boolean colours(Host host) {
        return switch (host.variable("WG_COLOR_MODE", "auto")) {
            case "always" -> true;
            case "never" -> false;
            default -> host.hasTerminal();
        };
    }

    static ShowText text(Host host) {
        boolean hidesKeys = !host.variable("WG_HIDE_KEYS", "always").equals("never");
        return new ShowText(colours(host), hidesKeys, host.clock().instant().getEpochSecond());
    }
}
