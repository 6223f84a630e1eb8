package dev.culvert.cli;

import dev.culvert.device.DeviceStatus;
import dev.culvert.device.Diagnosis;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// Asks devices over their UAPI sockets, whatever program serves them (conformance 2.2, 2.3). Blocks at most
/// [#SILENCE_MS] between two bytes. It reads, and drains: settings go another way.
final class UapiClient {
    static final int SILENCE_MS = 10_000;
    /// Of [#why]: in any letters it fits into a line.
    static final int QUERY_CHARS_MAX = 256;

    private static final String SUFFIX = ".sock";
    private static final int LINE_BYTES_MAX = 4096;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final byte[] GET = "get=1\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ENGINE = "culvert_engine=1\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DROPS = "culvert_drops=1\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ENDPOINTS = "culvert_endpoints=1\n\n".getBytes(StandardCharsets.US_ASCII);

    private final Path directory;

    UapiClient(Path directory) {
        this.directory = directory;
    }

    Path socket(String interfaceName) {
        return directory.resolve(interfaceName + SUFFIX);
    }

    /// Names whose socket somebody listens on, sorted.
    List<String> interfaces() throws IOException {
        List<String> names = new ArrayList<>();
        if (!Files.isDirectory(directory)) {
            return names;
        }
        try (DirectoryStream<Path> sockets = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path socket : sockets) {
                String file = String.valueOf(socket.getFileName());
                String name = file.substring(0, file.length() - SUFFIX.length());
                if (isServed(name)) {
                    names.add(name);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(names);
        return names;
    }

    /// Connects and closes, as wg(8) does to see whether somebody listens.
    boolean isServed(String interfaceName) {
        try (SocketChannel channel = connect(interfaceName)) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /// @throws CliFailure if the device does not answer a `get`
    void requireAnswer(String interfaceName) throws CliFailure, IOException, InterruptedException {
        get(interfaceName);
    }

    /// @throws CliFailure with a sentence if nobody serves that name
    DeviceStatus get(String interfaceName) throws CliFailure, IOException, InterruptedException {
        return ask(interfaceName, GET).finish();
    }

    /// What seals and opens a Culvert's packets.
    ///
    /// @throws CliFailure with a sentence if no Culvert serves that name
    String engine(String interfaceName) throws CliFailure, IOException, InterruptedException {
        return ask(interfaceName, ENGINE).engine();
    }

    /// What is special about it; nothing is known where another program serves the name.
    UapiAnswer.Remarks remarks(String interfaceName) throws IOException, InterruptedException {
        try {
            return ask(interfaceName, ENDPOINTS).remarks();
        } catch (CliFailure e) {
            return UapiAnswer.Remarks.NONE;
        }
    }

    /// @throws CliFailure with a sentence if no Culvert serves that name
    void drain(String interfaceName, boolean on) throws CliFailure, IOException, InterruptedException {
        byte[] request = ("culvert_drain=" + (on ? 1 : 0) + "\n\n").getBytes(StandardCharsets.US_ASCII);
        ask(interfaceName, request).requireDone();
    }

    /// Packets that were dropped, by reason; empty where another program serves the name.
    Map<String, Long> drops(String interfaceName) throws IOException, InterruptedException {
        try {
            return ask(interfaceName, DROPS).drops();
        } catch (CliFailure e) {
            return Map.of();
        }
    }

    /// Why a peer does not connect, or a sender.
    ///
    /// @throws CliFailure with a sentence if no Culvert serves that name
    List<Diagnosis> why(String interfaceName, String query) throws CliFailure, IOException, InterruptedException {
        byte[] question = ("culvert_why=1\nquery=" + query + "\n\n").getBytes(StandardCharsets.UTF_8);
        return ask(interfaceName, question).diagnoses();
    }

    /// What happened after the event of that number, the oldest first; not always all of it.
    ///
    /// @throws CliFailure with a sentence if no Culvert serves that name
    UapiAnswer.Events events(String interfaceName, long number) throws CliFailure, IOException, InterruptedException {
        byte[] question = ("culvert_events=1\nafter=" + number + "\n\n").getBytes(StandardCharsets.US_ASCII);
        return ask(interfaceName, question).events();
    }

    private UapiAnswer ask(String interfaceName, byte[] question) throws CliFailure, IOException, InterruptedException {
        SocketChannel channel;
        try {
            channel = connect(interfaceName);
        } catch (IOException e) {
            if (Files.exists(socket(interfaceName)) && !Files.isReadable(socket(interfaceName))) {
                throw new CliFailure("the socket of " + interfaceName + " may not be opened; run this as root", e);
            }
            throw new CliFailure(
                    "no device " + interfaceName + " is served here; `culvert show interfaces` names those"
                            + " that are",
                    e);
        }
        try (channel;
                Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_READ);
            ByteBuffer request = ByteBuffer.wrap(question);
            while (request.hasRemaining()) {
                channel.write(request);
            }
            UapiAnswer answer = new UapiAnswer(interfaceName);
            read(channel, selector, answer);
            return answer;
        }
    }

    private SocketChannel connect(String interfaceName) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.configureBlocking(false); // a full backlog is an error then, and no endless wait
            if (!channel.connect(UnixDomainSocketAddress.of(socket(interfaceName)))) {
                throw new IOException("the socket of " + interfaceName + " does not accept");
            }
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static void read(SocketChannel channel, Selector selector, UapiAnswer answer)
            throws IOException, CliFailure, InterruptedException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        byte[] line = new byte[LINE_BYTES_MAX];
        int length = 0;
        while (true) {
            if (selector.select(SILENCE_MS) == 0) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                throw answer.broken("did not answer for " + SILENCE_MS / 1000 + " seconds");
            }
            selector.selectedKeys().clear();
            buffer.clear();
            if (channel.read(buffer) < 0) {
                throw answer.broken("closed the connection in the middle of its answer");
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                byte next = buffer.get();
                if (next != '\n') {
                    if (length == LINE_BYTES_MAX) {
                        throw answer.broken("sent a line of more than " + LINE_BYTES_MAX + " bytes");
                    }
                    line[length++] = next;
                } else if (length == 0) {
                    return;
                } else {
                    answer.line(new String(line, 0, length, StandardCharsets.UTF_8));
                    length = 0;
                }
            }
        }
    }
}
