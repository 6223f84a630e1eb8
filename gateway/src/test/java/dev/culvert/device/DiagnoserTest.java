package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.initiation;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.Forger;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Each way in which a spoke can fail to connect, and what the hub says of it.
@LaneConfined
final class DiagnoserTest {
    private static final String STRANGER = outer(66);

    private final HubAndSpoke pair = new HubAndSpoke();
    private final Forger forger = new Forger(4);
    private final PublicKey hubKey = pair.hub.publicKey();
    private final PublicKey spokeKey = pair.spoke.publicKey();
    private final String spokeText = spokeKey.toBase64();

    @AfterEach
    void closes() {
        forger.close();
        pair.close();
    }

    private static String outer(int host) {
        return "192.0.2." + host;
    }

    private List<Diagnosis> why(String query) {
        Map<PublicKey, PeerLabel> labels = Map.of(spokeKey, new PeerLabel("Büro Nord", List.of()));
        return new Diagnoser(pair.hub.state, Map.of(), labels).why(query);
    }

    private Diagnosis only(String query) {
        assertThat(why(query)).hasSize(1);
        return why(query).getFirst();
    }

    private List<Cause> concluded(String query) {
        return only(query).conclusions().stream()
                .map(Diagnosis.Conclusion::cause)
                .toList();
    }

    private List<Cause> noted(String query) {
        return only(query).incidents().stream().map(Incident::cause).toList();
    }

    private Datagram firstInitiation() {
        return pair.sealedUp("hello").getFirst();
    }

    private void fromStranger(byte[] message) {
        pair.hub.receive(0, new Datagram(66, 6666, HubAndSpoke.HUB, TestDevice.PORT, 0, message));
    }

    private byte[] forged(PublicKey claimed, byte[] staticStatic, long wallNs) {
        return forger.initiation(hubKey, claimed, staticStatic, wallNs);
    }

    @Test
    void aPeerIsFoundByKeyNameAndAddress() {
        assertThat(concluded(spokeText)).containsExactly(Cause.NEVER_SEEN);
        pair.connect();
        for (String query : List.of(
                spokeText,
                spokeText.substring(0, 6),
                "büro nord",
                "BÜRO",
                "10.0.0." + HubAndSpoke.SPOKE,
                outer(HubAndSpoke.SPOKE),
                outer(HubAndSpoke.SPOKE) + ":" + TestDevice.PORT)) {
            assertThat(only(query).key()).as(query).isEqualTo(spokeKey);
            assertThat(only(query).name()).isEqualTo("Büro Nord");
            assertThat(concluded(query)).containsExactly(Cause.CONNECTED);
            assertThat(noted(query)).isEmpty();
        }
        assertThat(why("nobody")).isEmpty();
        pair.clock.advance(1000 * S);
        assertThat(concluded(spokeText)).containsExactly(Cause.NO_SESSION);
        assertThat(only(spokeText).conclusions().getFirst().detail()).contains(" s ago");
    }

    @Test
    void wrongHubKey() {
        fromStranger(Forger.withMac1(firstInitiation().bytes(), spokeKey));
        assertThat(noted(STRANGER)).containsExactly(Cause.WRONG_HUB_KEY);
        // Nobody knows who it was: a peer that was never seen may be it.
        assertThat(concluded(spokeText)).containsExactly(Cause.NEVER_SEEN);
        assertThat(noted(spokeText)).containsExactly(Cause.WRONG_HUB_KEY);
        assertThat(concluded("192.0.2.77")).containsExactly(Cause.NOTHING_NOTED);
    }

    @Test
    void unknownKeyAndWhich() {
        try (PrivateKey stranger = PrivateKey.generate(new Random(3)::nextBytes)) {
            PublicKey key = stranger.publicKey();
            fromStranger(forged(key, Forger.shared(stranger, hubKey), pair.clock.wallNs() + S));
            assertThat(noted(STRANGER)).containsExactly(Cause.UNKNOWN_KEY);
            assertThat(only(STRANGER).incidents().getFirst().key()).isEqualTo(key);
            assertThat(concluded(key.toBase64())).containsExactly(Cause.NOT_A_PEER);
            assertThat(noted(key.toBase64())).containsExactly(Cause.UNKNOWN_KEY);
        }
    }

    @Test
    void aClaimWithoutProofIsNotedOfTheSourceAndNotOfThePeer() {
        fromStranger(forged(spokeKey, new byte[32], pair.clock.wallNs() + S));
        assertThat(noted(STRANGER)).containsExactly(Cause.BAD_INITIATION);
        assertThat(pair.hub.state.incidents.ofPeer(spokeKey)).isEmpty();
        fromStranger(forged(hubKey, Forger.shared(pair.hub.key, hubKey), pair.clock.wallNs() + S));
        assertThat(noted(STRANGER)).containsExactly(Cause.OWN_KEY, Cause.BAD_INITIATION);
    }

    @Test
    void clockBehindByHowMuchAndReplays() {
        pair.connect();
        pair.clock.advance(6 * S);
        byte[] staticStatic = Forger.shared(pair.hub.key, spokeKey);
        byte[] genuine = forged(spokeKey, staticStatic, pair.clock.wallNs());
        fromStranger(genuine);
        pair.clock.advance(6 * S);
        fromStranger(genuine);
        assertThat(noted(spokeText)).containsExactly(Cause.REPLAYED);
        fromStranger(forged(spokeKey, staticStatic, pair.clock.wallNs() - 3606 * S));
        assertThat(noted(spokeText)).startsWith(Cause.CLOCK_BEHIND, Cause.REPLAYED);
        assertThat(only(spokeText).incidents().getFirst().detail()).isEqualTo("3600 s behind");
        pair.clock.advance(200 * S);
        pair.connect();
        assertThat(only(spokeText).incidents()).allMatch(only(spokeText)::isOver);
    }

    @Test
    void underLoadACookieIsAskedAndThenTheRateLimited() {
        pair.connect();
        pair.clock.advance(6 * S);
        pair.hub.inboundDepth = TestDevice.UNDER_LOAD_AT;
        pair.hub.receive(0, initiation(pair.spoke, pair.hub));
        String spokeAddress = outer(HubAndSpoke.SPOKE);
        assertThat(noted(spokeAddress)).containsExactly(Cause.UNDER_LOAD);
        pair.spoke.receive(0, pair.hub.takeSent().getFirst());
        pair.clock.advance(6 * S);
        Datagram withCookie = initiation(pair.spoke, pair.hub);
        for (int i = 0; i < 7; i++) {
            pair.hub.receive(0, withCookie);
        }
        assertThat(noted(spokeAddress)).contains(Cause.RATE_LIMITED, Cause.UNDER_LOAD);
    }

    @Test
    void anAnswerThatIsNeverConfirmed() {
        pair.hub.receive(0, firstInitiation());
        pair.hub.takeSent(); // lost on the way back
        assertThat(noted(spokeText)).isEmpty();
        pair.clock.advance(6 * S);
        pair.hub.receive(0, initiation(pair.spoke, pair.hub));
        assertThat(concluded(spokeText)).containsExactly(Cause.NEVER_CONNECTED);
        assertThat(noted(spokeText)).containsExactly(Cause.NEVER_CONFIRMED);
    }

    @Test
    void nobodyAnswersOrWithAnotherPresharedKey() {
        pair.hub.peer(pair.spoke, true, PresharedKey.NONE, InnerPacket.prefix4(HubAndSpoke.SPOKE, 32));
        pair.hub.host(0, InnerPacket.ipv4(HubAndSpoke.HUB, HubAndSpoke.SPOKE, "up?"));
        pair.hub.takeSent();
        pair.clock.advance(6 * S);
        pair.hub.alarmsDue();
        assertThat(concluded(spokeText)).containsExactly(Cause.NEVER_CONNECTED);
        assertThat(noted(spokeText)).containsExactly(Cause.NO_ANSWER);

        byte[] other = new byte[PresharedKey.BYTES];
        other[3] = 1;
        pair.spoke.peer(pair.hub, false, PresharedKey.fromBytes(other), InnerPacket.prefix4(0, 24));
        pair.spoke.receive(0, pair.hub.takeSent().getFirst());
        pair.hub.receive(0, pair.spoke.takeSent().getFirst());
        assertThat(noted(spokeText)).startsWith(Cause.BAD_RESPONSE);
    }

    @Test
    void noEndpointAndWrongInnerSource() {
        pair.hub.host(0, InnerPacket.ipv4(HubAndSpoke.HUB, HubAndSpoke.SPOKE, "where?"));
        assertThat(noted(spokeText)).containsExactly(Cause.NO_ENDPOINT);
        pair.connect();
        pair.spoke.host(0, InnerPacket.ipv4(44, HubAndSpoke.HUB, "from elsewhere"));
        pair.network.settle();
        assertThat(noted(spokeText)).startsWith(Cause.SOURCE_NOT_ALLOWED);
        assertThat(only(spokeText).incidents().getFirst().detail()).isEqualTo("from 10.0.0.44");
    }

    @Test
    void sessionsThatTheHubDoesNotHaveAndErrorsOfSending() {
        pair.connect();
        List<Datagram> sealed = pair.sealedUp("lost");
        byte[] bytes = sealed.getFirst().bytes().clone();
        bytes[4] ^= 0x55;
        fromStranger(bytes);
        assertThat(noted(STRANGER)).containsExactly(Cause.NO_SUCH_SESSION);
        pair.hub.sendError = 90; // EMSGSIZE
        pair.sealedDown("too big");
        pair.hub.sendError = 1; // EPERM: a firewall
        pair.sealedDown("forbidden");
        assertThat(noted(spokeText)).contains(Cause.PACKET_TOO_BIG, Cause.SEND_FAILED);
    }

    @Test
    void whatTheStateHinders() {
        pair.hub.peer(pair.spoke, false, PresharedKey.NONE);
        pair.hub.privateKey(null);
        pair.hub.linkDown();
        assertThat(concluded(spokeText))
                .containsExactly(Cause.INTERFACE_DOWN, Cause.NO_PRIVATE_KEY, Cause.NO_ALLOWED_IPS, Cause.NEVER_SEEN);
    }
}
