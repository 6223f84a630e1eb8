package dev.culvert.uapi;

import dev.culvert.crypto.PresharedKey;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import dev.culvert.device.AllowedIp;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.DeviceException;
import dev.culvert.device.DeviceStatus;
import dev.culvert.device.DropReason;
import dev.culvert.device.Event;
import dev.culvert.device.IpText;
import dev.culvert.device.PeerLabel;
import dev.culvert.device.PeerStatus;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One connection of the configuration protocol (wireguard.com/xplatform): requests one after the other until
/// the other side ends. A refused request changes nothing and leaves the connection usable.
///
/// A set ends with its blank line. One that is cut off before may be half of what was meant (wg(8) was killed),
/// and
/// is refused; wireguard-go keeps the half that it was given.
///
/// Beyond the protocol, `culvert_drops=1` answers a line for each reason for which packets were dropped, and
/// `culvert_engine=1` what seals and opens packets, `culvert_endpoints=1` what is wrong with endpoints that are
/// names, what its peers are called, and whether the device drains; `culvert_drain=1` and `culvert_drain=0` begin and
/// end that.
/// `culvert_why=1` with a line `query=` answers why a peer does not connect.
final class UapiSession implements AutoCloseable {
    /// Of one answer; whoever wants more asks again.
    private static final int EVENTS_MAX = 512;
    private static final Logger LOG = LoggerFactory.getLogger(UapiSession.class);
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int FLUSH_BYTES = 16 << 10;
    private static final int LINE_BYTES_MAX = 4 << 10;

    private final UapiConnection connection;
    private final UapiLines lines;
    private final DeviceControl device;
    private final Supplier<Map<String, Long>> drops;
    private final UapiLimits limits;
    private final Runnable makeRoom;
    /// Freed with the connection, without waiting for a collection.
    private final Arena arena = Arena.ofConfined();
    /// Off heap, or the JDK would copy it into a buffer of its own, which nobody zeroes: it holds keys.
    private final MemorySegment answer = arena.allocate(FLUSH_BYTES + LINE_BYTES_MAX);
    private final ByteBuffer out = answer.asByteBuffer();
    private final AnswerLine line = new AnswerLine(out);

    /// @param makeRoom called while too many others hold an answer that nobody takes
    UapiSession(
            UapiConnection connection,
            DeviceControl device,
            Supplier<Map<String, Long>> drops,
            UapiLimits limits,
            Runnable makeRoom) {
        this.connection = connection;
        this.device = device;
        this.drops = drops;
        this.limits = limits;
        this.makeRoom = makeRoom;
        lines = new UapiLines(connection, arena);
    }

    /// Serves until the other side ends; an immediate end is how wg(8) tests that somebody listens.
    void serve() throws IOException {
        for (int length = lines.next(); length != UapiLines.END; length = lines.next()) {
            String operation = length == UapiLines.TOO_LONG
                    ? ""
                    : new String(lines.bytes(), 0, length, StandardCharsets.ISO_8859_1);
            connection.exchangeBegins();
            switch (operation) {
                case "get=1" -> get();
                case "set=1" -> set();
                case "culvert_drops=1" -> drops();
                case "culvert_engine=1" -> engine();
                case "culvert_endpoints=1" -> endpoints();
                case "culvert_drain=1" -> drain(true);
                case "culvert_drain=0" -> drain(false);
                case "culvert_why=1" -> why();
                case "culvert_events=1" -> events();
                default -> {
                    skipRequest(length == 0);
                    answer(UapiException.EPROTO);
                }
            }
            lines.wipe();
            flush();
            connection.exchangeEnds();
        }
    }

    /// Reads on to the blank line, so that the rest of a refused request is no request of its own.
    private void skipRequest(boolean atItsEnd) throws IOException {
        int length = atItsEnd ? 0 : lines.next();
        while (length != 0 && length != UapiLines.END) {
            length = lines.next();
        }
    }

    private void set() throws IOException {
        SetRequest request = new SetRequest();
        try (UapiLimits.RequestBytes bytes = limits.new RequestBytes()) {
            for (int length = lines.next(); length != 0; length = lines.next()) {
                if (length == UapiLines.TOO_LONG || length == UapiLines.END) {
                    throw new UapiException(UapiException.EPROTO);
                }
                bytes.take(length + 1);
                request.line(lines.bytes(), length);
            }
            device.apply(request.change());
            answer(0);
        } catch (UapiException e) {
            if (e.errno == UapiException.ENOBUFS) {
                LOG.warn(
                        "a set was refused: the requests on their way are more than {} MiB; a heap of more than 4 GiB"
                                + " takes 512 MiB of them (CULVERT_JAVA_OPTS=-Xmx…), or send the peers in parts",
                        limits.requestBytesMax() >> 20);
            }
            skipRequest(false);
            answer(-e.errno);
        } catch (DeviceException e) {
            LOG.warn("a change was refused: {}", e.getMessage());
            answer(-e.errno()); // wg(8) expects it negative here and positive for get (conformance 2.2)
        } catch (RuntimeException e) {
            LOG.error("a change failed by a fault in Culvert; please report it", e);
            answer(-UapiException.EIO);
        } finally {
            request.wipe();
        }
    }

    private void get() throws IOException {
        if (!isBlankLine()) {
            answer(UapiException.EINVAL);
            return;
        }
        try {
            limits.beginAnswer(makeRoom);
        } catch (InterruptedException e) {
            throw new InterruptedIOException("waiting for a turn to answer");
        }
        try {
            state();
        } finally {
            limits.endAnswer();
        }
    }

    private void state() throws IOException {
        DeviceStatus status;
        try {
            status = device.status();
        } catch (RuntimeException e) {
            LOG.error("the state could not be read by a fault in Culvert; please report it", e);
            answer(UapiException.EIO);
            return;
        }
        try (PrivateKey key = status.privateKey()) {
            if (key != null) {
                secretLine("private_key", key::writeHex);
            }
        }
        if (status.listenPort() != 0) {
            line("listen_port", Integer.toString(status.listenPort()));
        }
        if (status.fwmark() != 0) {
            line("fwmark", Integer.toUnsignedString(status.fwmark()));
        }
        for (PeerStatus peer : status.peers()) {
            peer(peer);
        }
        answer(0);
    }

    private void peer(PeerStatus peer) throws IOException {
        line.key(AnswerLine.PUBLIC_KEY).hex(peer.publicKey()).end();
        try (PresharedKey key = peer.presharedKey()) {
            if (key.isNone()) {
                line.key(AnswerLine.NO_PRESHARED_KEY).end();
            } else {
                secretLine("preshared_key", key::writeHex);
            }
        }
        line.key(AnswerLine.PROTOCOL_VERSION).number(1).end();
        InetSocketAddress endpoint = peer.endpoint();
        if (endpoint != null) {
            line("endpoint", IpText.format(endpoint));
        }
        line.key(AnswerLine.LAST_HANDSHAKE_SEC)
                .number(peer.lastHandshakeWallNs() / SECOND_NS)
                .end();
        line.key(AnswerLine.LAST_HANDSHAKE_NSEC)
                .number(peer.lastHandshakeWallNs() % SECOND_NS)
                .end();
        line.key(AnswerLine.TX_BYTES).number(peer.txBytes()).end();
        line.key(AnswerLine.RX_BYTES).number(peer.rxBytes()).end();
        line.key(AnswerLine.KEEPALIVE).number(peer.persistentKeepaliveSeconds()).end();
        flushIfFull();
        for (AllowedIp prefix : peer.allowedIps()) {
            line.key(AnswerLine.ALLOWED_IP).prefix(prefix).end();
            flushIfFull();
        }
    }

    private void drops() throws IOException {
        if (!isBlankLine()) {
            answer(UapiException.EINVAL);
            return;
        }
        for (Map.Entry<String, Long> drop : drops.get().entrySet()) {
            line(drop.getKey(), Long.toUnsignedString(drop.getValue()));
        }
        answer(0);
    }

    private void engine() throws IOException {
        if (!isBlankLine()) {
            answer(UapiException.EINVAL);
            return;
        }
        line("engine", device.engine().operatorName());
        answer(0);
    }

    private void endpoints() throws IOException {
        if (!isBlankLine()) {
            answer(UapiException.EINVAL);
            return;
        }
        if (device.draining()) {
            line("device_draining", "true");
        }
        for (Map.Entry<String, String> trait : device.traits().entrySet()) {
            line("device_trait", trait.getKey() + ' ' + trait.getValue());
        }
        for (Map.Entry<PublicKey, String> trouble : device.endpointTroubles().entrySet()) {
            line("endpoint_trouble", trouble.getKey().toHex() + ' ' + trouble.getValue());
        }
        for (Map.Entry<PublicKey, Map<DropReason, Long>> peer :
                device.peerDrops().entrySet()) {
            for (Map.Entry<DropReason, Long> drop : peer.getValue().entrySet()) {
                line("peer_drop", peer.getKey().toHex() + ' ' + drop.getKey().label() + ' ' + drop.getValue());
            }
        }
        for (Map.Entry<PublicKey, PeerLabel> label : device.labels().entrySet()) {
            line("peer_name", label.getKey().toHex() + ' ' + label.getValue().name());
        }
        answer(0);
    }

    private void drain(boolean on) throws IOException {
        if (!isBlankLine()) {
            answer(UapiException.EINVAL);
            return;
        }
        device.drain(on);
        answer(0);
    }

    /// One line `query=` follows, of at most [#LINE_BYTES_MAX] bytes in UTF-8.
    private void why() throws IOException {
        int length = lines.next();
        String query = length < 0 ? "" : new String(lines.bytes(), 0, length, StandardCharsets.UTF_8);
        if (length == 0 || !isBlankLine() || !query.startsWith("query=")) {
            answer(UapiException.EINVAL);
            return;
        }
        for (String each : DiagnosisLines.of(device.why(query.substring(query.indexOf('=') + 1)))) {
            text(each);
            endLine();
        }
        answer(0);
    }

    /// One line `after=` follows, with the number of the last event that the asker has.
    private void events() throws IOException {
        int length = lines.next();
        String after = length < 0 ? "" : new String(lines.bytes(), 0, length, StandardCharsets.US_ASCII);
        if (length == 0 || !isBlankLine() || !after.matches("after=[0-9]{1,18}")) {
            answer(UapiException.EINVAL);
            return;
        }
        long number = Long.parseLong(after.substring(after.indexOf('=') + 1));
        for (Event event : device.events().after(number, EVENTS_MAX)) {
            for (String each : EventLines.of(event)) {
                text(each);
                endLine();
            }
        }
        line("events_newest", Long.toString(device.events().newest()));
        answer(0);
    }

    /// A request without lines ends here; one with lines is read to its end.
    private boolean isBlankLine() throws IOException {
        int length = lines.next();
        if (length == 0 || length == UapiLines.END) {
            return true;
        }
        skipRequest(false);
        return false;
    }

    private void line(String key, String value) throws IOException {
        text(key);
        text("=");
        text(value);
        endLine();
    }

    private void secretLine(String key, Consumer<ByteBuffer> value) throws IOException {
        text(key);
        text("=");
        value.accept(out);
        endLine();
    }

    private void endLine() throws IOException {
        text("\n");
        flushIfFull();
    }

    private void flushIfFull() throws IOException {
        if (out.position() >= FLUSH_BYTES) {
            flush();
        }
    }

    private void answer(int errno) {
        text("errno=" + errno + "\n\n");
    }

    private void text(String text) {
        out.put(text.getBytes(StandardCharsets.UTF_8));
    }

    private void flush() throws IOException {
        out.flip();
        try {
            while (out.hasRemaining()) {
                connection.write(out);
            }
        } finally {
            wipeAnswer();
        }
    }

    private void wipeAnswer() {
        out.clear();
        answer.fill((byte) 0);
    }

    /// Zeroes what a connection that broke off has left.
    @Override
    public void close() {
        lines.close();
        wipeAnswer();
        arena.close();
    }
}
