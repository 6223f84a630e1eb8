package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.X25519;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.MessageType;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HandshakeTest {
    @Property(tries = 60)
    void twoPartiesAgreeOnKeys(@ForAll long seed, @ForAll boolean withPsk) {
        try (Duo duo = new Duo(seed);
                SentInitiation sent = duo.initiation(Duo.TIME)) {
            PresharedKey psk = withPsk ? duo.psk : PresharedKey.NONE;
            assertThat(new CookieChecker(duo.bob).mac1Valid(sent.message(), duo.tools))
                    .isTrue();
            try (ReceivedInitiation received = Objects.requireNonNull(duo.open(sent.message()))) {
                assertThat(received.initiator()).isEqualTo(duo.alice.publicKey());
                assertThat(received.senderIndex()).isEqualTo(Duo.ALICE_INDEX);
                assertThat(received.openTimestamp(duo.staticStatic, duo.cipher)).isEqualTo(Duo.TIME);
            }
            try (ResponseDraft draft = duo.respond(sent.message(), psk);
                    SessionKeys keys =
                            Objects.requireNonNull(sent.consumeResponse(duo.alice, psk, draft.message(), duo.cipher))) {
                assertThat(HandshakeResponse.receiverIndex(draft.message())).isEqualTo(Duo.ALICE_INDEX);
                assertThat(new CookieChecker(duo.alice).mac1Valid(draft.message(), duo.tools))
                        .isTrue();
                assertThat(keys.sending()).isEqualTo(draft.keys().receiving()).isNotEqualTo(keys.receiving());
                assertThat(keys.receiving()).isEqualTo(draft.keys().sending());
            }
        }
    }

    @Test
    void everySessionHasOtherKeys() {
        try (Duo duo = new Duo(1);
                SentInitiation first = duo.initiation(Duo.TIME);
                SentInitiation second = duo.initiation(Duo.TIME)) {
            assertThat(first.message()).isNotEqualTo(second.message());
            try (ResponseDraft a = duo.respond(first.message(), duo.psk);
                    ResponseDraft b = duo.respond(first.message(), duo.psk)) {
                assertThat(a.keys().sending()).isNotEqualTo(b.keys().sending());
                assertThat(a.keys().receiving()).isNotEqualTo(b.keys().receiving());
            }
        }
    }

    /// As the device does it, without load: shape, mac1, static key, timestamp.
    private static @Nullable Tai64n accepted(Duo duo, byte[] message) {
        if (typeOf(message) != MessageType.INITIATION || !new CookieChecker(duo.bob).mac1Valid(message, duo.tools)) {
            return null;
        }
        ReceivedInitiation received = duo.open(message);
        return received == null ? null : received.openTimestamp(duo.staticStatic, duo.cipher);
    }

    private static @Nullable MessageType typeOf(byte[] message) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(message.length).address();
            Memory.copyIn(message, 0, address, message.length);
            return MessageType.of(address, message.length);
        }
    }

    private static byte[] flipped(byte[] message, int bit) {
        byte[] copy = message.clone();
        copy[bit / 8] ^= (byte) (1 << bit % 8);
        return copy;
    }

    @Test
    void refusesAnInitiationWithAnyBitFlippedBeforeMac2() {
        try (Duo duo = new Duo(2);
                SentInitiation sent = duo.initiation(Duo.TIME)) {
            byte[] message = sent.message();
            for (int bit = 0; bit < 8 * HandshakeInitiation.MAC2; bit++) {
                assertThat(accepted(duo, flipped(message, bit)))
                        .as("bit %d", bit)
                        .isNull();
            }
            assertThat(accepted(duo, message)).isEqualTo(Duo.TIME);
        }
    }

    @Test
    void refusesAnInitiationWithAnySealedBitFlippedThoughItsMac1IsRight() {
        try (Duo duo = new Duo(3);
                SentInitiation sent = duo.initiation(Duo.TIME)) {
            for (int bit = 8 * HandshakeInitiation.EPHEMERAL; bit < 8 * HandshakeInitiation.MAC1; bit++) {
                byte[] forged = flipped(sent.message(), bit);
                Duo.writeMac1(forged, duo.bob.publicKey());
                assertThat(new CookieChecker(duo.bob).mac1Valid(forged, duo.tools))
                        .isTrue();
                assertThat(accepted(duo, forged)).as("bit %d", bit).isNull();
            }
            assertThat(accepted(duo, sent.message())).isEqualTo(Duo.TIME);
        }
    }

    @Test
    void ignoresMac2WithoutLoadAndChecksEachOfItsBitsUnderLoad() {
        try (Duo duo = new Duo(4);
                SentInitiation sent = duo.initiation(Duo.TIME)) {
            CookieChecker checker = new CookieChecker(duo.bob);
            duo.tools.source(false, 0x0a000001L << 32, 0, 0x1234);
            Cookie cookie = new Cookie();
            cookie.stamp(sent.message(), duo.remoteBob, 0);
            assertThat(cookie.consume(checker.reply(sent.message(), 0, duo.tools), duo.remoteBob, 0))
                    .isTrue();
            cookie.stamp(sent.message(), duo.remoteBob, 0);
            assertThat(checker.mac2Valid(sent.message(), 0, duo.tools)).isTrue();
            for (int bit = 8 * HandshakeInitiation.MAC2; bit < 8 * HandshakeInitiation.BYTES; bit++) {
                byte[] changed = flipped(sent.message(), bit);
                assertThat(accepted(duo, changed)).isEqualTo(Duo.TIME);
                assertThat(checker.mac2Valid(changed, 0, duo.tools))
                        .as("bit %d", bit)
                        .isFalse();
            }
        }
    }

    @Test
    void refusesAResponseWithAnyBitFlippedAndStillTakesTheRightOne() {
        try (Duo duo = new Duo(5);
                SentInitiation sent = duo.initiation(Duo.TIME);
                ResponseDraft draft = duo.respond(sent.message(), duo.psk)) {
            CookieChecker checker = new CookieChecker(duo.alice);
            byte[] response = draft.message();
            for (int bit = 0; bit < 8 * HandshakeResponse.MAC2; bit++) {
                byte[] forged = flipped(response, bit);
                boolean passes = typeOf(forged) == MessageType.RESPONSE && checker.mac1Valid(forged, duo.tools);
                assertThat(passes).as("bit %d", bit).isFalse();
                if (bit >= 8 * HandshakeResponse.EPHEMERAL && bit < 8 * HandshakeResponse.MAC1) {
                    // An attacker can make mac1 right.
                    assertThat(duo.consume(sent, forged)).as("bit %d", bit).isNull();
                }
            }
            try (SessionKeys keys = Objects.requireNonNull(duo.consume(sent, response))) {
                assertThat(keys.sending()).isEqualTo(draft.keys().receiving());
                assertThat(keys.receiving()).isEqualTo(draft.keys().sending());
            }
        }
    }

    @Test
    void consumingAResponseTwiceGivesTheSameKeys() {
        try (Duo duo = new Duo(6);
                SentInitiation sent = duo.initiation(Duo.TIME);
                ResponseDraft draft = duo.respond(sent.message(), duo.psk);
                SessionKeys first = Objects.requireNonNull(duo.consume(sent, draft.message()));
                SessionKeys second = Objects.requireNonNull(duo.consume(sent, draft.message()))) {
            assertThat(first.sending()).isEqualTo(second.sending());
            assertThat(first.receiving()).isEqualTo(second.receiving());
        }
    }

    @Test
    void refusesAResponseMadeWithAnotherPresharedKey() {
        try (Duo duo = new Duo(7);
                SentInitiation sent = duo.initiation(Duo.TIME);
                ResponseDraft without = duo.respond(sent.message(), PresharedKey.NONE);
                ResponseDraft other = duo.respond(sent.message(), PresharedKey.generate(duo.random));
                ResponseDraft right = duo.respond(sent.message(), duo.psk)) {
            assertThat(duo.consume(sent, without.message())).isNull();
            assertThat(duo.consume(sent, other.message())).isNull();
            assertThat(duo.consume(sent, right.message())).isNotNull();
        }
    }

    @Test
    void refusesAResponseToAnotherInitiation() {
        try (Duo duo = new Duo(8);
                SentInitiation earlier = duo.initiation(Duo.TIME);
                SentInitiation later = duo.initiation(Duo.TIME.orAfter(Duo.TIME));
                ResponseDraft draft = duo.respond(earlier.message(), duo.psk)) {
            assertThat(duo.consume(later, draft.message())).isNull();
            assertThat(duo.consume(earlier, draft.message())).isNotNull();
        }
    }

    @Test
    void refusesAResponseFromSomebodyElse() {
        try (Duo duo = new Duo(9);
                SentInitiation sent = duo.initiation(Duo.TIME);
                ReceivedInitiation received = Objects.requireNonNull(duo.open(sent.message()))) {
            assertThat(received.openTimestamp(duo.staticStatic, duo.cipher)).isNotNull();
            // Alice's own reflection and a response under a fresh chain: neither knows Bob's secrets.
            byte[] response = new byte[HandshakeResponse.BYTES];
            HandshakeResponse.writeType(response);
            duo.ephemeral().publicKey().copyTo(response, HandshakeResponse.EPHEMERAL);
            assertThat(duo.consume(sent, response)).isNull();
            System.arraycopy(sent.message(), HandshakeInitiation.EPHEMERAL, response, HandshakeResponse.EPHEMERAL, 32);
            assertThat(duo.consume(sent, response)).isNull();
        }
    }

    @Test
    void refusesAnInitiationForSomebodyElse() {
        try (Duo duo = new Duo(10);
                SentInitiation sent = duo.initiation(Duo.TIME);
                StaticIdentity carol = new StaticIdentity(duo.ephemeral())) {
            assertThat(ReceivedInitiation.open(carol, sent.message(), duo.cipher))
                    .isNull();
        }
    }

    @Test
    void refusesAnInitiatorWhoDoesNotHoldItsStaticKey() {
        try (Duo duo = new Duo(11);
                StaticIdentity mallory = new StaticIdentity(duo.ephemeral());
                SymmetricState state = SymmetricState.towards(duo.bob.publicKey())) {
            // Mallory claims to be Alice, whose public key is known to all; only the static-static secret is missing.
            byte[] message = new byte[HandshakeInitiation.BYTES];
            PrivateKey ephemeral = duo.ephemeral();
            byte[] shared = new byte[32];
            assertThat(X25519.sharedSecret(ephemeral, duo.bob.publicKey(), shared))
                    .isTrue();
            ephemeral.publicKey().copyTo(message, HandshakeInitiation.EPHEMERAL);
            state.mixEphemeral(ephemeral.publicKey());
            state.mixKey(shared);
            state.seal(duo.cipher, duo.alice.publicKey().toBytes(), message, HandshakeInitiation.SEALED_STATIC);
            assertThat(X25519.sharedSecret(mallory.privateKey(), duo.bob.publicKey(), shared))
                    .isTrue();
            state.mixKey(shared);
            state.seal(duo.cipher, new byte[12], message, HandshakeInitiation.SEALED_TIMESTAMP);
            try (ReceivedInitiation received = Objects.requireNonNull(duo.open(message))) {
                assertThat(received.initiator()).isEqualTo(duo.alice.publicKey());
                assertThat(received.openTimestamp(duo.staticStatic, duo.cipher)).isNull();
                assertThatThrownBy(() -> received.respond(duo.psk, duo.ephemeral(), duo.cipher))
                        .isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    void answersOnceAndOnlyAfterTheTimestamp() {
        try (Duo duo = new Duo(17);
                SentInitiation sent = duo.initiation(Duo.TIME);
                ReceivedInitiation received = Objects.requireNonNull(duo.open(sent.message()))) {
            PrivateKey early = duo.ephemeral();
            assertThatThrownBy(() -> received.respond(duo.psk, early, duo.cipher))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(early.toHex()).as("closed").isEqualTo("00".repeat(32));
        }
        try (Duo duo = new Duo(18);
                SentInitiation sent = duo.initiation(Duo.TIME);
                ReceivedInitiation received = Objects.requireNonNull(duo.open(sent.message()))) {
            PrivateKey ephemeral = duo.ephemeral();
            assertThat(received.openTimestamp(duo.staticStatic, duo.cipher)).isEqualTo(Duo.TIME);
            assertThatThrownBy(() -> received.openTimestamp(duo.staticStatic, duo.cipher))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(received.respond(duo.psk, ephemeral, duo.cipher)).isNotNull();
            assertThat(ephemeral.toHex()).as("closed").isEqualTo("00".repeat(32));
            assertThatThrownBy(() -> received.respond(duo.psk, duo.ephemeral(), duo.cipher))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void keepsNothingOfTheMessageItOpened() {
        try (Duo duo = new Duo(19);
                SentInitiation sent = duo.initiation(Duo.TIME)) {
            byte[] buffer = sent.message().clone();
            try (ReceivedInitiation received = Objects.requireNonNull(duo.open(buffer))) {
                Arrays.fill(buffer, (byte) -1);
                assertThat(received.openTimestamp(duo.staticStatic, duo.cipher)).isEqualTo(Duo.TIME);
                try (ResponseDraft draft =
                        Objects.requireNonNull(received.respond(duo.psk, duo.ephemeral(), duo.cipher))) {
                    assertThat(duo.consume(sent, draft.message())).isNotNull();
                }
            }
        }
    }

    @Test
    void closingZeroesKeysAndMakesAnInitiationDeaf() {
        try (Duo duo = new Duo(20)) {
            SentInitiation sent = duo.initiation(Duo.TIME);
            ResponseDraft draft = duo.respond(sent.message(), duo.psk);
            byte[] response = draft.message().clone();
            SessionKeys keys = Objects.requireNonNull(duo.consume(sent, response));
            keys.close();
            assertThat(keys.sending()).containsOnly(0);
            assertThat(keys.receiving()).containsOnly(0);
            draft.close();
            assertThat(draft.keys().sending()).containsOnly(0);
            assertThat(draft.keys().receiving()).containsOnly(0);
            sent.close();
            assertThat(sent.message()).containsOnly(0);
            assertThat(duo.consume(sent, response)).isNull();
        }
    }

    @Test
    void tellsNoSecretInToString() {
        try (Duo duo = new Duo(21);
                SentInitiation sent = duo.initiation(Duo.TIME);
                ResponseDraft draft = duo.respond(sent.message(), duo.psk)) {
            for (Object holder : new Object[] {sent, draft, draft.keys(), duo.alice, duo.remoteBob}) {
                assertThat(holder.toString())
                        .doesNotContainIgnoringCase(duo.alice.privateKey().toHex())
                        .doesNotContain(duo.alice.privateKey().toBase64())
                        .startsWith(holder.getClass().getName() + "@");
            }
        }
    }
}
