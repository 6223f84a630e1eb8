package dev.culvert.tun;

/// The error numbers that Culvert knows by name (Linux, asm-generic). Calls of this package answer them negative.
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int EBUSY = 16;
    public static final int ENODEV = 19;
    public static final int EINVAL = 22;
    public static final int ENOSPC = 28;
    public static final int EPROTO = 71;
    public static final int EBADFD = 77;
    public static final int EMSGSIZE = 90;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ENOBUFS = 105;

    public static final int ECANCELED = 125;

    private Errno() {}

    /// The system's text, as `Address already in use`.
    ///
    /// @param errno positive
    public static String text(int errno) {
        return Libc.ofAnyThread().strerror(errno);
    }
}
