package dev.culvert.cli;

import dev.culvert.conf.ConfException;
import dev.culvert.conf.HubFile;
import dev.culvert.conf.ProcessCommandRunner;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `culvert add-peer`: new peers in a hub's file, and the files that they need.
@Command(
        name = "add-peer",
        description = {
            "Adds peers to a hub's file, with new keys and the next free addresses, and writes NAME.conf and the QR code"
                    + " NAME.png for each, mode 0600.",
            "A hub that `culvert up` runs takes them over at once; sessions go on."
        })
final class AddPeerCommand implements Callable<Integer> {
    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "FILE|NAME",
            description = "The hub's file NAME.conf, or NAME for" + " /etc/wireguard/NAME.conf.")
    private String nameOrFile = "";

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "PEER",
            description = "Their names, which are interfaces'" + " names on their side: 1 to 15 characters.")
    private List<String> peers = List.of();

    @Option(
            names = "--endpoint",
            required = true,
            paramLabel = "HOST[:PORT]",
            description = "Where the hub is reached; the port is the hub's ListenPort if left out.")
    private String endpoint = "";

    @Option(
            names = "--allowed-ips",
            paramLabel = "LIST",
            defaultValue = "0.0.0.0/0, ::/0",
            description = "What peers send through the tunnel (default: ${DEFAULT-VALUE}).")
    private String allowedIps = "";

    @Option(names = "--dns", paramLabel = "LIST", defaultValue = "", description = "Name servers of the peers.")
    private String dns = "";

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "Where their files go (default: the current directory).")
    private Path directory = Path.of(".");

    @Option(names = "--keep-existing", description = "Passes over names that the hub's file has already.")
    private boolean keepsExisting;

    @Mixin
    private HelpOption help = new HelpOption();

    AddPeerCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, ConfException, IOException, InterruptedException {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        InterfaceName hub = InterfaceName.of(nameOrFile, host);
        List<String> wanted = wanted(HubFile.names(hub.existingFile()));
        if (wanted.isEmpty()) {
            return Cli.DONE;
        }
        if (!Files.isDirectory(directory)) {
            throw new CliFailure("there is no directory " + directory + "; make it, or name another");
        }
        PrintWriter out = spec.commandLine().getOut();
        List<HubFile.Client> clients = HubFile.add(
                hub.file(), wanted, directory, new HubFile.ClientSettings(endpoint, allowedIps, dns), host.random());
        for (HubFile.Client client : clients) {
            Path picture = directory.resolve(client.name() + ".png");
            new QrCode(Files.readString(client.file())).write(picture);
            out.println(client.name() + ": " + String.join(", ", client.addresses()) + " in " + client.file() + " and "
                    + picture);
        }
        out.println(takeOver(hub));
        out.flush();
        return Cli.DONE;
    }

    private List<String> wanted(Set<String> standing) throws CliFailure {
        List<String> wanted = new ArrayList<>();
        for (String peer : peers) {
            InterfaceName.checked(peer);
            boolean known = standing.contains(peer) || wanted.contains(peer);
            if (known && !keepsExisting) {
                throw new CliFailure("there is a peer " + peer
                        + " already; choose another name, or pass over those that" + " are there with --keep-existing");
            }
            if (!known) {
                wanted.add(peer);
            }
        }
        return wanted;
    }

    private String takeOver(InterfaceName hub) throws IOException, InterruptedException {
        PidFile.Owner owner = new PidFile(host, hub.name()).running();
        if (owner == null || !owner.file().equals(hub.file())) {
            return hub.file() + " has them; `culvert up " + nameOrFile + "` starts with it";
        }
        new ProcessCommandRunner(_ -> {}).run(List.of("kill", "-HUP", String.valueOf(owner.pid())), null);
        return "process " + owner.pid() + " reads " + hub.file() + " again";
    }
}
