package dev.culvert.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/// One end of many TCP connections, a program of its own because it must run inside a namespace. [TcpOrder] starts
/// it.
///
/// `receive PORT` prints `ready` and takes what comes; when every connection has ended it prints `BYTES CONNECTIONS`.
///
/// `send PORT FLOWS ROUNDS PAUSE_MS ADDRESS…` makes the connections, sends a burst over each, waits, and does so again;
/// then ends them and prints how many bytes it sent.
final class TcpFlowEnd {
    /// Some super-packets: more than the first window after a pause.
    private static final int BURST_BYTES = 20_000;

    private TcpFlowEnd() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int port = Integer.parseInt(arguments[1]);
        if (arguments[0].equals("receive")) {
            receive(port);
        } else {
            List<InetSocketAddress> targets = new ArrayList<>();
            for (int i = 5; i < arguments.length; i++) {
                targets.add(new InetSocketAddress(InetAddress.getByName(arguments[i]), port));
            }
            send(
                    Integer.parseInt(arguments[2]),
                    Integer.parseInt(arguments[3]),
                    Integer.parseInt(arguments[4]),
                    targets);
        }
    }

    private static void receive(int port) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        long bytes = 0;
        int open = 0;
        int connections = 0;
        try (Selector selector = Selector.open();
                ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(port), 1024).configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            System.out.println("ready");
            while (open > 0 || connections == 0) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.isAcceptable()) {
                        SocketChannel accepted = server.accept();
                        accepted.configureBlocking(false).register(selector, SelectionKey.OP_READ);
                        open++;
                        connections++;
                        continue;
                    }
                    int read = ((SocketChannel) key.channel()).read(buffer.clear());
                    if (read < 0) {
                        key.channel().close();
                        open--;
                    } else {
                        bytes += read;
                    }
                }
                selector.selectedKeys().clear();
            }
        }
        System.out.println(bytes + " " + connections);
    }

    private static void send(int flows, int rounds, int pauseMs, List<InetSocketAddress> targets)
            throws IOException, InterruptedException {
        List<SocketChannel> connections = new ArrayList<>();
        for (int flow = 0; flow < flows; flow++) {
            connections.add(SocketChannel.open(targets.get(flow % targets.size())));
        }
        ByteBuffer burst = ByteBuffer.allocateDirect(BURST_BYTES);
        long bytes = 0;
        for (int round = 0; round < rounds; round++) {
            Thread.sleep(pauseMs);
            for (int flow = 0; flow < flows; flow++) {
                burst.clear();
                while (burst.hasRemaining()) {
                    bytes += connections.get(flow).write(burst);
                }
                Thread.sleep(1); // so that nobody on the way need drop
            }
        }
        for (SocketChannel connection : connections) {
            connection.close();
        }
        System.out.println(bytes);
    }
}
