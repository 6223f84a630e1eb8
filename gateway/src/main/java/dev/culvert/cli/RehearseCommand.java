package dev.culvert.cli;

import ch.qos.logback.classic.Level;
import dev.culvert.conf.ConfChange;
import dev.culvert.conf.ConfException;
import dev.culvert.conf.HubSettings;
import dev.culvert.conf.WgQuickParser;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.device.DeviceException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `culvert rehearse`: what a start and the first seconds after it do, between two devices in this process. The
/// launcher script has the JVM watch it, and makes of that the archive that later starts are quicker by
/// ([StartArchive]).
///
/// It needs no privilege and no TUN, only the loopback interface, so that every build can make the archive.
@Command(
        name = "rehearse",
        hidden = true,
        description = "Makes the archive beside culvert.jar from which the program starts quicker.")
final class RehearseCommand implements Callable<Integer> {
    private static final String HUB = "rehearsal1";
    private static final String SPOKE = "rehearsal2";
    private static final int LANES = 2;
    /// Received by each of the two: by then all of the packet path has been used.
    private static final long ENOUGH_BYTES = 1_000_000;

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final GatewayLauncher launcher;
    private final Host host;

    RehearseCommand(GatewayLauncher launcher, Host host) {
        this.launcher = launcher;
        this.host = host;
    }

    @Override
    public Integer call() throws CliFailure, ConfException, DeviceException, IOException, InterruptedException {
        Path directory = Files.createTempDirectory("culvert-rehearsal");
        try {
            rehearse(directory);
            return Cli.DONE;
        } finally {
            Files.deleteIfExists(directory);
        }
    }

    private void rehearse(Path directory)
            throws CliFailure, ConfException, DeviceException, IOException, InterruptedException {
        Logging.start(host, Level.ERROR).debug("rehearsing in {}", directory);
        Lifecycle lifecycle = Lifecycle.ofCaller(false);
        UapiClient client = new UapiClient(directory);
        try (PrivateKey hubKey = fresh();
                PrivateKey spokeKey = fresh();
                RunningGateway hub = launcher.start(options(HUB, directory));
                RunningGateway spoke = launcher.start(options(SPOKE, directory))) {
            lifecycle.endWith(hub);
            // The hub is configured as `culvert up` does it, the spoke as wg(8) does.
            String file = "[Interface]\nPrivateKey = " + hubKey.toBase64() + "\nListenPort = 0\n[Peer]\nPublicKey = "
                    + spokeKey.publicKey().toBase64() + "\nAllowedIPs = 192.0.2.2/32\n";
            hub.device()
                    .apply(ConfChange.toChange(
                            WgQuickParser.parse(HUB, file.getBytes(StandardCharsets.UTF_8)), Map.of()));
            int port = client.get(HUB).listenPort();
            set(
                    client.socket(spoke.interfaceName()),
                    "set=1\nprivate_key=" + spokeKey.toHex() + "\nreplace_peers=true\npublic_key="
                            + hubKey.publicKey().toHex() + "\nendpoint=127.0.0.1:" + port
                            + "\npersistent_keepalive_interval=25\nreplace_allowed_ips=true\nallowed_ip=192.0.2.1/32"
                            + "\n\n");
            Instant end = Instant.now().plus(LIMIT);
            while (receivedBytes(client, HUB) < ENOUGH_BYTES || receivedBytes(client, SPOKE) < ENOUGH_BYTES) {
                if (Instant.now().isAfter(end)) {
                    throw new CliFailure("two devices on the loopback interface did not reach each other in "
                            + LIMIT.toSeconds() + " seconds; is it up?");
                }
                Thread.sleep(PAUSE);
            }
        }
    }

    private PrivateKey fresh() {
        return PrivateKey.generate(host.random());
    }

    private static GatewayOptions options(String name, Path directory) {
        return new GatewayOptions(
                name,
                LANES,
                List.of(),
                GatewayOptions.Engine.AUTO,
                0,
                HubSettings.DEFAULTS,
                null,
                null,
                directory,
                null,
                null);
    }

    private static void set(Path socket, String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
            channel.read(ByteBuffer.allocate(64));
        }
    }

    private static long receivedBytes(UapiClient client, String name)
            throws CliFailure, IOException, InterruptedException {
        return client.get(name).peers().getFirst().rxBytes();
    }
}
