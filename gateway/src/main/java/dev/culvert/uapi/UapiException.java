package dev.culvert.uapi;

/// A request that is refused: its errno, positive, as in errno.h. Carries no text of the request, which may be
/// secret.
final class UapiException extends Exception {
    static final int EIO = 5;
    static final int EINVAL = 22;
    static final int EPROTO = 71;
    static final int ENOBUFS = 105;
    private static final long serialVersionUID = 1;

    final int errno;

    UapiException(int errno) {
        super("errno " + errno, null, false, false);
        this.errno = errno;
    }
}
