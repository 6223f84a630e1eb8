package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import dev.culvert.conf.ConfPlan;
import dev.culvert.conf.WgQuickParser;
import dev.culvert.device.DeviceStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// `culvert plan`: what a file would change of the running device; changes nothing.
@Command(
        name = "plan",
        description = {
            "Shows what applying a file to the running interface would change, and changes nothing: peers added,",
            "removed and changed, prefixes that would move from one peer to another, prefixes inside those of others.",
            "",
            "It compares what `wg` shows. Address, MTU, DNS, Table and hooks are applied by `up` alone."
        },
        footer = {"", "Keys are never printed, but public ones."})
final class PlanCommand implements Callable<Integer> {
    /// With `--exit-code`: the file would change something.
    static final int CHANGES = 3;

    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "FILE|NAME", description = "A file NAME.conf, or NAME for /etc/wireguard/NAME.conf.")
    private String nameOrFile = "";

    @Option(names = "--interface", paramLabel = "IFNAME", description = "Compare with this one, not with NAME.")
    private @Nullable String other;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--exit-code", description = "End with 3 if anything would change, 0 if not.")
    private boolean exitCode;

    @Mixin
    private HelpOption help = new HelpOption();

    PlanCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, ConfException, IOException, InterruptedException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        InterfaceName file = InterfaceName.of(nameOrFile, host);
        String name = other == null ? file.name() : InterfaceName.checked(other);
        UapiClient client = new UapiClient(host.sockets());
        DeviceStatus status = client.isServed(name) ? client.get(name) : null;
        ConfPlan plan = ConfPlan.of(WgQuickParser.read(file.existingFile()), status);
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? json(plan, name, status != null) : text(plan, name, status != null));
        out.flush();
        return exitCode && !plan.isEmpty() ? CHANGES : Cli.DONE;
    }

    private record Document(String interfaceName, boolean running, ConfPlan plan) {}

    private static String json(ConfPlan plan, String name, boolean runs) {
        return JsonMapper.builder()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .build()
                        .writeValueAsString(new Document(name, runs, plan))
                + '\n';
    }

    private static String text(ConfPlan plan, String name, boolean runs) {
        StringBuilder text = new StringBuilder();
        if (!runs) {
            text.append(name).append(" does not run here: everything would be new\n");
        }
        plan.settings().forEach(change -> change(text, "", change));
        for (ConfPlan.PeerPlan peer : plan.peers()) {
            text.append(
                            switch (peer.kind()) {
                                case ADDED -> "+ peer ";
                                case REMOVED -> "- peer ";
                                case CHANGED -> "~ peer ";
                            })
                    .append(peer.publicKey());
            text.append(peer.line() == 0 ? "\n" : " (line " + peer.line() + ")\n");
            peer.changes().forEach(change -> change(text, "    ", change));
        }
        plan.moves()
                .forEach(move -> text.append("! ")
                        .append(move.prefix())
                        .append(" moves from peer ")
                        .append(move.from())
                        .append(" to peer ")
                        .append(move.to())
                        .append('\n'));
        plan.overlaps()
                .forEach(overlap -> text.append("i ")
                        .append(overlap.prefix())
                        .append(" of peer ")
                        .append(overlap.peer())
                        .append(" lies inside ")
                        .append(overlap.inside())
                        .append(" of peer ")
                        .append(overlap.otherPeer())
                        .append(", whose packets from there are refused\n"));
        plan.notes().forEach(note -> text.append("i ").append(note).append('\n'));
        if (plan.isEmpty()) {
            return text.append("nothing would change\n").toString();
        }
        return text.append(plan.count(ConfPlan.Kind.ADDED))
                .append(" peers added, ")
                .append(plan.count(ConfPlan.Kind.REMOVED))
                .append(" removed, ")
                .append(plan.count(ConfPlan.Kind.CHANGED))
                .append(" changed; ")
                .append(plan.moves().size())
                .append(" prefixes move\n")
                .toString();
    }

    private static void change(StringBuilder text, String indent, ConfPlan.Change change) {
        text.append(indent).append(change.what()).append(": ");
        if (change.what().equals("allowed ips")) {
            text.append(change.then().isEmpty() ? "" : "+ " + change.then());
            text.append(change.then().isEmpty() || change.now().isEmpty() ? "" : "; ");
            text.append(change.now().isEmpty() ? "" : "- " + change.now());
        } else {
            text.append(change.now().isEmpty() ? "none" : change.now())
                    .append(" -> ")
                    .append(change.then().isEmpty() ? "none" : change.then());
        }
        text.append('\n');
    }
}
