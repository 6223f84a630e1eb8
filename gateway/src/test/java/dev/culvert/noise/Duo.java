package dev.culvert.noise;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.RandomSource;
import dev.culvert.crypto.X25519;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Two parties who know each other's public key, with everything random drawn from a seed: `alice` initiates,
/// `bob` responds.
final class Duo implements AutoCloseable {
    static final int ALICE_INDEX = 0xa11ce000;
    static final int BOB_INDEX = 0x00000b0b;
    static final Tai64n TIME = Tai64n.of(1_700_000_000_000_000_000L);

    final RandomSource random;
    final HandshakeCipher cipher = new HandshakeCipher(AeadEngine.BOUNCY_CASTLE.newAead());
    final Aead aead = AeadEngine.BOUNCY_CASTLE.newAead();
    /// Of whoever checks or answers.
    final CookieTools tools;
    final StaticIdentity alice;
    final StaticIdentity bob;
    final RemoteIdentity remoteAlice;
    final RemoteIdentity remoteBob;
    final PresharedKey psk;
    final byte[] staticStatic = new byte[32];

    Duo(long seed) {
        random = new Random(seed)::nextBytes;
        tools = new CookieTools(aead, random);
        alice = new StaticIdentity(PrivateKey.generate(random));
        bob = new StaticIdentity(PrivateKey.generate(random));
        remoteAlice = new RemoteIdentity(alice.publicKey());
        remoteBob = new RemoteIdentity(bob.publicKey());
        psk = PresharedKey.generate(random);
        if (!X25519.sharedSecret(alice.privateKey(), bob.publicKey(), staticStatic)) {
            throw new AssertionError("random keys agree");
        }
    }

    PrivateKey ephemeral() {
        return PrivateKey.generate(random);
    }

    /// Finished: with index and mac1.
    SentInitiation initiation(Tai64n timestamp) {
        SentInitiation sent = Objects.requireNonNull(
                SentInitiation.create(alice, bob.publicKey(), staticStatic, timestamp, ephemeral(), cipher));
        HandshakeInitiation.writeSenderIndex(sent.message(), ALICE_INDEX);
        new Cookie().stamp(sent.message(), remoteBob, 0);
        return sent;
    }

    @Nullable
    ReceivedInitiation open(byte[] message) {
        return ReceivedInitiation.open(bob, message, cipher);
    }

    /// Finished: with index and mac1.
    ResponseDraft respond(byte[] initiation, PresharedKey key) {
        try (ReceivedInitiation received = Objects.requireNonNull(open(initiation))) {
            Objects.requireNonNull(received.openTimestamp(staticStatic, cipher));
            ResponseDraft draft = Objects.requireNonNull(received.respond(key, ephemeral(), cipher));
            HandshakeResponse.writeSenderIndex(draft.message(), BOB_INDEX);
            new Cookie().stamp(draft.message(), remoteAlice, 0);
            return draft;
        }
    }

    @Nullable
    SessionKeys consume(SentInitiation sent, byte[] response) {
        return sent.consumeResponse(alice, psk, response, cipher);
    }

    /// What an attacker who knows the receiver's public key can always do.
    static void writeMac1(byte[] message, PublicKey receiver) {
        new Cookie().stamp(message, new RemoteIdentity(receiver), 0);
    }

    /// Whether `message` was made for the public key of `me`.
    static boolean mac1Valid(StaticIdentity me, byte[] message) {
        try (Duo duo = new Duo(0)) {
            return new CookieChecker(me).mac1Valid(message, duo.tools);
        }
    }

    @Override
    public void close() {
        cipher.close();
        tools.close();
        aead.close();
    }
}
