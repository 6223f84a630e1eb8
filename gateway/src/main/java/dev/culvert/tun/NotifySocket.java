package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;

/// The service manager's datagram socket (sd_notify(3), `NOTIFY_SOCKET`), or the journal's: a path, or `@` and an
/// abstract name. The
/// JDK
/// has no unix datagrams. Any thread.
public final class NotifySocket {
    private static final int PATH_MAX = 107;

    private final String name;

    /// @param name as in the environment
    public NotifySocket(String name) {
        this.name = name;
    }

    /// @param state lines of `NAME=value`
    /// @throws IOException says what went wrong; nobody need care
    public void send(String state) throws IOException {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        if (path.length == 0 || path.length > PATH_MAX || path[0] != '/' && path[0] != '@') {
            throw new IOException("NOTIFY_SOCKET is no path and no abstract name");
        }
        if (path[0] == '@') {
            path[0] = 0;
        }
        byte[] text = state.getBytes(StandardCharsets.UTF_8);
        Libc libc = Libc.ofAnyThread();
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(Short.BYTES + PATH_MAX + 1, 8).address();
            Memory.putNativeShort(address, Libc.AF_UNIX);
            Memory.copyIn(path, 0, address + Short.BYTES, path.length);
            long message = arena.allocate(text.length + 1).address();
            Memory.copyIn(text, 0, message, text.length);
            // A path ends with a zero, an abstract name with its length.
            int length = Short.BYTES + path.length + (path[0] == 0 ? 0 : 1);
            int fd = libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM, 0);
            int result = fd < 0 ? fd : libc.sendto(fd, message, text.length, 0, address, length);
            if (fd >= 0) {
                int unused = libc.close(fd);
                assert unused <= 0;
            }
            if (result < 0) {
                throw new IOException("nobody takes it at " + name + ": " + Errno.text(-result));
            }
        }
    }
}
