package dev.culvert.uapi;

import dev.culvert.device.DeviceControl;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The management socket `/var/run/wireguard/IFNAME.sock` that wg(8) talks to. A virtual thread a connection: a
/// slow or idle one holds up nobody, and never a lane. [UapiLimits] says how many there may be, how long each may
/// take, and what they may hold together; the one that has waited longest goes first.
public final class UapiServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UapiServer.class);
    static final Path DIRECTORY = Path.of("/var/run/wireguard");
    private static final String SUFFIX = ".sock";
    private static final long POLL_MS = 500;
    /// Whoever has not taken its answer for so long makes room when others wait for a turn.
    private static final long STALLED_MS = 1_000;

    private final Path path;
    private final DeviceControl device;
    private final Supplier<Map<String, Long>> drops;
    private final Runnable onSocketDeleted;
    private final ServerSocketChannel server;
    private final Object inode;
    private final UapiLimits limits;
    private final Set<UapiConnection> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private UapiServer(
            ServerSocketChannel server,
            Path path,
            DeviceControl device,
            Supplier<Map<String, Long>> drops,
            Runnable onSocketDeleted,
            UapiLimits limits)
            throws IOException {
        this.server = server;
        this.path = path;
        this.device = device;
        this.drops = drops;
        this.onSocketDeleted = onSocketDeleted;
        this.limits = limits;
        Object bound = inode();
        if (bound == null) {
            throw new IOException(path + " was removed while it was made");
        }
        inode = bound;
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
        return start(DIRECTORY, interfaceName, device, drops, onSocketDeleted, UapiLimits.ofHeap());
    }

    /// As the other, with the socket in a directory of the caller's.
    public static UapiServer start(
            Path directory,
            String interfaceName,
            DeviceControl device,
            Supplier<Map<String, Long>> drops,
            Runnable onSocketDeleted)
            throws IOException {
        return start(directory, interfaceName, device, drops, onSocketDeleted, UapiLimits.ofHeap());
    }

    static UapiServer start(
            Path directory,
            String interfaceName,
            DeviceControl device,
            Supplier<Map<String, Long>> drops,
            Runnable onSocketDeleted,
            UapiLimits limits)
            throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Path path = directory.resolve(interfaceName + SUFFIX);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            bind(server, path);
            return new UapiServer(server, path, device, drops, onSocketDeleted, limits).serving(interfaceName);
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
        return new UapiServer(server, path, device, drops, onSocketDeleted, UapiLimits.ofHeap()).serving(interfaceName);
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
                UapiConnection connection = new UapiConnection(server.accept());
                refused = false;
                if (connections.size() >= limits.connectionsMax) {
                    closeOldest();
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

    private void serve(UapiConnection connection) {
        try (connection;
                UapiSession session = new UapiSession(connection, device, drops, limits, this::closeStalled)) {
            session.serve();
        } catch (IOException e) {
            LOG.debug("{}: a connection ended: {}", path, e.toString());
        } finally {
            connections.remove(connection);
        }
    }

    /// The longest idle one; if all are busy, the one that has been for longest.
    private void closeOldest() {
        connections.stream()
                .min(Comparator.comparing(UapiConnection::isExchanging)
                        .thenComparing(
                                Comparator.comparingLong(UapiConnection::ageMs).reversed()))
                .ifPresent(this::close);
    }

    private void closeStalled() {
        connections.stream()
                .max(Comparator.comparingLong(UapiConnection::stalledMs))
                .filter(connection -> connection.stalledMs() > STALLED_MS)
                .ifPresent(this::close);
    }

    private void close(UapiConnection connection) {
        connections.remove(connection);
        try {
            connection.close();
        } catch (IOException e) {
            LOG.debug("{}: {}", path, e.toString());
        }
    }

    /// Ends connections that take too long, and notices when the socket file goes.
    private void watch() {
        while (!closed) {
            pause();
            for (UapiConnection connection : connections) {
                long maxMs = connection.isExchanging() ? limits.exchangeMaxMs : limits.idleMaxMs;
                if (connection.ageMs() > maxMs) {
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
            for (UapiConnection connection : connections) {
                close(connection);
            }
        } catch (IOException e) {
            LOG.warn("{}: {}", path, e.getMessage());
        }
    }
}
