package dev.culvert.tun;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// What a caller of `WG_TUN_FD` and `WG_UAPI_FD` does: makes the interface and the listening socket, and replaces
/// itself by `COMMAND IFNAME` with both open. A program of its own, because execve(2) takes the whole process.
///
/// Arguments: the interface, the socket's path, the command and its arguments.
public final class DescriptorHandOver {
    private static final int CLOSE_ON_EXEC_OFF = 0;

    private DescriptorHandOver() {}

    public static void main(String[] arguments) throws Throwable {
        Set<Integer> before = descriptors();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                LinuxTun tun = LinuxTun.open(arguments[0], 1, false, false)) {
            server.bind(UnixDomainSocketAddress.of(arguments[1]));
            int tunFd = tun.queues().getFirst().fd();
            Set<Integer> opened = descriptors();
            opened.removeAll(before);
            int socketFd = -1;
            for (int fd : opened) {
                if (Libc.ofAnyThread().getsockopt(fd, 1, 30) == 1) { // SOL_SOCKET, SO_ACCEPTCONN
                    socketFd = fd;
                }
            }
            Libc libc = Libc.ofAnyThread();
            libc.fcntl(tunFd, Libc.F_SETFD, CLOSE_ON_EXEC_OFF);
            libc.fcntl(socketFd, Libc.F_SETFD, CLOSE_ON_EXEC_OFF);
            List<String> command = List.of(arguments).subList(2, arguments.length);
            exec(command, "WG_TUN_FD=" + tunFd, "WG_UAPI_FD=" + socketFd);
        }
    }

    private static Set<Integer> descriptors() throws IOException {
        Set<Integer> all = new TreeSet<>();
        try (var entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            entries.forEach(entry -> all.add(Integer.parseInt(String.valueOf(entry.getFileName()))));
        }
        return all;
    }

    /// Returns only by an exception.
    @SuppressWarnings("restricted") // a test's own native call
    private static void exec(List<String> command, String... more) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            List<String> environment = new ArrayList<>(List.of(more));
            System.getenv().forEach((name, value) -> environment.add(name + "=" + value));
            int result = (int) Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("execve"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS))
                    .invokeExact(
                            arena.allocateFrom(command.getFirst()),
                            strings(arena, command),
                            strings(arena, environment));
            throw new IOException("execve returned " + result);
        }
    }

    private static MemorySegment strings(Arena arena, List<String> texts) {
        MemorySegment array = arena.allocate(ValueLayout.ADDRESS, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            array.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(texts.get(i)));
        }
        return array;
    }
}
