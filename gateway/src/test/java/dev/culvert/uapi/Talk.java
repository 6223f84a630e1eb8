package dev.culvert.uapi;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// One connection to a management socket, by hand.
final class Talk implements AutoCloseable {
    private final SocketChannel channel;

    Talk(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    /// Writes the parts one after the other, ends, and reads everything.
    static String ask(Path socket, List<String> parts) throws IOException {
        try (Talk talk = new Talk(socket)) {
            for (String part : parts) {
                talk.write(part);
            }
            talk.channel.shutdownOutput();
            return talk.rest();
        }
    }

    void write(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /// All that comes until the other side ends.
    String rest() throws IOException {
        return read("");
    }

    /// What comes until it ends with `end`, or the other side ends.
    String read(String end) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(8192);
        while (channel.read(buffer) >= 0) {
            answer.write(buffer.array(), 0, buffer.position());
            buffer.clear();
            if (!end.isEmpty() && answer.toString(StandardCharsets.ISO_8859_1).endsWith(end)) {
                break;
            }
        }
        return answer.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
