package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The program under test with the one implementation that is the norm: a Linux kernel's. It runs in a virtual
/// machine without hardware support, so nothing here is about speed. A machine that does not start is a
/// failure.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(LogsOnFailure.class)
@Timeout(300)
final class KernelInteropIT {
    private static final int OUR_PORT = 51821;
    private static final int GUEST_PORT = 51820;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Network network = new Network();
    private final Namespace namespace = network.namespace("k");
    private final String link = network.name("t");
    private @Nullable KernelGuest started;
    private Identity ours = Identity.fresh();
    private Identity theirs = Identity.fresh();

    @BeforeAll
    void starts() {
        Daemon daemon = network.daemon(Implementation.underTest(), 2, namespace, link);
        started = KernelGuest.start(namespace);
        daemon.awaitReady();
        Network.addAddresses(namespace, link, "10.9.0.1/24", "fd09::1/64");
        namespace.ip("link set " + link + " mtu 1420 up");
    }

    @AfterAll
    void ends() {
        if (started != null) {
            started.close();
        }
        network.close();
    }

    private KernelGuest guest() {
        KernelGuest guest = started;
        if (guest == null) {
            throw new AssertionError("the guest did not start");
        }
        return guest;
    }

    /// Fresh keys on both sides; the initiator alone knows the other's endpoint.
    private void connect(Family outer, @Nullable String psk, boolean weInitiate) {
        ours = Identity.fresh();
        theirs = Identity.fresh();
        String pskLine = psk == null ? "" : "PresharedKey=" + psk + "\n";
        String ourEndpoint = outer.endpoint(outer == Family.IPV4 ? "172.31.0.1" : "fd31::1", OUR_PORT);
        String theirEndpoint =
                outer.endpoint(outer == Family.IPV4 ? KernelGuest.ADDRESS_4 : KernelGuest.ADDRESS_6, GUEST_PORT);
        String configuration = "[Interface]\nPrivateKey=" + ours.privateKey() + "\nListenPort=" + OUR_PORT
                + "\n[Peer]\nPublicKey=" + theirs.publicKey() + "\n" + pskLine
                + "AllowedIPs=10.9.0.2/32,10.9.0.3/32,fd09::2/128\n"
                + (weInitiate ? "Endpoint=" + theirEndpoint + "\n" : "");
        Command.require(
                "wg",
                "setconf",
                link,
                network.secretFile("k.conf", configuration).toString());
        guest().setconf("[Interface]\nPrivateKey=" + theirs.privateKey() + "\nListenPort=" + GUEST_PORT
                + "\n[Peer]\nPublicKey=" + ours.publicKey() + "\n" + pskLine + "AllowedIPs=10.9.0.1/32,fd09::1/128\n"
                + (weInitiate ? "" : "Endpoint=" + ourEndpoint + "\n"));
    }

    private Command ping(String... words) {
        String[] all = new String[words.length + 3];
        all[0] = "ping";
        all[1] = "-W";
        all[2] = "5";
        System.arraycopy(words, 0, all, 3, words.length);
        return namespace.run(all);
    }

    private void requireNoLoss(String output, int count) {
        assertThat(output).contains(count + " packets transmitted, " + count + " received");
    }

    private Wg.Peer seenByUs() {
        return Wg.dump(link).peer(theirs.publicKey());
    }

    static Stream<Arguments> waysToMeet() {
        return Stream.of(Family.values())
                .flatMap(outer -> Stream.of(false, true)
                        .flatMap(psk -> Stream.of(Arguments.of(outer, psk, true), Arguments.of(outer, psk, false))));
    }

    @ParameterizedTest(name = "outside {0}, preshared key {1}, we initiate {2}")
    @MethodSource("waysToMeet")
    void pingsBothFamiliesInBothRoles(Family outer, boolean withPresharedKey, boolean weInitiate) {
        connect(outer, withPresharedKey ? Identity.freshPresharedKey() : null, weInitiate);
        if (weInitiate) {
            requireNoLoss(ping("-c", "3", "-i", "0.2", KernelGuest.INNER_4).output(), 3);
            requireNoLoss(ping("-c", "3", "-i", "0.2", KernelGuest.INNER_6).output(), 3);
        } else {
            requireNoLoss(guest().run("ping -c 3 -i 0.2 -W 5 10.9.0.1"), 3);
            requireNoLoss(guest().run("ping -c 3 -i 0.2 -W 5 fd09::1"), 3);
        }
        assertThat(seenByUs().latestHandshakeSeconds()).isPositive();
        assertThat(guest().show("latest-handshakes")).isNotEqualTo("0");
    }

    /// The check of the kernel's own test (conformance 1.15).
    @ParameterizedTest(name = "we initiate {0}")
    @ValueSource(booleans = {true, false})
    void countsTheSameBytesAsTheKernel(boolean weInitiate) {
        connect(Family.IPV4, null, weInitiate);
        String pings = weInitiate
                ? ping("-c", "10", "-i", "0.1", KernelGuest.INNER_4).output()
                : guest().run("ping -c 10 -i 0.1 -W 5 10.9.0.1");
        requireNoLoss(pings, 10);
        Wg.Peer us = seenByUs();
        String transfer = guest().show("transfer");
        long sent = weInitiate ? us.txBytes() : Long.parseLong(transfer.substring(transfer.indexOf('\t') + 1));
        assertThat(sent).as("initiator tx").isIn(1428L, 1460L);
        assertThat(weInitiate ? us.rxBytes() : Long.parseLong(transfer.substring(0, transfer.indexOf('\t'))))
                .as("initiator rx")
                .isEqualTo(1372);
        assertThat(transfer).isEqualTo(us.txBytes() + "\t" + us.rxBytes());
    }

    @Test
    void carriesSmallAndLargePackets() {
        connect(Family.IPV6, null, true);
        for (int payload : new int[] {0, 1, 15, 16, 1391, 1392}) {
            String output = ping(
                            "-M", "do", "-c", "3", "-i", "0.2", "-s", Integer.toString(payload), KernelGuest.INNER_4)
                    .output();
            requireNoLoss(output, 3);
        }
        for (int payload : new int[] {1393, 9000, 20_000}) {
            String size = Integer.toString(payload);
            requireNoLoss(
                    ping("-c", "3", "-i", "0.2", "-s", size, KernelGuest.INNER_4)
                            .output(),
                    3);
            requireNoLoss(
                    ping("-c", "3", "-i", "0.2", "-s", size, KernelGuest.INNER_6)
                            .output(),
                    3);
        }
    }

    @Test
    void followsTheKernelAndIsFollowedByIt() {
        connect(Family.IPV4, null, true);
        requireNoLoss(ping("-c", "2", "-i", "0.2", KernelGuest.INNER_4).output(), 2);
        // We move: another port, then another family, and back.
        Wg.set(link, "listen-port " + (OUR_PORT + 1));
        requireNoLoss(ping("-c", "2", "-i", "0.2", KernelGuest.INNER_4).output(), 2);
        assertThat(guest().show("endpoints").strip()).isEqualTo("172.31.0.1:" + (OUR_PORT + 1));
        Wg.set(link, "peer " + theirs.publicKey() + " endpoint [" + KernelGuest.ADDRESS_6 + "]:" + GUEST_PORT);
        requireNoLoss(ping("-c", "2", "-i", "0.2", KernelGuest.INNER_4).output(), 2);
        assertThat(guest().show("endpoints").strip()).isEqualTo("[fd31::1]:" + (OUR_PORT + 1));
        // The kernel moves.
        guest().run("wg set wg0 listen-port 40000");
        requireNoLoss(guest().run("ping -c 2 -i 0.2 -W 5 10.9.0.1"), 2);
        assertThat(seenByUs().endpoint()).isEqualTo("[" + KernelGuest.ADDRESS_6 + "]:40000");
        guest().run("wg set wg0 peer " + ours.publicKey() + " endpoint 172.31.0.1:" + (OUR_PORT + 1));
        requireNoLoss(guest().run("ping -c 2 -i 0.2 -W 5 10.9.0.1"), 2);
        assertThat(seenByUs().endpoint()).isEqualTo(KernelGuest.ADDRESS_4 + ":40000");
        requireNoLoss(ping("-c", "2", "-i", "0.2", KernelGuest.INNER_6).output(), 2);
    }

    @Test
    void makesANewSessionWhenTheKernelHasForgottenIts() {
        connect(Family.IPV4, null, true);
        requireNoLoss(ping("-c", "2", "-i", "0.2", KernelGuest.INNER_4).output(), 2);
        guest().run("ip link set wg0 down; ip link set wg0 up; ip -6 addr replace fd09::2/64 dev wg0 nodad");
        requireNoLoss(guest().run("ping -c 3 -i 0.2 -W 5 10.9.0.1"), 3);
        requireNoLoss(ping("-c", "2", "-i", "0.2", KernelGuest.INNER_4).output(), 2);
        // And the other way round.
        namespace.ip("link set " + link + " down");
        namespace.ip("link set " + link + " up");
        Network.addAddresses(namespace, link, "fd09::1/64");
        Await.until(
                "a socket", LIMIT, () -> namespace.run("ss", "-Hlun").output().contains(":" + OUR_PORT));
        requireNoLoss(ping("-c", "3", "-i", "0.2", KernelGuest.INNER_4).output(), 3);
    }

    @Test
    void keepsAliveAndIsKeptAlive() {
        connect(Family.IPV4, null, true);
        requireNoLoss(ping("-c", "1", KernelGuest.INNER_4).output(), 1);
        long before = seenByUs().rxBytes();
        guest().run("wg set wg0 peer " + ours.publicKey() + " persistent-keepalive 1");
        Await.until("keepalives of the kernel", LIMIT, () -> Uapi.rxBytes(link) >= before + 3 * 32);
        guest().run("wg set wg0 peer " + ours.publicKey() + " persistent-keepalive off");

        // A passive one: the kernel takes the packet and has nobody to give it to.
        long quiet = Uapi.rxBytes(link);
        ping("-c", "1", "10.9.0.3");
        Await.until(
                "a passive keepalive of the kernel", Duration.ofSeconds(15), () -> Uapi.rxBytes(link) == quiet + 32);
    }

    @Test
    void carriesTcpBothWays() {
        connect(Family.IPV4, null, true);
        for (String direction : new String[] {"--bidir", "-R"}) {
            assertThat(namespace
                            .run("iperf3", "-n", "2M", direction, "-c", KernelGuest.INNER_4)
                            .exitCode())
                    .isZero();
        }
        assertThat(Uapi.drops(link, "FORGED") + Uapi.drops(link, "REPLAYED")).isZero();
    }

    /// On the real clock: the initiator renews with the first packet at 120 s, and nothing is lost.
    @Test
    void renewsTheSessionAfterTwoMinutesWithoutLoss() {
        connect(Family.IPV4, null, true);
        String output = Command.run(
                        Duration.ofMinutes(3),
                        "",
                        namespace.inside(List.of("ping", "-i", "0.1", "-c", "1300", "-W", "5", KernelGuest.INNER_4)))
                .output();
        requireNoLoss(output, 1300);
        long handshake = Long.parseLong(guest().show("latest-handshakes").strip());
        long now = Long.parseLong(guest().run("date +%s").strip());
        assertThat(now - handshake).as("age of the second handshake").isLessThan(30);
    }
}
