package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.Blake2s;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.RandomSource;
import dev.culvert.wire.CookieReply;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.Vectors;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

class CookieTest {
    private static final long SECOND_NS = 1_000_000_000L;
    /// Close to the greatest long, so that sums wrap; parsed, or the compiler would refuse the overflow.
    private static final long START_NS = Long.parseLong("9223372036000000000");

    private static final byte[] SOURCE = {(byte) 192, 0, 2, 9, (byte) 0xca, 0x6c};

    /// Gives out what it was loaded with and fails when that is used up.
    private static RandomSource scripted(byte[]... script) {
        Deque<byte[]> rest = new ArrayDeque<>(List.of(script));
        return target -> {
            byte[] next = rest.remove();
            assertThat(next).hasSameSizeAs(target);
            System.arraycopy(next, 0, target, 0, target.length);
        };
    }

    private static byte[] source(JsonNode c) throws Exception {
        byte[] address = InetAddress.getByName(Vectors.text(c, "source_ip")).getAddress();
        return ByteBuffer.allocate(address.length + 2)
                .put(address)
                .putShort((short) Vectors.field(c, "source_port").asInt())
                .array();
    }

    private static void from(byte[] source, CookieTools tools) {
        System.arraycopy(source, 0, tools.source, 0, source.length);
        tools.sourceBytes = source.length;
    }

    private static String mac2(byte[] message) {
        return Vectors.hex(Arrays.copyOfRange(message, message.length - 16, message.length));
    }

    /// Whatever seals them.
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IPSEC_MB") // tested where it is, in its own module
    void followsEveryVectorOnBothSides(AeadEngine engine) throws Exception {
        JsonNode cases = Vectors.field(Vectors.read("cookie.json"), "cases");
        assertThat(cases.size()).isEqualTo(10);
        for (JsonNode c : cases) {
            RandomSource random = scripted(Vectors.bytes(c, "cookie_secret"), Vectors.bytes(c, "nonce"));
            try (Aead aead = engine.newAead();
                    CookieTools tools = new CookieTools(aead, random)) {
                follow(c, tools);
            }
        }
    }

    private static void follow(JsonNode c, CookieTools tools) throws Exception {
        StaticIdentity responder = new StaticIdentity(PrivateKey.fromBytes(Vectors.bytes(c, "responder_private")));
        RemoteIdentity remote = new RemoteIdentity(responder.publicKey());
        CookieChecker checker = new CookieChecker(responder);
        byte[] message = Vectors.bytes(c, "message");
        from(source(c), tools);
        assertThat(checker.mac1Valid(message, tools)).isTrue();
        byte[] reply = checker.reply(message, 0, tools);
        assertThat(Vectors.hex(reply)).isEqualTo(Vectors.text(c, "cookie_reply"));

        Cookie cookie = new Cookie();
        byte[] sent = message.clone();
        cookie.stamp(sent, remote, 0);
        assertThat(Arrays.copyOf(sent, sent.length - 16)).isEqualTo(Arrays.copyOf(message, message.length - 16));
        assertThat(cookie.consume(reply, remote, 0)).isTrue();
        cookie.stamp(sent, remote, 0);
        assertThat(Vectors.hex(sent)).isEqualTo(Vectors.text(c, "message_with_mac2"));
        assertThat(checker.mac2Valid(sent, 0, tools)).isTrue();
    }

    @Test
    void givesTheToolsTheSourceAsTheVectorsWriteIt() throws Exception {
        try (Exchange e = new Exchange()) {
            e.duo.tools.source(false, 0xc0000209L << 32, 0, 0xca6c);
            assertThat(Arrays.copyOf(e.duo.tools.source, e.duo.tools.sourceBytes))
                    .isEqualTo(SOURCE);
            e.duo.tools.source(true, 0x20010db8_00010203L, 0x04050607_08090a0bL, 51820);
            byte[] ipv6 =
                    InetAddress.getByName("2001:db8:1:203:405:607:809:a0b").getAddress();
            assertThat(Arrays.copyOf(e.duo.tools.source, e.duo.tools.sourceBytes))
                    .isEqualTo(ByteBuffer.allocate(18)
                            .put(ipv6)
                            .putShort((short) 51820)
                            .array());
        }
    }

    @Test
    void noTwoRepliesHaveTheSameNonceAndEachOpens() {
        try (Exchange e = new Exchange()) {
            Set<String> nonces = new HashSet<>();
            for (int i = 0; i < 1000; i++) {
                HandshakeInitiation.writeSenderIndex(e.message, i);
                e.stamp(0);
                byte[] reply = e.reply(0);
                nonces.add(Vectors.hex(Arrays.copyOfRange(reply, CookieReply.NONCE, CookieReply.SEALED_COOKIE)));
                assertThat(e.consume(reply, 0)).isTrue();
            }
            assertThat(nonces).hasSize(1000);
        }
    }

    /// One initiator and one responder, and an initiation without macs.
    private static final class Exchange implements AutoCloseable {
        private final Duo duo = new Duo(7);
        private final CookieChecker checker = new CookieChecker(duo.bob);
        private final Cookie cookie = new Cookie();
        private final byte[] message = new byte[HandshakeInitiation.BYTES];

        private Exchange() {
            HandshakeInitiation.writeType(message);
            HandshakeInitiation.writeSenderIndex(message, 0x12345678);
        }

        private void stamp(long nowNs) {
            cookie.stamp(message, duo.remoteBob, nowNs);
        }

        private byte[] reply(long nowNs) {
            return reply(checker, nowNs);
        }

        /// A copy.
        private byte[] reply(CookieChecker responder, long nowNs) {
            from(SOURCE, duo.tools);
            return responder.reply(message, nowNs, duo.tools).clone();
        }

        private boolean consume(byte[] reply, long nowNs) {
            return cookie.consume(reply, duo.remoteBob, nowNs);
        }

        private boolean mac2Valid(byte[] source, long nowNs) {
            from(source, duo.tools);
            return checker.mac2Valid(message, nowNs, duo.tools);
        }

        private boolean hasMac2() {
            return !mac2(message).equals("00".repeat(16));
        }

        @Override
        public void close() {
            duo.close();
        }
    }

    @Test
    void usesACookieFor115Seconds() {
        try (Exchange e = new Exchange()) {
            e.stamp(START_NS);
            assertThat(e.hasMac2()).isFalse();
            assertThat(e.consume(e.reply(START_NS), START_NS)).isTrue();
            e.stamp(START_NS + 115 * SECOND_NS - 1);
            assertThat(e.hasMac2()).isTrue();
            assertThat(e.mac2Valid(SOURCE, START_NS + 115 * SECOND_NS - 1)).isTrue();
            e.stamp(START_NS + 115 * SECOND_NS);
            assertThat(e.hasMac2()).isFalse();
        }
    }

    @Test
    void changesTheSecretAfter120Seconds() {
        try (Exchange e = new Exchange()) {
            e.stamp(START_NS);
            assertThat(e.consume(e.reply(START_NS), START_NS)).isTrue();
            e.stamp(START_NS);
            assertThat(e.mac2Valid(SOURCE, START_NS + 120 * SECOND_NS - 1)).isTrue();
            assertThat(e.mac2Valid(SOURCE, START_NS + 120 * SECOND_NS)).isFalse();
            // The old cookie does not come back.
            assertThat(e.mac2Valid(SOURCE, START_NS + 120 * SECOND_NS)).isFalse();
        }
    }

    @Test
    void bindsTheCookieToAddressAndPort() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            assertThat(e.consume(e.reply(0), 0)).isTrue();
            e.stamp(0);
            assertThat(e.mac2Valid(SOURCE, 0)).isTrue();
            for (int bit = 0; bit < 8 * SOURCE.length; bit++) {
                byte[] other = SOURCE.clone();
                other[bit / 8] ^= (byte) (1 << bit % 8);
                assertThat(e.mac2Valid(other, 0)).as("bit %d", bit).isFalse();
            }
            byte[] ipv6 = new byte[18];
            System.arraycopy(SOURCE, 0, ipv6, 12, 6);
            assertThat(e.mac2Valid(ipv6, 0)).isFalse();
        }
    }

    @Test
    void zerosAreNoMac2() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            assertThat(e.mac2Valid(SOURCE, 0)).isFalse();
        }
    }

    @Test
    void ignoresRepliesUnlessAMac1IsOutstanding() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            byte[] reply = e.reply(0);
            assertThat(new Cookie().consume(reply, e.duo.remoteBob, 0))
                    .as("none was ever sent")
                    .isFalse();
            assertThat(e.consume(reply, 0)).isTrue();
            assertThat(e.consume(reply, 0)).as("the same reply again").isFalse();
            assertThat(e.consume(e.reply(0), 0))
                    .as("another reply to the same message")
                    .isFalse();
            e.stamp(0);
            assertThat(e.consume(e.reply(0), 0))
                    .as("a reply to the next message")
                    .isTrue();
        }
    }

    @Test
    void takesOnlyAReplyToTheLastMessage() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            byte[] late = e.reply(0);
            HandshakeInitiation.writeSenderIndex(e.message, 0x9abcdef0);
            e.stamp(0);
            assertThat(e.consume(late, 0)).isFalse();
            assertThat(e.consume(e.reply(0), 0)).isTrue();
        }
    }

    @Test
    void refusesAReplyWithAnySealedBitFlippedAndStillTakesTheRightOne() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            byte[] reply = e.reply(0);
            assertThat(CookieReply.receiverIndex(reply)).isEqualTo(0x12345678);
            for (int bit = 8 * CookieReply.NONCE; bit < 8 * CookieReply.BYTES; bit++) {
                byte[] forged = reply.clone();
                forged[bit / 8] ^= (byte) (1 << bit % 8);
                assertThat(e.consume(forged, 0)).as("bit %d", bit).isFalse();
            }
            e.stamp(0);
            assertThat(e.hasMac2()).isFalse();
            assertThat(e.consume(reply, 0)).isTrue();
        }
    }

    @Test
    void refusesAReplyFromSomebodyElse() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            byte[] reply = e.reply(new CookieChecker(e.duo.alice), 0);
            assertThat(e.consume(reply, 0)).isFalse();
        }
    }

    @Test
    void aNewCookieTakesThePlaceOfTheOld() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            assertThat(e.consume(e.reply(0), 0)).isTrue();
            e.stamp(100 * SECOND_NS);
            assertThat(e.mac2Valid(SOURCE, 100 * SECOND_NS)).isTrue();
            assertThat(e.mac2Valid(SOURCE, 121 * SECOND_NS)).isFalse();
            assertThat(e.consume(e.reply(121 * SECOND_NS), 121 * SECOND_NS)).isTrue();
            e.stamp(130 * SECOND_NS);
            assertThat(e.mac2Valid(SOURCE, 130 * SECOND_NS)).isTrue();
        }
    }

    @Test
    void mac1CoversEveryByteBeforeIt() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            assertThat(e.checker.mac1Valid(e.message, e.duo.tools)).isTrue();
            for (int bit = 0; bit < 8 * HandshakeInitiation.MAC2; bit++) {
                e.message[bit / 8] ^= (byte) (1 << bit % 8);
                assertThat(e.checker.mac1Valid(e.message, e.duo.tools))
                        .as("bit %d", bit)
                        .isFalse();
                e.message[bit / 8] ^= (byte) (1 << bit % 8);
            }
        }
    }

    @Test
    void mac2CoversMac1() {
        try (Exchange e = new Exchange()) {
            e.stamp(0);
            assertThat(e.consume(e.reply(0), 0)).isTrue();
            e.stamp(0);
            for (int bit = 0; bit < 8 * HandshakeInitiation.BYTES; bit++) {
                e.message[bit / 8] ^= (byte) (1 << bit % 8);
                assertThat(e.mac2Valid(SOURCE, 0)).as("bit %d", bit).isFalse();
                e.message[bit / 8] ^= (byte) (1 << bit % 8);
            }
            assertThat(e.mac2Valid(SOURCE, 0)).isTrue();
        }
    }

    @Test
    void drawsASecretOnlyWhenItIsNeeded() {
        try (Exchange e = new Exchange()) {
            byte[] secret = new byte[32];
            Arrays.fill(secret, (byte) 7);
            byte[] cookie = new byte[16];
            Blake2s.mac(secret, SOURCE, 0, SOURCE.length, cookie, 0);
            e.stamp(0);
            try (Aead aead = AeadEngine.BOUNCY_CASTLE.newAead();
                    CookieTools once = new CookieTools(aead, scripted(secret, new byte[24]))) {
                from(SOURCE, once);
                assertThat(e.consume(e.checker.reply(e.message, 0, once), 0)).isTrue();
                e.checker.reply(e.message, 119 * SECOND_NS, once);
            }
            e.stamp(0);
            byte[] expected = new byte[16];
            Blake2s.mac(cookie, e.message, 0, HandshakeInitiation.MAC2, expected, 0);
            assertThat(mac2(e.message)).isEqualTo(Vectors.hex(expected));
        }
    }

    @Test
    void checksAndRotatesFromSeveralThreadsAtOnce() throws Exception {
        int threads = 4;
        try (Exchange e = new Exchange();
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            e.stamp(0);
            for (int round = 0; round < 40; round++) {
                long nowNs = round * (120 * SECOND_NS); // each round draws a new secret
                CyclicBarrier start = new CyclicBarrier(threads);
                List<Future<Boolean>> results = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    Duo own = new Duo(100L * round + i);
                    results.add(pool.submit(() -> {
                        byte[] message = e.message.clone();
                        Cookie cookie = new Cookie();
                        from(SOURCE, own.tools);
                        start.await();
                        cookie.stamp(message, e.duo.remoteBob, nowNs);
                        boolean valid = e.checker.mac1Valid(message, own.tools);
                        valid &= cookie.consume(e.checker.reply(message, nowNs, own.tools), e.duo.remoteBob, nowNs);
                        cookie.stamp(message, e.duo.remoteBob, nowNs);
                        valid &= e.checker.mac2Valid(message, nowNs, own.tools);
                        own.close();
                        return valid;
                    }));
                }
                for (Future<Boolean> result : results) {
                    assertThat(result.get()).isTrue();
                }
            }
        }
    }
}
