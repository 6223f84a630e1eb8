package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.X25519;
import dev.culvert.wire.CookieReply;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.IpPacket;
import dev.culvert.wire.MessageType;
import dev.culvert.wire.TransportData;
import dev.culvert.wire.Vectors;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/// Whole handshakes, byte for byte, in both roles, and data packets under the keys that follow.
class HandshakeVectorTest {
    private static final String CAPTURED = "shared/vectors/captured-kernel.json";

    /// One handshake as either kind of vector file gives it.
    static final class Case {
        private final String name;
        private final JsonNode vector;
        private final PrivateKey initiatorStatic;
        private final PrivateKey initiatorEphemeral;
        private final byte @Nullable [] initiatorCookie;
        private final PrivateKey responderStatic;
        private final PrivateKey responderEphemeral;
        private final byte @Nullable [] responderCookie;
        private final PresharedKey psk;
        private final byte[] timestamp;
        private final byte[] initiation;
        private final byte[] response;

        private Case(String name, JsonNode vector, JsonNode initiator, JsonNode responder, boolean prefixed) {
            this.name = name;
            this.vector = vector;
            initiatorStatic = privateKey(initiator, (prefixed ? "initiator_" : "") + "static_private");
            initiatorEphemeral = privateKey(initiator, (prefixed ? "initiator_" : "") + "ephemeral_private");
            initiatorCookie = cookie(initiator);
            responderStatic = privateKey(responder, (prefixed ? "responder_" : "") + "static_private");
            responderEphemeral = privateKey(responder, (prefixed ? "responder_" : "") + "ephemeral_private");
            responderCookie = cookie(responder);
            psk = PresharedKey.fromBytes(Vectors.bytes(vector, "preshared_key"));
            timestamp = Vectors.bytes(vector, "timestamp");
            initiation = Vectors.bytes(vector, "initiation");
            response = Vectors.bytes(vector, "response");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() {
        JsonNode cases = Vectors.field(Vectors.read("handshake.json"), "cases");
        assertThat(cases.size()).isEqualTo(12);
        List<Case> result = new ArrayList<>();
        for (JsonNode c : cases) {
            JsonNode initiator = Vectors.field(c, "initiator");
            JsonNode responder = Vectors.field(c, "responder");
            Case made = new Case(Vectors.text(c, "name"), c, initiator, responder, false);
            // Public keys are given too: the unclamped private ones must lead to them.
            for (JsonNode side : new JsonNode[] {initiator, responder}) {
                for (String kind : new String[] {"static", "ephemeral"}) {
                    assertThat(privateKey(side, kind + "_private").publicKey().toHex())
                            .isEqualTo(Vectors.text(side, kind + "_public"));
                }
            }
            assertThat(HandshakeInitiation.senderIndex(made.initiation))
                    .isEqualTo((int) Vectors.field(initiator, "sender_index").asLong());
            assertThat(HandshakeResponse.senderIndex(made.response))
                    .isEqualTo((int) Vectors.field(responder, "sender_index").asLong());
            result.add(made);
        }
        assertThat(result.stream().filter(c -> c.initiatorCookie != null)).hasSize(2);
        assertThat(result.stream().filter(c -> c.responderCookie != null)).hasSize(2);
        return result.stream();
    }

    private static PrivateKey privateKey(JsonNode node, String name) {
        return PrivateKey.fromBytes(Vectors.bytes(node, name));
    }

    private static byte @Nullable [] cookie(JsonNode side) {
        JsonNode cookie = side.get("cookie_for_mac2");
        return cookie == null || cookie.isNull() ? null : Vectors.hex(cookie.asString());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void reproducesEveryByteOfBothRoles(Case c) {
        replay(c);
    }

    @Test
    void reproducesWhatRealKernelsSent() {
        Path repository = Path.of("").toAbsolutePath();
        if (Files.notExists(repository.resolve("gateway"))) {
            repository = Objects.requireNonNull(repository.getParent()); // Maven runs tests in the module
        }
        Path near = repository.resolve("..").resolve(CAPTURED).normalize();
        Path farther = repository.resolve("../..").resolve(CAPTURED).normalize();
        Path file = Files.exists(near) ? near : farther;
        assumeThat(Files.exists(file))
                .as(
                        "the captured kernel handshakes are GPL data and not part of the project; put them at "
                                + "../%s beside the repository to run this test",
                        CAPTURED)
                .isTrue();
        JsonNode handshakes = Vectors.field(Vectors.read(file), "handshakes");
        assertThat(handshakes.size()).isEqualTo(4);
        for (JsonNode h : handshakes) {
            replay(new Case(Vectors.text(h, "capture"), h, h, h, true));
            byte[] toResponder = Vectors.bytes(h, "initiator_to_responder_key");
            byte[] toInitiator = Vectors.bytes(h, "responder_to_initiator_key");
            for (JsonNode packet : Vectors.field(h, "transport")) {
                byte[] key = Vectors.text(packet, "direction").equals("i2r") ? toResponder : toInitiator;
                byte[] plaintext = Vectors.bytes(packet, "plaintext");
                replayPacket(
                        AeadEngine.BOUNCY_CASTLE,
                        key,
                        Vectors.field(packet, "counter").asLong(),
                        plaintext,
                        Vectors.bytes(packet, "packet"));
            }
        }
    }

    private static void replay(Case c) {
        try (HandshakeCipher cipher = new HandshakeCipher(AeadEngine.BOUNCY_CASTLE.newAead());
                StaticIdentity initiator = new StaticIdentity(c.initiatorStatic.copy());
                StaticIdentity responder = new StaticIdentity(c.responderStatic.copy())) {
            byte[] shared = new byte[32];
            assertThat(X25519.sharedSecret(initiator.privateKey(), responder.publicKey(), shared))
                    .isTrue();
            assertThat(Vectors.hex(shared)).isEqualTo(Vectors.text(Vectors.field(c.vector, "trace"), "dh_ss"));

            try (SentInitiation sent = Objects.requireNonNull(SentInitiation.create(
                    initiator,
                    responder.publicKey(),
                    shared,
                    Tai64n.decode(c.timestamp, 0),
                    c.initiatorEphemeral.copy(),
                    cipher))) {
                HandshakeInitiation.writeSenderIndex(sent.message(), HandshakeInitiation.senderIndex(c.initiation));
                stamp(sent.message(), responder.publicKey(), c.initiatorCookie);
                assertThat(Vectors.hex(sent.message())).isEqualTo(Vectors.hex(c.initiation));

                byte[] response = respond(c, responder, shared, cipher);
                assertThat(Vectors.hex(response)).isEqualTo(Vectors.hex(c.response));

                assertThat(Duo.mac1Valid(initiator, c.response)).isTrue();
                try (SessionKeys keys =
                        Objects.requireNonNull(sent.consumeResponse(initiator, c.psk, c.response, cipher))) {
                    assertKeys(keys, c.vector, "initiator_to_responder_key", "responder_to_initiator_key");
                }
            }
        }
    }

    private static byte[] respond(Case c, StaticIdentity responder, byte[] shared, HandshakeCipher cipher) {
        assertThat(Duo.mac1Valid(responder, c.initiation)).isTrue();
        try (ReceivedInitiation received =
                Objects.requireNonNull(ReceivedInitiation.open(responder, c.initiation, cipher))) {
            PublicKey initiator = c.initiatorStatic.publicKey();
            assertThat(received.initiator()).isEqualTo(initiator);
            assertThat(received.senderIndex()).isEqualTo(HandshakeInitiation.senderIndex(c.initiation));
            assertThat(received.openTimestamp(shared, cipher)).isEqualTo(Tai64n.decode(c.timestamp, 0));
            try (ResponseDraft draft =
                    Objects.requireNonNull(received.respond(c.psk, c.responderEphemeral.copy(), cipher))) {
                byte[] unfinished = draft.message().clone();
                assertThat(HandshakeResponse.senderIndex(unfinished)).isZero();
                assertThat(HandshakeResponse.receiverIndex(unfinished)).isEqualTo(received.senderIndex());
                assertThat(Arrays.copyOfRange(unfinished, HandshakeResponse.MAC1, 92))
                        .containsOnly(0);
                HandshakeResponse.writeSenderIndex(draft.message(), HandshakeResponse.senderIndex(c.response));
                stamp(draft.message(), initiator, c.responderCookie);
                assertKeys(draft.keys(), c.vector, "responder_to_initiator_key", "initiator_to_responder_key");
                return draft.message();
            }
        }
    }

    private static void assertKeys(SessionKeys keys, JsonNode vector, String sending, String receiving) {
        assertThat(Vectors.hex(keys.sending())).isEqualTo(Vectors.text(vector, sending));
        assertThat(Vectors.hex(keys.receiving())).isEqualTo(Vectors.text(vector, receiving));
    }

    /// Gives the sender the cookie of the vector first, by way of a reply to the same message.
    private static void stamp(byte[] message, PublicKey receiver, byte @Nullable [] cookie) {
        Cookie state = new Cookie();
        RemoteIdentity remote = new RemoteIdentity(receiver);
        state.stamp(message, remote, 0);
        if (cookie != null) {
            byte[] reply = new byte[CookieReply.BYTES];
            CookieReply.writeType(reply);
            try (Duo duo = new Duo(0)) {
                duo.tools.sealer.seal(
                        remote.cookieKey(),
                        cookie,
                        message,
                        Macs.mac1Offset(message),
                        Macs.BYTES,
                        reply,
                        CookieReply.NONCE,
                        CookieReply.SEALED_COOKIE);
            }
            assertThat(state.consume(reply, remote, 0)).isTrue();
            state.stamp(message, remote, 0);
        }
    }

    @ParameterizedTest
    @MethodSource("enginesHere")
    void sealsAndOpensEveryDataPacketWithEveryEngine(AeadEngine engine) {
        cases().forEach(c -> {
            byte[] toResponder = Vectors.bytes(c.vector, "initiator_to_responder_key");
            byte[] toInitiator = Vectors.bytes(c.vector, "responder_to_initiator_key");
            int mtu = Vectors.field(c.vector, "mtu_used_for_padding").asInt();
            JsonNode packets = Vectors.field(c.vector, "transport");
            assertThat(packets.size()).isEqualTo(7);
            for (JsonNode packet : packets) {
                byte[] inner = Vectors.bytes(packet, "ip_packet");
                int padded = TransportData.paddedLength(inner.length, mtu);
                assertThat(padded)
                        .isEqualTo(Vectors.field(packet, "padded_length").asInt());
                replayPacket(
                        engine,
                        Vectors.text(packet, "direction").equals("i2r") ? toResponder : toInitiator,
                        Long.parseUnsignedLong(Vectors.text(packet, "counter")),
                        Arrays.copyOf(inner, padded),
                        Vectors.bytes(packet, "packet"));
                assertInnerLength(inner, padded);
            }
        });
    }

    /// All, but Intel's library where it is not installed.
    private static Stream<AeadEngine> enginesHere() {
        return Arrays.stream(AeadEngine.values()).filter(engine -> engine != AeadEngine.IPSEC_MB || works(engine));
    }

    private static boolean works(AeadEngine engine) {
        try {
            engine.selfTest();
            return true;
        } catch (IllegalStateException | LinkageError e) {
            return false;
        }
    }

    private static void replayPacket(AeadEngine engine, byte[] key, long counter, byte[] plaintext, byte[] expected) {
        try (Arena arena = Arena.ofConfined();
                Aead aead = engine.newAead()) {
            long keyAddress = arena.allocate(32).address();
            long packet = arena.allocate(expected.length).address();
            long inner = packet + TransportData.HEADER_BYTES;
            Memory.copyIn(key, 0, keyAddress, 32);

            // Out: the receiver index comes from the handshake, here from the packet itself.
            Memory.copyIn(expected, 0, packet, 16);
            int receiverIndex = TransportData.receiverIndex(packet);
            TransportData.writeHeader(packet, receiverIndex, counter);
            Memory.copyIn(plaintext, 0, inner, plaintext.length);
            aead.seal(keyAddress, inner, inner, plaintext.length, counter);
            byte[] sealed = new byte[expected.length];
            Memory.copyOut(packet, sealed, 0, sealed.length);
            assertThat(Vectors.hex(sealed)).isEqualTo(Vectors.hex(expected));

            // In.
            assertThat(MessageType.of(packet, expected.length)).isEqualTo(MessageType.DATA);
            assertThat(TransportData.counter(packet)).isEqualTo(counter);
            assertThat(aead.open(keyAddress, inner, inner, expected.length - TransportData.OVERHEAD_BYTES, counter))
                    .isTrue();
            byte[] opened = new byte[plaintext.length];
            Memory.copyOut(inner, opened, 0, opened.length);
            assertThat(opened).isEqualTo(plaintext);
        }
    }

    private static void assertInnerLength(byte[] inner, int padded) {
        if (inner.length == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(padded).address();
            Memory.copyIn(inner, 0, address, inner.length);
            assertThat(IpPacket.totalLength(address, padded)).isEqualTo(inner.length);
        }
    }
}
