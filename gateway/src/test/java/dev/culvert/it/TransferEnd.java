package dev.culvert.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/// One end of a TCP transfer, a program of its own because it must run inside a namespace. [Transfer] starts
/// it.
///
/// `receive ADDRESS` prints `port N`, accepts one connection, reads it to its end and prints `BYTES SHA256`.
/// `send ADDRESS PORT BYTES SEED BYTES_PER_SECOND` sends random bytes at no more than the rate (0: as fast as
/// it goes) and prints `BYTES SHA256`.
final class TransferEnd {
    private static final int STALL_LIMIT_MS = 15_000;
    private static final int CHUNK_BYTES = 64 * 1024;
    /// A paced transfer never catches up, so that it makes no bursts that overflow a socket's buffer.
    private static final int PACED_CHUNK_BYTES = 8 * 1024;

    private TransferEnd() {}

    public static void main(String[] arguments) throws IOException, NoSuchAlgorithmException {
        InetAddress address = InetAddress.getByName(arguments[1]);
        if (arguments[0].equals("receive")) {
            receive(address);
        } else {
            InetSocketAddress target = new InetSocketAddress(address, Integer.parseInt(arguments[2]));
            send(target, Long.parseLong(arguments[3]), Long.parseLong(arguments[4]), Long.parseLong(arguments[5]));
        }
    }

    private static void receive(InetAddress address) throws IOException, NoSuchAlgorithmException {
        try (ServerSocket server = new ServerSocket(0, 1, address)) {
            server.setSoTimeout(STALL_LIMIT_MS);
            System.out.println("port " + server.getLocalPort());
            try (Socket socket = server.accept()) {
                socket.setSoTimeout(STALL_LIMIT_MS);
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                InputStream input = socket.getInputStream();
                byte[] chunk = new byte[CHUNK_BYTES];
                long bytes = 0;
                for (int read = input.read(chunk); read >= 0; read = input.read(chunk)) {
                    digest.update(chunk, 0, read);
                    bytes += read;
                }
                socket.getOutputStream().write(1);
                report(bytes, digest);
            }
        }
    }

    private static void send(InetSocketAddress target, long totalBytes, long seed, long bytesPerSecond)
            throws IOException, NoSuchAlgorithmException {
        try (Socket socket = new Socket()) {
            socket.connect(target, STALL_LIMIT_MS);
            socket.setSoTimeout(STALL_LIMIT_MS);
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            SplittableRandom random = new SplittableRandom(seed);
            OutputStream output = socket.getOutputStream();
            byte[] chunk = new byte[bytesPerSecond > 0 ? PACED_CHUNK_BYTES : CHUNK_BYTES];
            long sent = 0;
            while (sent < totalBytes) {
                long startNs = System.nanoTime();
                random.nextBytes(chunk);
                int length = (int) Math.min(chunk.length, totalBytes - sent);
                digest.update(chunk, 0, length);
                output.write(chunk, 0, length);
                sent += length;
                if (bytesPerSecond > 0) {
                    pauseUntil(startNs + length * 1_000_000_000L / bytesPerSecond);
                }
            }
            socket.shutdownOutput();
            if (socket.getInputStream().read() != 1) {
                throw new IOException("the receiver did not confirm the end");
            }
            report(sent, digest);
        }
    }

    private static void pauseUntil(long dueNs) {
        for (long leftNs = dueNs - System.nanoTime(); leftNs > 0; leftNs = dueNs - System.nanoTime()) {
            LockSupport.parkNanos(leftNs);
        }
    }

    private static void report(long bytes, MessageDigest digest) {
        System.out.println(bytes + " " + HexFormat.of().formatHex(digest.digest()));
    }
}
