package dev.culvert.uapi;

import dev.culvert.device.DeviceControl;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The management socket `/var/run/wireguard/IFNAME.sock` that wg(8) talks to. A virtual thread a connection: a
/// slow or idle one holds up nobody, and never a lane.
public final class UapiServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UapiServer.class);
    private static final Path DIRECTORY = Path.of("/var/run/wireguard");

    private static final String SUFFIX = ".sock";
    private static final int CONNECTIONS_MAX = 128;
    private static final long IDLE_MAX_MS = 60_000;
    private static final long POLL_MS = 500;

    private final Path path;
    private final DeviceControl device;
    private final Supplier<Map<String, Long>> drops;
    private final Runnable onSocketDeleted;
    private final ServerSocketChannel server;
    private final Object inode;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /// A connection, and when it last made progress.
    private static final class Connection implements ByteChannel {
        private final SocketChannel channel;
        volatile long progressMs = System.nanoTime() / 1_000_000;

        Connection(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            int bytes = channel.read(target);
            progressMs = System.nanoTime() / 1_000_000;
            return bytes;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int bytes = channel.write(source);
            progressMs = System.nanoTime() / 1_000_000;
            return bytes;
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private UapiServer(
            ServerSocketChannel server,
            Path path,
            DeviceControl device,
            Supplier<Map<String, Long>> drops,
            Runnable onSocketDeleted)
            throws IOException {
        this.server = server;
        this.path = path;
        this.device = device;
        this.drops = drops;
        this.onSocketDeleted = onSocketDeleted;
        inode = Files.getAttribute(path, "unix:ino");
    }

    /// Serves `device` under the interface's name.
    ///
    /// @param drops reason to count, for `culvert_drops=1`
    /// @param onSocketDeleted called once if somebody removes the socket file: the way to end a userspace
    /// WireGuard
    /// @throws IOException if another program serves this name
    public static UapiServer start(
            String interfaceName, DeviceControl device, Supplier<Map<String, Long>> drops, Runnable onSocketDeleted)
            throws IOException {
        return start(DIRECTORY, interfaceName, device, drops, onSocketDeleted);
    }

    /// As the other, with the socket in a directory of the caller's.
    public static UapiServer start(
            Path directory,
            String interfaceName,
            DeviceControl device,
            Supplier<Map<String, Long>> drops,
            Runnable onSocketDeleted)
            throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Path path = directory.resolve(interfaceName + SUFFIX);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            bind(server, path);
            return new UapiServer(server, path, device, drops, onSocketDeleted).serving(interfaceName);
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /// Serves `device` on the listening unix socket that stands in the place of standard input, as if it were
    /// our own: its file is watched, and removed at the end.
    ///
    /// @throws IOException says what is wrong with it
    public static UapiServer adopt(
            String interfaceName, DeviceControl device, Supplier<Map<String, Long>> drops, Runnable onSocketDeleted)
            throws IOException {
        if (!(System.inheritedChannel() instanceof ServerSocketChannel server
                && server.getLocalAddress() instanceof UnixDomainSocketAddress address)) {
            throw new IOException("this Java runtime takes WG_UAPI_FD for no listening unix socket");
        }
        Path path = address.getPath();
        if (!Files.exists(path) || path.toString().isEmpty()) {
            server.close();
            throw new IOException("WG_UAPI_FD is a socket without a file, and nobody would find it: bind it to "
                    + DIRECTORY.resolve(interfaceName + SUFFIX));
        }
        return new UapiServer(server, path, device, drops, onSocketDeleted).serving(interfaceName);
    }

    private UapiServer serving(String interfaceName) {
        Thread.ofVirtual().name(interfaceName + "-uapi").start(this::accept);
        Thread.ofVirtual().name(interfaceName + "-uapi-watch").start(this::watch);
        return this;
    }

    private static void bind(ServerSocketChannel server, Path path) throws IOException {
        if (Files.exists(path)) {
            if (answers(path)) {
                throw new IOException(path + " is in use: another WireGuard serves this interface name");
            }
            Files.deleteIfExists(path); // left by one that was killed
        }
        // Made where nobody else can reach it, and moved when its mode is right: there is no moment at which another
        // user could connect.
        Path hidden = Files.createTempDirectory(
                path.resolveSibling("."),
                ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path made = hidden.resolve("s");
        try {
            server.bind(UnixDomainSocketAddress.of(made));
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
            Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(made);
            Files.deleteIfExists(hidden);
        }
    }

    private static boolean answers(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return probe.isConnected();
        } catch (ConnectException e) {
            return false; // refused: nobody listens
        }
    }

    public Path path() {
        return path;
    }

    private void accept() {
        boolean refused = false;
        while (!closed) {
            try {
                Connection connection = new Connection(server.accept());
                refused = false;
                if (connections.size() >= CONNECTIONS_MAX) {
                    closeLongestIdle();
                }
                connections.add(connection);
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                if (!refused) { // once, and not each second for as long as it lasts
                    LOG.warn("{}: connections cannot be accepted and wait: {}", path, e.getMessage());
                }
                refused = true;
                pause();
            }
        }
    }

    private void serve(Connection connection) {
        try (connection;
                UapiSession session = new UapiSession(connection, device, drops)) {
            session.serve();
        } catch (IOException e) {
            LOG.debug("{}: a connection ended: {}", path, e.toString());
        } finally {
            connections.remove(connection);
        }
    }

    private void closeLongestIdle() {
        Connection longest = null;
        for (Connection connection : connections) {
            if (longest == null || connection.progressMs - longest.progressMs < 0) {
                longest = connection;
            }
        }
        if (longest != null) {
            close(longest);
        }
    }

    private void close(Connection connection) {
        connections.remove(connection);
        try {
            connection.close();
        } catch (IOException e) {
            LOG.debug("{}: {}", path, e.toString());
        }
    }

    /// Ends connections that stand still, and notices when the socket file goes.
    private void watch() {
        while (!closed) {
            pause();
            long nowMs = System.nanoTime() / 1_000_000;
            for (Connection connection : connections) {
                if (nowMs - connection.progressMs > IDLE_MAX_MS) {
                    close(connection);
                }
            }
            if (!closed && !inode.equals(inode())) {
                LOG.info("{} was removed: ending", path);
                onSocketDeleted.run();
                return;
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Object inode() {
        try {
            return Files.getAttribute(path, "unix:ino");
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            return inode; // not to be read now; not a reason to end
        }
    }

    /// Ends all connections; removes the socket file if it is still ours.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean ours = inode.equals(inode());
        try {
            if (ours) {
                Files.deleteIfExists(path); // while we listen: afterwards a successor may have taken the name
            }
            server.close();
            for (Connection connection : connections) {
                close(connection);
            }
        } catch (IOException e) {
            LOG.warn("{}: {}", path, e.getMessage());
        }
    }
}
