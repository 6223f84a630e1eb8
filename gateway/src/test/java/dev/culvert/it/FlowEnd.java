package dev.culvert.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;

/// One end of many UDP flows with numbered packets, a program of its own because it must run inside a namespace.
/// [FlowOrder] starts it.
///
/// `receive PORT FLOWS` prints `ready`, counts until it is told the end, and prints `PACKETS REORDERED`, of which the
/// second are packets with a number below one that came before in their flow. It answers each fourth, so that flows
/// have another direction.
///
/// `send PORT FLOWS ROUNDS PAUSE_MS ADDRESS…` sends each flow's bursts, waits, and does so again; then tells the
/// receivers the end and prints how many it sent.
final class FlowEnd {
    private static final int HEADER_BYTES = 8;
    private static final int PAYLOAD_BYTES = 64;
    private static final int END = -1;
    private static final int ENDS_TOLD = 20;
    private static final int SOCKETS = 50;
    private static final int BURSTS_A_ROUND = 3;
    private static final int BURST_PACKETS = 3;
    /// Then a millisecond's pause: some 30,000 packets a second, which nobody on the way need drop.
    private static final int FLOWS_AT_ONCE = 10;

    private FlowEnd() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int port = Integer.parseInt(arguments[1]);
        int flows = Integer.parseInt(arguments[2]);
        if (arguments[0].equals("receive")) {
            receive(port, flows);
        } else {
            List<InetSocketAddress> targets = new ArrayList<>();
            for (int i = 5; i < arguments.length; i++) {
                targets.add(new InetSocketAddress(InetAddress.getByName(arguments[i]), port));
            }
            send(flows, Integer.parseInt(arguments[3]), Integer.parseInt(arguments[4]), targets);
        }
    }

    private static void receive(int port, int flows) throws IOException {
        int[] next = new int[flows];
        long packets = 0;
        long reordered = 0;
        ByteBuffer buffer = ByteBuffer.allocateDirect(2048);
        try (DatagramChannel socket = DatagramChannel.open()) {
            socket.setOption(StandardSocketOptions.SO_RCVBUF, 1 << 22);
            socket.bind(new InetSocketAddress(port));
            System.out.println("ready");
            while (true) {
                buffer.clear();
                InetSocketAddress source = (InetSocketAddress) socket.receive(buffer);
                buffer.flip();
                int flow = buffer.getInt();
                if (flow == END) {
                    break;
                }
                int number = buffer.getInt();
                packets++;
                if (number < next[flow]) {
                    reordered++;
                }
                next[flow] = Math.max(next[flow], number + 1);
                if (number % 4 == 0) {
                    buffer.rewind();
                    socket.send(buffer, source);
                }
            }
        }
        System.out.println(packets + " " + reordered);
    }

    private static void send(int flows, int rounds, int pauseMs, List<InetSocketAddress> targets)
            throws IOException, InterruptedException {
        List<DatagramChannel> sockets = new ArrayList<>();
        for (int i = 0; i < SOCKETS; i++) {
            sockets.add(DatagramChannel.open());
        }
        ByteBuffer buffer = ByteBuffer.allocateDirect(PAYLOAD_BYTES);
        long sent = 0;
        for (int burst = 0; burst < rounds * BURSTS_A_ROUND; burst++) {
            if (burst > 0 && burst % BURSTS_A_ROUND == 0) {
                Thread.sleep(pauseMs);
            }
            for (int flow = 0; flow < flows; flow++) {
                DatagramChannel socket = sockets.get(flow % SOCKETS);
                InetSocketAddress target = targets.get(flow / SOCKETS % targets.size());
                for (int i = 0; i < BURST_PACKETS; i++) {
                    buffer.clear();
                    buffer.putInt(flow).putInt(burst * BURST_PACKETS + i).rewind();
                    sent += socket.send(buffer, target) > 0 ? 1 : 0;
                }
                if (flow % FLOWS_AT_ONCE == 0) {
                    Thread.sleep(1);
                }
            }
        }
        Thread.sleep(500);
        for (int i = 0; i < ENDS_TOLD; i++) {
            for (InetSocketAddress target : targets) {
                buffer.clear().limit(HEADER_BYTES);
                buffer.putInt(END).putInt(0).rewind();
                sockets.getFirst().send(buffer, target);
            }
            Thread.sleep(20);
        }
        for (DatagramChannel socket : sockets) {
            socket.close();
        }
        System.out.println(sent);
    }
}
