package dev.culvert.tun;

/// Where datagrams go: a socket, or a test.
@FunctionalInterface
public interface DatagramSink {
    /// Sends messages `from` to `from + count - 1`, in order.
    ///
    /// @return how many were taken, at least one; or -errno of the first one, and none was taken
    int send(SendArray array, int from, int count);

    /// Whether messages of several datagrams may be tried.
    default boolean segments() {
        return false;
    }
}
