package dev.culvert.cli;

import ch.qos.logback.classic.Level;
import dev.culvert.conf.ConfException;
import java.io.IOException;
import org.slf4j.Logger;

/// A drop-in userspace WireGuard, as wireguard-go is: makes the TUN and the UAPI socket, or takes over those
/// that it is given, and serves them until a signal, or until either is deleted. Always in the foreground: the
/// launcher script does the rest.
final class Serving {
    private final GatewayLauncher launcher;
    private final Host host;

    Serving(GatewayLauncher launcher, Host host) {
        this.launcher = launcher;
        this.host = host;
    }

    void run(String interfaceName, GatewayArguments arguments)
            throws Misuse, CliFailure, ConfException, IOException, InterruptedException {
        ReadyNote note = new ReadyNote(host);
        try {
            serve(arguments.toOptions(InterfaceName.checked(interfaceName), false, host), note);
        } catch (Misuse | CliFailure | ConfException | IOException e) {
            note.failed(e);
            throw e;
        }
    }

    private void serve(GatewayOptions options, ReadyNote note) throws IOException, InterruptedException, CliFailure {
        Logger log = Logging.start(host, Level.ERROR);
        StartArchive.note(host).ifPresent(note::remark);
        Lifecycle lifecycle = Lifecycle.ofCaller(false);
        try (RunningGateway gateway = launcher.start(options)) {
            lifecycle.endWith(gateway);
            if (options.uapiFd() == null) {
                new UapiClient(host.sockets()).requireAnswer(gateway.interfaceName());
            }
            gateway.announce(RunningGateway.State.READY);
            note.ready();
            log.debug("{} is served", gateway.interfaceName());
            lifecycle.await();
            lifecycle.endBegins();
            gateway.announce(RunningGateway.State.STOPPING);
        }
    }
}
