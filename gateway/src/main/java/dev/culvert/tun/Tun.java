package dev.culvert.tun;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A TUN device: the network interface through which the host sends and receives inner packets.
public interface Tun extends AutoCloseable {
    String name();

    /// The interface's index in the kernel.
    int index();

    /// Bytes, as it is now.
    int mtu();

    /// IFF_UP, as it is now.
    boolean up();

    List<? extends TunQueue> queues();

    /// Whether a packet written may stand for many of a TCP flow.
    boolean tcpSegments();

    /// The same of UDP.
    boolean udpSegments();

    /// How packets of the host find their queue; null if the kernel chooses it.
    default @Nullable QueueSteering steering() {
        return null;
    }

    /// The interface disappears.
    @Override
    void close();
}
