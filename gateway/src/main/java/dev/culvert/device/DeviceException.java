package dev.culvert.device;

/// A change that could not be made, with the errno that the UAPI answers and a sentence that says what to do.
@AnyThread
public final class DeviceException extends Exception {
    private static final long serialVersionUID = 1;

    private final int errno;

    /// @param errno positive, as in errno.h
    public DeviceException(int errno, String message) {
        super(message);
        this.errno = errno;
    }

    /// Positive, as in errno.h.
    public int errno() {
        return errno;
    }
}
