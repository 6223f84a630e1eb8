package dev.culvert.cli;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// One end of the demo's transfer: bytes that cannot be compressed over one TCP connection, and their SHA-256
/// back. Runs inside the demo's namespaces, so that neither iperf3 nor nc is needed.
@Command(name = "demo-transfer", hidden = true, description = "One end of the transfer of `culvert demo`.")
final class DemoTransferCommand implements Callable<Integer> {
    private static final int CHUNK_BYTES = 1 << 16;
    private static final int TIMEOUT_MS = 60_000;
    private static final int CONNECT_TIMEOUT_MS = 10_000;
    private static final long SEED = 0x0c01_7e57;
    private static final double NS_PER_S = 1e9;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--listen", description = "Receives one transfer instead of sending one.")
    private boolean listens;

    @Option(names = "--megabytes", defaultValue = "50", description = "How much is sent.")
    private int megabytes;

    @Parameters(index = "0", paramLabel = "ADDRESS", description = "To listen on, or to send to.")
    private String address = "";

    @Parameters(index = "1", paramLabel = "PORT")
    private int port;

    @Override
    public Integer call() throws CliFailure, IOException, NoSuchAlgorithmException {
        if (spec == null) {
            throw new IllegalStateException("picocli sets the spec");
        }
        PrintWriter out = spec.commandLine().getOut();
        InetSocketAddress peer = new InetSocketAddress(address, port);
        if (listens) {
            try (ServerSocket server = new ServerSocket()) {
                server.setReuseAddress(true);
                server.setSoTimeout(TIMEOUT_MS);
                server.bind(peer, 1);
                out.println("listening");
                out.flush();
                receive(server);
            }
            return Cli.DONE;
        }
        double megabitsPerSecond = send(peer, megabytes * 1_000_000L);
        out.printf("%.0f%n", megabitsPerSecond);
        out.flush();
        return Cli.DONE;
    }

    private static void receive(ServerSocket server) throws IOException, NoSuchAlgorithmException {
        try (Socket socket = server.accept();
                DataInputStream in = new DataInputStream(socket.getInputStream());
                DataOutputStream out = new DataOutputStream(socket.getOutputStream())) {
            socket.setSoTimeout(TIMEOUT_MS);
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[CHUNK_BYTES];
            for (long left = in.readLong(); left > 0; ) {
                int read = in.read(chunk, 0, (int) Math.min(left, chunk.length));
                if (read < 0) {
                    throw new IOException("the transfer ended " + left + " bytes too early");
                }
                digest.update(chunk, 0, read);
                left -= read;
            }
            out.write(digest.digest());
        }
    }

    private static double send(InetSocketAddress peer, long lengthBytes)
            throws CliFailure, IOException, NoSuchAlgorithmException {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(TIMEOUT_MS);
            socket.connect(peer, CONNECT_TIMEOUT_MS);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            SplittableRandom random = new SplittableRandom(SEED);
            byte[] chunk = new byte[CHUNK_BYTES];
            long startNs = System.nanoTime();
            out.writeLong(lengthBytes);
            for (long left = lengthBytes; left > 0; ) {
                random.nextBytes(chunk);
                int part = (int) Math.min(left, chunk.length);
                digest.update(chunk, 0, part);
                out.write(chunk, 0, part);
                left -= part;
            }
            out.flush();
            byte[] answer = socket.getInputStream().readNBytes(digest.getDigestLength());
            double seconds = (System.nanoTime() - startNs) / NS_PER_S;
            if (!MessageDigest.isEqual(answer, digest.digest())) {
                throw new CliFailure("what arrived is not what was sent: the checksums differ");
            }
            return lengthBytes * 8 / seconds / 1e6;
        }
    }
}
