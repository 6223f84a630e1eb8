package dev.culvert.it;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.HandshakeCipher;
import dev.culvert.crypto.Memory;
import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.crypto.X25519;
import dev.culvert.noise.Cookie;
import dev.culvert.noise.RemoteIdentity;
import dev.culvert.noise.SentInitiation;
import dev.culvert.noise.SessionKeys;
import dev.culvert.noise.StaticIdentity;
import dev.culvert.noise.Tai64n;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import dev.culvert.wire.TransportData;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/// A spoke that tells what no spoke tells: a program for a test's namespace that makes one handshake with the
/// hub on 127.0.0.1 and prints every secret that the hub has of it, in hexadecimal. Reads from standard input:
/// the port, the hub's public key, its own private key, the preshared key, how many seconds its clock is ahead. The
/// keys are made for the test.
final class ScriptedSpoke {
    private static final int TIMEOUT_MS = 5000;
    private static final int INDEX = 0x5eed;

    private ScriptedSpoke() {}

    /// Runs it in the hub's namespace.
    ///
    /// @return what it printed
    static String run(Namespace namespace, int port, Identity hub, Identity spoke, String psk, long aheadS) {
        List<String> command = namespace.inside(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                ScriptedSpoke.class.getName()));
        List<String> lines =
                List.of(Integer.toString(port), hub.publicKey(), spoke.privateKey(), psk, Long.toString(aheadS));
        return Command.run(Command.LIMIT, String.join("\n", lines) + "\n", command)
                .required();
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        int port = Integer.parseInt(in.readLine());
        PublicKey hub = PublicKey.fromBase64(in.readLine());
        PrivateKey key = PrivateKey.fromBase64(in.readLine());
        PresharedKey psk = PresharedKey.fromBase64(in.readLine());
        long aheadS = Long.parseLong(in.readLine());
        byte[] staticStatic = new byte[32];
        X25519.sharedSecret(key, hub, staticStatic);
        tell("static-static", staticStatic);

        try (DatagramSocket socket = new DatagramSocket();
                HandshakeCipher cipher = new HandshakeCipher(AeadEngine.BOUNCY_CASTLE.newAead());
                StaticIdentity me = new StaticIdentity(key)) {
            socket.setSoTimeout(TIMEOUT_MS);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            long wallNs = System.currentTimeMillis() * 1_000_000L;
            SentInitiation initiation = Objects.requireNonNull(SentInitiation.create(
                    me,
                    hub,
                    staticStatic,
                    Tai64n.of(wallNs + aheadS * 1_000_000_000L),
                    PrivateKey.generate(new Random(wallNs)::nextBytes),
                    cipher));
            byte[] message = initiation.message();
            HandshakeInitiation.writeSenderIndex(message, INDEX);
            new Cookie().stamp(message, new RemoteIdentity(hub), 0);
            socket.send(new DatagramPacket(message, message.length));
            byte[] answer = receive(socket);
            SessionKeys keys = Objects.requireNonNull(initiation.consumeResponse(me, psk, answer, cipher));
            tell("hub-receives", keys.sending());
            tell("hub-sends", keys.receiving());
            socket.send(keepalive(keys, HandshakeResponse.senderIndex(answer)));
        }
    }

    private static byte[] receive(DatagramSocket socket) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    /// Confirms the session, so that the hub uses both keys.
    private static DatagramPacket keepalive(SessionKeys keys, int receiverIndex) {
        byte[] datagram = new byte[TransportData.OVERHEAD_BYTES];
        try (Arena arena = Arena.ofConfined();
                Aead aead = AeadEngine.BOUNCY_CASTLE.newAead()) {
            long address = arena.allocate(datagram.length).address();
            long key = arena.allocate(Aead.KEY_BYTES).address();
            Memory.copyIn(keys.sending(), 0, key, Aead.KEY_BYTES);
            TransportData.writeHeader(address, receiverIndex, 0);
            long inner = address + TransportData.HEADER_BYTES;
            aead.seal(key, inner, inner, 0, 0);
            Memory.copyOut(address, datagram, 0, datagram.length);
        }
        return new DatagramPacket(datagram, datagram.length);
    }

    private static void tell(String name, byte[] secret) {
        System.out.println(name + ' ' + HexFormat.of().formatHex(secret));
    }
}
