package dev.culvert.tun;

import java.io.IOException;

/// A listening socket that the program was given as an open descriptor (`WG_UAPI_FD`).
public final class ListeningSocket {
    private static final int STANDARD_INPUT = 0;
    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_DOMAIN = 39;

    private ListeningSocket() {}

    /// Puts it in the place of standard input, the only one from which Java makes a channel of a descriptor
    /// ([System#inheritedChannel]); `fd` itself is closed.
    ///
    /// @throws IOException says what it is, if it is no listening unix stream socket
    public static void toStandardInput(int fd) throws IOException {
        Libc libc = Libc.ofAnyThread();
        int domain = libc.getsockopt(fd, SOL_SOCKET, SO_DOMAIN);
        if (domain < 0) {
            throw new IOException("WG_UAPI_FD is " + fd + ", which is "
                    + (domain == -Errno.EBADF ? "no open descriptor" : "no socket (" + Errno.text(-domain) + ")")
                    + ": hand one over, or unset it");
        }
        if (domain != Libc.AF_UNIX
                || libc.getsockopt(fd, SOL_SOCKET, SO_TYPE) != Libc.SOCK_STREAM
                || libc.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1) {
            throw new IOException("WG_UAPI_FD is " + fd
                    + ", a socket of another kind: it must be a unix stream socket, bound and listening");
        }
        int result = libc.dup2(fd, STANDARD_INPUT);
        if (result < 0) {
            throw new IOException("WG_UAPI_FD cannot be taken over: " + Errno.text(-result));
        }
        libc.close(fd);
    }
}
