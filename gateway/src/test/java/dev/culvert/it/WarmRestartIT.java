package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// The hub is killed and started again; its file names no endpoint. Without a journal, the idle spoke would
/// stay out of reach until its key is 120 s old.
@ExtendWith(LogsOnFailure.class)
@Timeout(60)
@DisabledIfSystemProperty(
        named = "culvert.it.implementation",
        matches = "wireguard-go",
        disabledReason = "it remembers nothing")
final class WarmRestartIT {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String HUB_INNER = "10.77.0.1";
    private static final String SPOKE_INNER = "10.77.0.2";

    @TempDir
    private Path directory = Path.of("");

    private final Identity hubIdentity = Identity.fresh();
    private final Identity spokeIdentity = Identity.fresh();

    @Test
    void anIdleSpokeIsReachedAtOnceAfterKill9() throws IOException {
        Path journal = directory.resolve("hub.peers");
        try (Network network = new Network()) {
            Namespace hub = network.namespace("h");
            Namespace spoke = network.namespace("s");
            network.bridge(hub, "br0", "172.30.0.1/24", "fd30::1/64");
            network.plug(hub, "br0", spoke, "eth0", "172.30.0.2/24", "fd30::2/64");
            String hubLink = network.name("th");
            String spokeLink = network.name("ts");
            Daemon first = startHub(network, hub, hubLink, journal);
            startSpoke(network, spoke, spokeLink);
            Await.until("the spoke's session", LIMIT, () -> pingsSpoke(hub));
            Await.until("the journal", LIMIT, () -> holds(journal, spokeIdentity.publicKey() + " 172.30.0.2:51821 "));
            assertThat(Files.readString(journal)).doesNotContain(hubIdentity.privateKey());

            first.signal("KILL");
            first.awaitEnd(LIMIT);
            startHub(network, hub, hubLink, journal);
            Await.until("the idle spoke answers", LIMIT, () -> pingsSpoke(hub));
            assertThat(Wg.onlyPeer(hubLink).endpoint()).isEqualTo("172.30.0.2:51821");
        }
    }

    private Daemon startHub(Network network, Namespace namespace, String link, Path journal) {
        List<String> command = List.of("env", "CULVERT_JOURNAL=" + journal, Implementation.launcher(), "-f", link);
        Daemon daemon = network.daemon(namespace, link, command, Implementation.CULVERT, 2);
        daemon.awaitReady();
        configure(network, link, hubIdentity, 51820, spokeIdentity, "AllowedIPs=" + SPOKE_INNER + "/32\n");
        Network.addAddresses(namespace, link, HUB_INNER + "/24");
        namespace.ip("link set " + link + " up");
        return daemon;
    }

    private void startSpoke(Network network, Namespace namespace, String link) {
        network.daemon(Implementation.WIREGUARD_GO, 1, namespace, link).awaitReady();
        configure(
                network,
                link,
                spokeIdentity,
                51821,
                hubIdentity,
                "AllowedIPs=10.77.0.0/24\nEndpoint=172.30.0.1:51820\nPersistentKeepalive=25\n");
        Network.addAddresses(namespace, link, SPOKE_INNER + "/24");
        namespace.ip("link set " + link + " up");
    }

    private static void configure(Network network, String link, Identity me, int port, Identity other, String peer) {
        String text = "[Interface]\nPrivateKey=" + me.privateKey() + "\nListenPort=" + port + "\n[Peer]\nPublicKey="
                + other.publicKey() + "\n" + peer;
        Command.require(
                "wg", "setconf", link, network.secretFile(link + ".conf", text).toString());
    }

    private static boolean pingsSpoke(Namespace hub) {
        return hub.run("ping", "-c", "1", "-W", "1", SPOKE_INNER).exitCode() == 0;
    }

    private static boolean holds(Path journal, String text) {
        try {
            return Files.exists(journal) && Files.readString(journal).contains(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
