package dev.culvert.bench.generator;

import dev.culvert.crypto.Memory;
import dev.culvert.tun.Errno;
import dev.culvert.tun.ReceiveArray;
import dev.culvert.tun.SegmentOption;
import dev.culvert.tun.SendArray;
import dev.culvert.tun.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;

/// One UDP socket of the generator with its buffers, IPv4, sending from any local address. Of one thread.
final class DatagramPort implements AutoCloseable {
    static final int RECEIVE_SLOTS = 256;
    static final int SEND_SLOTS = 64;
    static final int BUFFER_BYTES = 2048;

    /// How often a full socket buffer is tried again before the rest of the batch is given up.
    private static final int RETRIES_MAX = 1000;

    private final Arena arena = Arena.ofShared();
    private final UdpSocket socket;
    private final ReceiveArray received = new ReceiveArray(false, RECEIVE_SLOTS);
    private final SendArray sending = new SendArray(false, SEND_SLOTS);
    private final long buffers;
    private final int port;
    private int queued;
    private long sentDatagrams;
    private long unsentDatagrams;

    /// @param port 0 lets the kernel choose
    DatagramPort(int port) throws IOException {
        socket = UdpSocket.open(false);
        int result = socket.bind(port);
        if (result < 0) {
            throw new IOException("cannot bind UDP port " + port + ": " + Errno.text(-result));
        }
        this.port = socket.localPort();
        buffers = arena.allocate((long) (RECEIVE_SLOTS + SEND_SLOTS) * BUFFER_BYTES, 64)
                .address();
        for (int i = 0; i < RECEIVE_SLOTS; i++) {
            received.buffer(i, buffers + (long) i * BUFFER_BYTES, BUFFER_BYTES);
        }
    }

    /// An IPv4 address as the sockets want it.
    static long left(int address) {
        return (long) address << 32;
    }

    int port() {
        return port;
    }

    /// From now on what is longer is sent as datagrams of that many bytes, by one call (UDP_SEGMENT).
    void segment(int bytes) throws IOException {
        int result = SegmentOption.set(socket, bytes);
        if (result < 0) {
            throw new IOException("cannot send in segments: " + Errno.text(-result));
        }
    }

    /// Takes what has arrived, up to [#RECEIVE_SLOTS] datagrams: how many.
    int receive() {
        return Math.max(0, socket.receive(received));
    }

    ReceiveArray arrived() {
        return received;
    }

    /// Memory for the next datagram, [#BUFFER_BYTES], until [#flush].
    long nextBuffer() {
        if (queued == SEND_SLOTS) {
            flush();
        }
        return buffers + (long) (RECEIVE_SLOTS + queued) * BUFFER_BYTES;
    }

    /// Queues what was built in [#nextBuffer].
    void queue(int lengthBytes, int target, int targetPort, int source) {
        queue(nextBuffer(), lengthBytes, target, targetPort, source);
    }

    /// Queues bytes that stay where they are until [#flush].
    ///
    /// @param source a local address; 0 lets the kernel choose
    void queue(long address, int lengthBytes, int target, int targetPort, int source) {
        if (queued == SEND_SLOTS) {
            flush();
        }
        sending.set(queued++, address, lengthBytes, left(target), 0, targetPort, 0, left(source), 0, 0, 0);
    }

    void queue(byte[] message, int target, int targetPort, int source) {
        long buffer = nextBuffer();
        Memory.copyIn(message, 0, buffer, message.length);
        queue(buffer, message.length, target, targetPort, source);
    }

    /// Sends what is queued; what the kernel refuses is counted.
    void flush() {
        int next = 0;
        int retries = 0;
        while (next < queued) {
            int result = socket.send(sending, next, queued - next);
            if (result > 0) {
                next += result;
                sentDatagrams += result;
            } else if (retries++ == RETRIES_MAX || result != -Errno.EAGAIN) {
                unsentDatagrams++;
                next++;
            } else {
                Thread.onSpinWait();
            }
        }
        queued = 0;
    }

    long sentDatagrams() {
        return sentDatagrams;
    }

    long unsentDatagrams() {
        return unsentDatagrams;
    }

    @Override
    public void close() {
        socket.close();
        received.close();
        sending.close();
        arena.close();
    }
}
