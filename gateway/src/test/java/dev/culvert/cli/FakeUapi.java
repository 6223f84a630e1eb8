package dev.culvert.cli;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Answers every request on a UAPI socket with one text, whatever was asked.
final class FakeUapi implements AutoCloseable {
    private final Path socket;
    private final ServerSocketChannel server;

    FakeUapi(Path directory, String interfaceName, String answer) throws IOException {
        Files.createDirectories(directory);
        socket = directory.resolve(interfaceName + ".sock");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofPlatform().daemon().start(() -> serve(answer));
    }

    private void serve(String answer) {
        ByteBuffer request = ByteBuffer.allocate(4096);
        while (server.isOpen()) {
            try (SocketChannel client = server.accept()) {
                request.clear();
                if (client.read(request) > 0) {
                    client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
                }
            } catch (IOException _) {
                // A client that has gone; or the end.
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
    }
}
