package dev.culvert.cli;

import ch.qos.logback.classic.Level;
import dev.culvert.conf.ConfException;
import dev.culvert.conf.EndpointResolver;
import dev.culvert.conf.InterfaceSetup;
import dev.culvert.conf.PeerLabels;
import dev.culvert.conf.ProcessCommandRunner;
import dev.culvert.conf.WgQuickFile;
import dev.culvert.conf.WgQuickParser;
import dev.culvert.device.DeviceControl;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `culvert up`: all that `wg-quick up` does, and the device itself, in the foreground until a signal or
/// `culvert down`. SIGHUP reads the file again.
@Command(
        name = "up",
        description = {
            "Reads a wg-quick file and runs all of it in the foreground: the device, addresses, MTU, DNS, routes, hooks.",
            "",
            "SIGTERM, Ctrl-C and `culvert down` end it in order. SIGHUP reads the file again without dropping sessions."
        })
final class UpCommand implements Callable<Integer> {
    private final GatewayLauncher launcher;
    private final Host host;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "FILE|NAME", description = "A file NAME.conf, or NAME for /etc/wireguard/NAME.conf.")
    private String nameOrFile = "";

    @Mixin
    private GatewayArguments arguments = new GatewayArguments();

    @Mixin
    private HelpOption help = new HelpOption();

    UpCommand(GatewayLauncher launcher, Host host) {
        this.launcher = launcher;
        this.host = host;
    }

    @Override
    public Integer call() throws Exception {
        if (spec == null || help.isAsked()) {
            throw new IllegalStateException("picocli sets the spec, and answers --help itself");
        }
        ReadyNote note = new ReadyNote(host);
        try {
            InterfaceName name = InterfaceName.of(nameOrFile, host);
            GatewayOptions options = arguments.toOptions(name.name(), true, host);
            return run(name, options, note);
        } catch (Misuse | CliFailure | ConfException | IOException e) {
            note.failed(e);
            throw e;
        }
    }

    private int run(InterfaceName name, GatewayOptions options, ReadyNote note)
            throws CliFailure, ConfException, IOException, InterruptedException {
        WgQuickFile file = WgQuickParser.read(name.existingFile());
        Logger log = Logging.start(host, Level.INFO);
        StartArchive.note(host).ifPresent(log::warn);
        file.warnings().forEach(warning -> log.warn("Warning: {}", warning));
        PidFile pidFile = new PidFile(host, name.name());
        pidFile.claim(name.file());
        Lifecycle lifecycle = Lifecycle.ofCaller(true);
        GatewayLink link = new GatewayLink(launcher, options, lifecycle);
        try {
            InterfaceSetup setup = new InterfaceSetup(
                    new ProcessCommandRunner(log::info),
                    EndpointResolver.ofSystem(log::warn),
                    name.file(),
                    file,
                    name.name(),
                    options.settings().deadPeerAfterS(),
                    link);
            setup.up();
            link.label(name);
            link.announce(RunningGateway.State.READY);
            note.ready();
            log.info("{} is up; `culvert show {}` shows its peers", name.name(), name.name());
            while (lifecycle.await() == Lifecycle.Event.RELOAD) {
                link.announce(RunningGateway.State.RELOADING);
                reload(setup, link, name, log);
                link.announce(RunningGateway.State.READY);
            }
            lifecycle.endBegins();
            link.announce(RunningGateway.State.STOPPING);
            boolean clean = setup.down();
            log.info("{} is down", name.name());
            return clean ? Cli.DONE : Cli.FAILED;
        } finally {
            lifecycle.endBegins();
            pidFile.release();
        }
    }

    private static void reload(InterfaceSetup setup, GatewayLink link, InterfaceName name, Logger log) {
        try {
            WgQuickFile changed = WgQuickParser.read(name.file());
            changed.warnings().forEach(warning -> log.warn("Warning: {}", warning));
            setup.reload(changed);
            link.label(name);
            log.info("{} has been read again", name.file());
        } catch (ConfException e) {
            e.problems().forEach(problem -> log.error("culvert: {}", problem));
            log.error("culvert: the file is refused as a whole, {} goes on as it was", name.name());
        } catch (IOException e) {
            log.error("culvert: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // asked to end in the middle of it
        }
    }

    private static final class GatewayLink implements InterfaceSetup.Link {
        private final GatewayLauncher launcher;
        private final GatewayOptions options;
        private final Lifecycle lifecycle;
        private @Nullable RunningGateway gateway;

        GatewayLink(GatewayLauncher launcher, GatewayOptions options, Lifecycle lifecycle) {
            this.launcher = launcher;
            this.options = options;
            this.lifecycle = lifecycle;
        }

        @Override
        public DeviceControl create() throws IOException, InterruptedException {
            RunningGateway started = launcher.start(options);
            gateway = started;
            lifecycle.endWith(started);
            return started.device();
        }

        void label(InterfaceName name) throws IOException {
            if (gateway != null) {
                gateway.device().label(PeerLabels.of(Files.readString(name.file())));
            }
        }

        void announce(RunningGateway.State state) {
            if (gateway != null) {
                gateway.announce(state);
            }
        }

        @Override
        public void remove() {
            if (gateway != null) {
                gateway.close();
            }
        }
    }
}
